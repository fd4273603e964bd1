/* SPDX-License-Identifier: ISC */
/* A mail of ours to local.admin, as octets and as a message of the queue. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/date.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "mail/qp.h"
#include "mail/words.h"
#include "queue/dirs.h"
#include "queue/expand.h"
#include "queue/letter.h"
#include "queue/notice.h"

#define MAIL_MAX (64 * 1024)

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

	buf_init(&b, 2 * LETTER_TEXT_MAX);
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

int
letter_insert(
    const struct letter *l, uint64_t *id, size_t *octets, struct err *e)
{
	const struct conf *conf = l->conf;
	struct store_message row = { .kind = KIND_ALARM, .body = BODY_7BIT };
	uint8_t dice[MSGID_RANDOM];
	struct buf text;
	int rc = -1;

	buf_init(&text, MAIL_MAX);
	arc4random_buf(dice, sizeof(dice));
	row.id = store_next_id(l->store, clock_wall_ms());
	row.arrived_at = l->now;
	row.uid = l->identity->uid;
	row.account = conf->accounts[conf->default_account].name;
	row.sender = (char[]){ "" };
	row.message_id = msgid_make(dice, l->now, conf->local.hostname);
	put_header(&text, conf, row.message_id, l->title, l->now);
	if (put_body(&text, l->text) == -1)
		err_set(e, ERR_LOCAL, "5.3.4", "the text is too large");
	else if (notice_insert(l->store, &row, &text, l->readers, e) == 0) {
		*id = row.id;
		*octets = text.len;
		rc = 0;
	}
	free(row.message_id);
	buf_clear(&text);
	return rc;
}
