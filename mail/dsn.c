/* SPDX-License-Identifier: ISC */
/*
 * Delivery status notifications.  Three parts are written one by one, each
 * made fit for 7-bit transport, and only then put together, since a boundary
 * must be found that stands in none of them.
 *
 * Much of what is told here was said by strangers: a server's words, the
 * header of a message.  Fields are written by mail/header.c, which lets no
 * value break out; free text by mail/prose.c, which does the same.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/chars.h"
#include "mail/date.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/prose.h"
#include "mail/qp.h"
#include "mail/status.h"
#include "mail/words.h"

#define HEADERS_KEPT (32 * 1024) /* of the original's header */
#define PART_MAX(b)  (4 * (b)->max + 1024 * 1024)
#define FIELD_MAX    900 /* so that a line stays below 998 */

#define YOURS "The message that you sent on"

/* What differs by kind. */
static const struct {
	const char *subject, *which, *happened, *action, *status, *mark;
} kinds[] = {
	[DSN_FAILED] = { "Your mail was not delivered", YOURS,
	    "could not be delivered. It will not be tried again.", "failed",
	    "5.0.0", "failed" },
	[DSN_DELAYED] = { "Your mail is delayed", YOURS,
	    "could not be delivered yet. It is kept, and will be tried "
	    "again; there is nothing that you must do.",
	    "delayed", "4.0.0", "delayed" },
	[DSN_EXPIRED] = { "Your mail was not delivered in time", YOURS,
	    "was tried for so long that it was given up. It will not be tried "
	    "again.",
	    "failed", "4.4.7", "expired" },
	[DSN_RELAYED] = { "Your mail was handed on", YOURS,
	    "was taken by the next mail server. That server sends no reports: "
	    "nothing more will be told of it, unless it fails there.",
	    "relayed", "2.0.0", "relayed" },
	[DSN_LAST] = { "Mail without a sender was not delivered",
	    "A message that came on",
	    "could not be delivered, and will not be tried again. It has no "
	    "sender who may be told, since its sender is empty or it is a "
	    "notice itself; so you are told, once.",
	    "failed", "5.0.0", DSN_MARK_LAST },
};

/* ---- texts ---- */

/* RFC 3461 4 xtext: "+" and two hex digits stand for an octet. */
static char *
decode_xtext(const char *text)
{
	char *out = xstrdup(text), *to = out, hex[3] = "", *end;
	unsigned long octet;

	for (; *text != '\0'; text++) {
		*to = *text;
		if (*text == '+' && char_is_alnum(text[1]) &&
		    char_is_alnum(text[2])) {
			memcpy(hex, text + 1, 2);
			octet = strtoul(hex, &end, 16);
			if (*end == '\0') {
				*to = (char)octet;
				text += 2;
			}
		}
		to++;
	}
	*to = '\0';
	return out;
}

/* A field of the report; text beyond ASCII becomes encoded words. */
static void
add_field(
    struct header *h, const char *name, const char *type, const char *text)
{
	char *cleaned = prose_clean(text);
	struct buf b;

	buf_init(&b, 16 * strlen(cleaned) + 200);
	buf_puts(&b, type);
	if (utf8_is_ascii(cleaned, strlen(cleaned)))
		buf_printf(&b, "%.*s", FIELD_MAX, cleaned);
	else
		words_put(&b, cleaned, strlen(cleaned));
	header_add(h, name, buf_data(&b));
	buf_clear(&b);
	free(cleaned);
}

/* ---- the part for people ---- */

char *
dsn_answer(const struct dsn_rcpt *r)
{
	const char *text = r->text != NULL ? r->text : "";

	return r->code != 0 ? xasprintf("%u %s", r->code, text) : xstrdup(text);
}

static const char *
status_of(const struct dsn *d, const struct dsn_rcpt *r)
{
	return r->status != NULL && r->status[0] != '\0'
		   ? r->status
		   : kinds[d->kind].status;
}

const char *
dsn_meaning(const struct dsn *d, const struct dsn_rcpt *r)
{
	return r->meaning != NULL && r->meaning[0] != '\0'
		   ? r->meaning
		   : status_text(status_of(d, r));
}

