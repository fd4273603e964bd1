/* SPDX-License-Identifier: ISC */
/*
 * An alarm as text, for the program that tells it and for the mail.  The first
 * line says it all, for a pager; below it stands a line a fact, each in one
 * piece, for a program to take apart.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/date.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "mail/qp.h"
#include "mail/words.h"
#include "queue/account.h"
#include "queue/alarm_priv.h"
#include "queue/dirs.h"
#include "queue/expand.h"
#include "queue/notice.h"

#define STAMP    24
#define MAIL_MAX (64 * 1024)

static void
format_time(int64_t at, char out[STAMP])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, STAMP, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

/* A server's words are among it: what it says stays in its line. */
static void
put_fact(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_printf(b, "%s: ", name);
	utf8_put_safe(b, value);
	buf_putc(b, '\n');
}

static void
put_text(struct buf *b, struct alarms *a, const struct alarm *m,
    const struct alarm_words *w)
{
	const struct conf *conf = a->parts.conf;
	char since[STAMP];

	buf_printf(b, "mailchute on %s: ", conf->local.hostname);
	utf8_put_safe(b, w->text);
	buf_puts(b, "\n\n");
	put_fact(b, "alarm", alarm_kind_name(m->kind));
	if (alarm_is_of_account(m->kind))
		put_fact(b, "account",
		    account_shown_name(&conf->accounts[m->account]));
	format_time(m->since, since);
	put_fact(b, "since", since);
	if (w->waiting > 0)
		buf_printf(
		    b, "waiting: %llu\n", (unsigned long long)w->waiting);
	put_fact(b, "meaning", w->meaning);
	put_fact(b, "do", w->fix);
	buf_puts(b, m->is_repeated
			? "\nThis lasts, and is told once a day until it is "
			  "over.\n"
			: "\nThis is told again once a day while it lasts.\n");
	buf_puts(b, "mailchute status tells how it stands.\n");
}

void
alarm_text(struct alarms *a, const struct alarm *m, char out[ALARM_TEXT_MAX])
{
	struct alarm_words w;
	struct buf b;

	/* A line that does not fit any more is left out. */
	buf_init(&b, ALARM_TEXT_MAX - 1);
	alarm_describe(a, m, &w);
	put_text(&b, a, m, &w);
	strlcpy(out, buf_data(&b), ALARM_TEXT_MAX);
	alarm_words_clear(&w);
	buf_clear(&b);
}

/* ---- the mail ---- */

static void
add_subject(struct header *h, const struct conf *conf, const char *title)
{
	char *subject =
	    xasprintf("mailchute on %s: %s", conf->local.hostname, title);
	struct buf b;

	buf_init(&b, MAIL_MAX);
	if (utf8_is_ascii(subject, strlen(subject)))
		header_add(h, "Subject", subject);
	else if (words_put(&b, subject, strlen(subject)) == 0)
		header_add(h, "Subject", buf_data(&b));
	buf_clear(&b);
	free(subject);
}

/*
 * RFC 3834 5: no program answers it.  The mark is that of a last word: should
 * it come back to this host and fail here, nobody is told of that by mail.
 */
static void
put_header(struct buf *out, const struct conf *conf, const char *message_id,
    const char *title, int64_t now)
{
	struct header h = { 0 };
	char date[DATE_SIZE], *text;

	date_format(date, now, 0);
	header_add(&h, "Date", date);
	text = xasprintf(
	    "Mail Delivery System <MAILER-DAEMON@%s>", conf->local.domain);
	header_add(&h, "From", text);
	free(text);
	text = xasprintf("<%s>", conf->local.admin);
	header_add(&h, "To",
	    utf8_is_ascii(text, strlen(text)) ? text
					      : "undisclosed-recipients:;");
	free(text);
	add_subject(&h, conf, title);
	header_add(&h, "Message-ID", message_id);
	header_add(&h, "Auto-Submitted", "auto-generated");
	header_add(&h, DSN_MARK, DSN_MARK_LAST);
	header_add(&h, "MIME-Version", "1.0");
	header_put(out, &h);
	header_clear(&h);
}

/* Lines end in CRLF from here on; what is not ASCII is encoded. */
static int
put_body(struct buf *out, const char *text)
{
	struct buf b;
	int rc;

	buf_init(&b, 2 * ALARM_TEXT_MAX);
	for (; *text != '\0'; text++)
		if (*text == '\n')
			buf_puts(&b, "\r\n");
		else
			buf_putc(&b, *text);
	if (text_is_7bit(buf_data(&b), b.len)) {
		buf_puts(out, "Content-Type: text/plain; charset=us-ascii\r\n"
			      "\r\n");
		rc = buf_append(out, buf_data(&b), b.len);
	} else {
		buf_puts(out, "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Transfer-Encoding: quoted-printable\r\n"
			      "\r\n");
		rc = qp_put(out, buf_data(&b), b.len);
	}
	buf_clear(&b);
	return rc;
}

static int
write_mail(struct alarms *a, const struct alarm *m, const char *message_id,
    int64_t now, struct buf *out, struct err *e)
{
	struct alarm_words w;
	char text[ALARM_TEXT_MAX];

	alarm_describe(a, m, &w);
	put_header(out, a->parts.conf, message_id, w.title, now);
	alarm_words_clear(&w);
	alarm_text(a, m, text);
	return put_body(out, text) == 0
		   ? 0
		   : err_set(e, ERR_LOCAL, "5.3.4", "the alarm is too large");
}

int
alarm_mail(struct alarms *a, struct alarm *m, int64_t now, struct err *e)
{
	const struct conf *conf = a->parts.conf;
	struct store_message row = { .kind = KIND_ALARM, .body = BODY_7BIT };
	uint8_t dice[MSGID_RANDOM];
	struct buf text;
	int rc = -1;

	buf_init(&text, MAIL_MAX);
	arc4random_buf(dice, sizeof(dice));
	row.id = store_next_id(a->parts.store, clock_wall_ms());
	row.arrived_at = now;
	row.uid = a->parts.identity->uid;
	row.account = conf->accounts[conf->default_account].name;
	row.sender = (char[]){ "" };
	row.message_id = msgid_make(dice, now, conf->local.hostname);
	if (write_mail(a, m, row.message_id, now, &text, e) == 0 &&
	    notice_insert(a->parts.store, &row, &text, a->readers, e) == 0) {
		m->mail_id = row.id;
		m->mail_octets = text.len;
		rc = 0;
	}
	free(row.message_id);
	buf_clear(&text);
	return rc;
}
