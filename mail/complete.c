/* SPDX-License-Identifier: ISC */
/*
 * The header on its way into the queue.  A field is changed only where it must
 * be: an address without a domain has it inserted in place, so that folding,
 * comments and encoded words stay as they were written.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/complete.h"

/* Fields whose addresses get a domain. */
static const char *const address_fields[] = { "From", "Sender", "Reply-To",
	"To", "Cc", "Bcc", "Resent-From", "Resent-Sender", "Resent-Reply-To",
	"Resent-To", "Resent-Cc", "Resent-Bcc", "Errors-To",
	"Disposition-Notification-To", "Return-Receipt-To" };

/*
 * Bcc names those whom nobody shall see.  Return-Path belongs to the last
 * delivery, and Content-Length to a mailbox file.
 */
static const char *const removed_fields[] = { "Bcc", "Resent-Bcc",
	"Return-Path", "Content-Length" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void
completed_clear(struct completed *c)
{
	strlist_clear(&c->recipients);
	strlist_clear(&c->authors.others);
	free(c->from);
	free(c->message_id);
	memset(c, 0, sizeof(*c));
}

static void
collect(const struct header *h, const char *name, struct strlist *values)
{
	struct header_field *f = NULL;

	while ((f = header_find(h, name, f)) != NULL)
		strlist_add(values, f->value);
}

/*
 * A message that is sent on by hand goes to whom its Resent- fields name, and
 * never again to those whom the first sender wrote to.
 */
static void
collect_recipients(const struct header *h, struct strlist *values)
{
	collect(h, "Resent-To", values);
	collect(h, "Resent-Cc", values);
	collect(h, "Resent-Bcc", values);
	if (values->n > 0)
		return;
	collect(h, "To", values);
	collect(h, "Cc", values);
	collect(h, "Bcc", values);
}

/* Inserts "@domain" behind every bare name of one field. */
static void
qualify_field(struct header_field *f, const char *domain)
{
	size_t name = strcspn(f->raw, ":") + 1, at = 0, i;
	const char *text = f->raw + name;
	struct mailboxes m;
	struct buf b;

	/* Too many mailboxes for one field: what was read is qualified. */
	(void)mailboxes_parse(text, strlen(text), &m);
	buf_init(&b, name + strlen(text) + m.n * (strlen(domain) + 1));
	buf_append(&b, f->raw, name);
	for (i = 0; i < m.n; i++) {
		if (addr_domain(m.v[i].address) != NULL)
			continue;
		buf_append(&b, text + at, m.v[i].addr_end - at);
		buf_printf(&b, "@%s", domain);
		at = m.v[i].addr_end;
	}
	buf_puts(&b, text + at);
	if (at > 0) {
		free(f->raw);
		f->raw = buf_steal(&b);
	}
	buf_clear(&b);
	mailboxes_clear(&m);
}

static void
qualify(struct header *h, const char *domain)
{
	struct header_field *f;
	size_t i;

	for (i = 0; i < COUNT(address_fields); i++)
		for (f = header_find(h, address_fields[i], NULL); f != NULL;
		     f = header_find(h, address_fields[i], f))
			qualify_field(f, domain);
}

/* A field that is there and empty says as little as none. */
static bool
is_missing(struct header *h, const char *name)
{
	struct header_field *f = NULL;

	while ((f = header_find(h, name, f)) != NULL)
		if (f->value[0] != '\0')
			return false;
	header_remove(h, name);
	return true;
}

#define RESENT "Resent-"

/* RFC 5322 3.6.6: the fields of one resending stand together. */
static void
put_field(struct header *h, const char *name, const char *value)
{
	size_t at = 0;

	if (strncasecmp(name, RESENT, sizeof(RESENT) - 1) != 0) {
		header_add(h, name, value);
		return;
	}
	while (at < h->n &&
	       strncasecmp(h->v[at].name, RESENT, sizeof(RESENT) - 1) != 0)
		at++;
	header_insert(h, at, name, value);
}

static void
add_author(struct header *h, const char *name, const struct completion *with)
{
	const char *address, *display;
	struct buf b;

	/* A bare address is qualified with all the others. */
	with->author(with->arg, &address, &display);
	/* A phrase may take four octets for one, as RFC 2047 words. */
	buf_init(&b, strlen(address) + 16 * (strlen(display) + 16));
	if (display[0] != '\0' && addr_put_phrase(&b, display) == 0)
		buf_printf(&b, " <%s>", address);
	else
		buf_puts(&b, address);
	put_field(h, name, buf_data(&b));
	buf_clear(&b);
}

/* Any of the fields that say the message was sent on (RFC 5322 3.6.6). */
static bool
is_resent(const struct header *h)
{
	return header_find(h, "Resent-To", NULL) != NULL ||
	       header_find(h, "Resent-Cc", NULL) != NULL ||
	       header_find(h, "Resent-Bcc", NULL) != NULL;
}

static void
add_missing(struct header *h, const char *prefix, const struct completion *with)
{
	char *date = xasprintf("%sDate", prefix);
	char *from = xasprintf("%sFrom", prefix);
	char *id = xasprintf("%sMessage-ID", prefix);

	if (is_missing(h, from))
		add_author(h, from, with);
	if (is_missing(h, date))
		put_field(h, date, with->date);
	if (is_missing(h, id))
		put_field(h, id, with->message_id);
	free(date);
	free(from);
	free(id);
}

static void
note_author(struct completed *out, const char *address)
{
	struct authors *a = &out->authors;

	if ((out->from != NULL && strcmp(out->from, address) == 0) ||
	    strlist_has(&a->others, address))
		return;
	if (a->others.n < AUTHORS_MAX)
		strlist_add(&a->others, address);
	else
		a->has_unread = true;
}

/* "<>" is nobody, and no riddle. */
static bool
has_unread(const struct mailboxes *m)
{
	size_t i;

	for (i = 0; i < m->bad.n; i++)
		if (strcmp(m->bad.v[i], "<>") != 0)
			return true;
	return false;
}

/*
 * All of From as they were given, be it in a second field, and of Sender, whom
 * readers are shown as the one who has sent it.  The first of From is whom
 * mail/rewrite.c takes for the author.  A bare one tells whoever rewrites the
 * sender that it is a user of this host.
 */
static void
collect_authors(const struct header *h, struct completed *out)
{
	static const char *const names[] = { "From", "Sender" };
	const struct header_field *f;
	struct mailboxes m;
	size_t i, k;

	for (i = 0; i < COUNT(names); i++) {
		for (f = NULL; (f = header_find(h, names[i], f)) != NULL;) {
			(void)mailboxes_parse(f->value, strlen(f->value), &m);
			if (i == 0 && out->from == NULL && m.n > 0)
				out->from = xstrdup(m.v[0].address);
			for (k = 0; k < m.n; k++)
				note_author(out, m.v[k].address);
			if (has_unread(&m))
				out->authors.has_unread = true;
			mailboxes_clear(&m);
		}
	}
}

void
complete_header(
    struct header *h, const struct completion *with, struct completed *out)
{
	const struct header_field *id;
	size_t i;

	memset(out, 0, sizeof(*out));
	collect_recipients(h, &out->recipients);
	if (is_resent(h))
		add_missing(h, RESENT, with);
	add_missing(h, "", with);
	for (i = 0; i < COUNT(removed_fields); i++)
		header_remove(h, removed_fields[i]);
	collect_authors(h, out);
	qualify(h, with->domain);
	id = header_find(h, "Message-ID", NULL);
	out->message_id = xstrdup(id->value);
	/* By the values as they were given: a bare name is known for one. */
	if (with->forced != NULL)
		(void)rewrite_header(with->forced, h);
}