static void
put_person_rcpt(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	char *said = dsn_answer(r);
	char *who =
	    xasprintf("%s said:", r->relay != NULL ? r->relay : d->hostname);

	buf_puts(b, "\r\n");
	prose_put(b, 2, r->address);
	if (r->original != NULL && !addr_equal(r->original, r->address))
		prose_put_labelled(b, "You wrote to:", r->original);
	prose_put_labelled(b, "What happened:", dsn_meaning(d, r));
	prose_put_labelled(b, who, said);
	prose_put_labelled(b, "What to do:", r->fix);
	free(said);
	free(who);
}

static void
put_person(struct buf *b, const struct dsn *d, bool is_whole)
{
	char date[DATE_SIZE], *text;
	size_t i;

	date_format(date, d->arrived_at, 0);
	text = xasprintf("This is the mail system at %s.", d->hostname);
	prose_put(b, 0, text);
	free(text);
	buf_puts(b, "\r\n");
	text = xasprintf("%s %s (queue id %s) %s", kinds[d->kind].which, date,
	    d->queue_id, kinds[d->kind].happened);
	prose_put(b, 0, text);
	free(text);
	buf_puts(b, "\r\n");
	prose_put(b, 0,
	    d->nrcpts == 1 ? "This is about one recipient:"
			   : "This is about these recipients:");
	for (i = 0; i < d->nrcpts; i++)
		put_person_rcpt(b, d, &d->rcpts[i]);
	buf_puts(b, "\r\n");
	if (d->retry_until > 0) {
		date_format(date, d->retry_until, 0);
		text = xasprintf("It will be tried until %s.", date);
		prose_put(b, 0, text);
		buf_puts(b, "\r\n");
		free(text);
	}
	prose_put(b, 0,
	    is_whole ? "A report for programs and the message follow."
		     : "A report for programs and the header of the message "
		       "follow.");
}

/* ---- the part for programs: RFC 3464 ---- */

/* RFC 6533 3: an address beyond ASCII as "utf-8;" with escapes. */
static void
add_recipient(struct header *h, const char *name, const char *address)
{
	char *cleaned = prose_clean(address);
	const char *p;
	unsigned long code;
	struct buf b;
	size_t n = strlen(cleaned), len;

	if (utf8_is_ascii(cleaned, n)) {
		add_field(h, name, "rfc822; ", cleaned);
		free(cleaned);
		return;
	}
	buf_init(&b, 12 * n);
	for (p = cleaned; n > 0; p += len, n -= len) {
		len = utf8_char(p, n, &code);
		if (code < 0x80 && strchr("\\+= ", (int)code) == NULL)
			buf_putc(&b, *p);
		else
			buf_printf(&b, "\\x{%02lX}", code);
	}
	add_field(h, name, "utf-8; ", b.data);
	buf_clear(&b);
	free(cleaned);
}

static void
put_report_rcpt(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	struct header h = { 0 };
	char date[DATE_SIZE], *text;

	if (r->orcpt != NULL) {
		text = decode_xtext(r->orcpt);
		add_field(&h, "Original-Recipient", "", text);
		free(text);
	}
	add_recipient(&h, "Final-Recipient", r->address);
	header_add(&h, "Action", kinds[d->kind].action);
	add_field(&h, "Status", "", status_of(d, r));
	if (r->relay != NULL)
		add_field(&h, "Remote-MTA", "dns; ", r->relay);
	text = dsn_answer(r);
	add_field(&h, "Diagnostic-Code",
	    r->relay != NULL ? "smtp; " : "x-mailchute; ", text);
	free(text);
	if (d->retry_until > 0) {
		date_format(date, d->retry_until, 0);
		header_add(&h, "Will-Retry-Until", date);
	}
	buf_puts(b, "\r\n");
	header_put(b, &h);
	header_clear(&h);
}

static void
put_report(struct buf *b, const struct dsn *d)
{
	struct header h = { 0 };
	char date[DATE_SIZE], *text;
	size_t i;

	if (d->envid != NULL) {
		text = decode_xtext(d->envid);
		add_field(&h, "Original-Envelope-Id", "", text);
		free(text);
	}
	add_field(&h, "Reporting-MTA", "dns; ", d->hostname);
	date_format(date, d->arrived_at, 0);
	header_add(&h, "Arrival-Date", date);
	add_field(&h, "X-Mailchute-Queue-Id", "", d->queue_id);
	header_put(b, &h);
	header_clear(&h);
	for (i = 0; i < d->nrcpts; i++)
		put_report_rcpt(b, d, &d->rcpts[i]);
}

/* ---- putting it together ---- */

/* Octets of the original's header that are shown: whole lines. */
static size_t
headers_shown(const struct dsn *d)
{
	size_t n = d->headers_len;

	if (n <= HEADERS_KEPT)
		return n;
	n = HEADERS_KEPT;
	while (n > 0 && d->headers[n - 1] != '\n')
		n--;
	return n;
}

/* A boundary that stands in none of the parts; for the caller to free. */
static char *
find_boundary(const struct dsn *d, const struct buf *parts, size_t n)
{
	char *boundary;
	unsigned try;
	size_t i;

	for (try = 0;; try++) {
		boundary = xasprintf("=_%s.%u", d->queue_id, try);
		for (i = 0; i < n; i++)
			if (memmem(parts[i].data, parts[i].len, boundary,
				strlen(boundary)) != NULL)
				break;
		if (i == n)
			return boundary;
		free(boundary);
	}
}

/* The Message-ID of the original ties the notice to it. */
static void
add_references(struct header *h, const struct dsn *d, size_t headers_len)
{
	struct header original = { 0 };
	const struct header_field *f;

	header_parse(d->headers, headers_len, &original);
	f = header_find(&original, "Message-ID", NULL);
	if (f != NULL && f->value[0] == '<' && strlen(f->value) < 500 &&
	    text_is_7bit(f->value, strlen(f->value)))
		header_add(h, "References", f->value);
	header_clear(&original);
}

static int
put_header(struct buf *b, const struct dsn *d, size_t headers_len,
    const char *boundary)
{
	struct header h = { 0 };
	char date[DATE_SIZE], *text;
	int rc;

	date_format(date, d->now, 0);
	header_add(&h, "Date", date);
	header_add(&h, "From", d->from);
	if (utf8_is_ascii(d->to, strlen(d->to))) {
		text = xasprintf("<%s>", d->to);
		header_add(&h, "To", text);
		free(text);
	} else /* this notice goes as 7 bits; the envelope knows the address */
		header_add(&h, "To", "undisclosed-recipients:;");
	header_add(&h, "Subject", kinds[d->kind].subject);
	header_add(&h, "Message-ID", d->message_id);
	add_references(&h, d, headers_len);
	header_add(&h, "Auto-Submitted", "auto-replied"); /* RFC 3834 5 */
	header_add(&h, DSN_MARK, kinds[d->kind].mark);
	header_add(&h, "MIME-Version", "1.0");
	text = xasprintf("multipart/report; report-type=delivery-status; "
			 "boundary=\"%s\"",
	    boundary);
	header_add(&h, "Content-Type", text);
	free(text);
	rc = header_put(b, &h);
	header_clear(&h);
	return rc == -1 ? -1 : buf_puts(b, "\r\n");
}

int
dsn_put(struct buf *b, const struct dsn *d)
{
	size_t headers_len = headers_shown(d), i;
	/* Such a part may not be encoded (RFC 2046 5.2.1). */
	bool is_whole =
	    d->whole_len > 0 && text_is_7bit(d->whole, d->whole_len);
	struct buf person, report, parts[3];
	char *boundary;
	int rc;

	/*
	 * The parts may pass what the whole may hold; then the whole cannot
	 * take them, and that is the one place where it is told.
	 */
	buf_init(&person, PART_MAX(b));
	buf_init(&report, PART_MAX(b));
	for (i = 0; i < 3; i++)
		buf_init(&parts[i], PART_MAX(b));
	put_person(&person, d, is_whole);
	put_report(&report, d);
	prose_put_part(&parts[0], "text/plain", person.data, person.len);
	prose_put_part(
	    &parts[1], "message/delivery-status", report.data, report.len);
	if (is_whole)
		prose_put_part(
		    &parts[2], "message/rfc822", d->whole, d->whole_len);
	else
		prose_put_part(
		    &parts[2], "text/rfc822-headers", d->headers, headers_len);
	boundary = find_boundary(d, parts, 3);
	rc = put_header(b, d, headers_len, boundary);
	for (i = 0; i < 3 && rc == 0; i++) {
		rc = buf_printf(b, "--%s\r\n", boundary);
		if (rc == 0)
			rc = buf_append(b, parts[i].data, parts[i].len);
		if (rc == 0)
			rc = buf_puts(b, "\r\n");
	}
	if (rc == 0)
		rc = buf_printf(b, "--%s--\r\n", boundary);
	free(boundary);
	for (i = 0; i < 3; i++)
		buf_clear(&parts[i]);
	buf_clear(&person);
	buf_clear(&report);
	return rc;
}
