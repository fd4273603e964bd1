/* SPDX-License-Identifier: ISC */
/*
 * Notices of the front end: plain text, with a null sender and our mark, so
 * that no bounce is ever made of one.  A report by RFC 3464 is the daemon's
 * affair; it knows of queued mail alone.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/textsource.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/dsn.h"
#include "mail/msgid.h"
#include "sendmail/notice.h"

#define NOTICE_MAX (256 * 1024)
#define BAD_TOLD   100

/* One line of text that may hold anything. */
static void
put_line(struct buf *b, const char *before, const char *text)
{
	buf_puts(b, before);
	utf8_put_safe(b, text);
	buf_puts(b, "\r\n");
}

void
notice_put(struct buf *b, const struct notice *n, const char *to,
    const char *message_id)
{
	size_t i;

	buf_printf(b,
	    "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: %s\r\n"
	    "Subject: %s\r\n"
	    "Date: %s\r\n"
	    "Message-ID: %s\r\n"
	    "Auto-Submitted: auto-replied\r\n" DSN_MARK ": rejected\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n",
	    n->domain, to,
	    n->why != NULL ? "Your message was not sent"
			   : "Your message was not sent to everybody",
	    n->date, message_id);
	buf_printf(b, "This is sendmail on %s.\r\n\r\n", n->hostname);
	if (n->env->message_id != NULL)
		put_line(b, "Message: ", n->env->message_id);
	if (n->why != NULL)
		put_line(b, "It was not sent: ", n->why);
	if (n->bad->n > 0)
		buf_puts(b, "\r\nThese recipients cannot get it:\r\n");
	for (i = 0; i < n->bad->n && i < BAD_TOLD; i++)
		put_line(b, "    ", n->bad->v[i]);
	if (i < n->bad->n)
		buf_printf(b, "    and %zu more\r\n", n->bad->n - i);
}

/* Hands the text over as a message of its own. */
static int
queue_text(const struct buf *b, const char *address, const char *message_id,
    const uint8_t id[SUBMIT_ID_LEN], const struct route *to,
    const struct report *r)
{
	struct textsource text;
	const struct source source = textsource_begin(&text, b);
	struct submit_head head;
	struct envelope env;
	struct parcel *p;
	struct handed handed;
	struct err e;
	int rc;

	memcpy(head.id, id, SUBMIT_ID_LEN);
	head.created_at = clock_wall();
	head.version = SUBMIT_VERSION;
	envelope_init(&env);
	env.sender = xstrdup("");
	env.message_id = xstrdup(message_id);
	envelope_add(&env, address)->is_local = addr_domain(address) == NULL;
	p = parcel_new(&head, &env, &source, SIZE_LIMIT_NONE);
	rc = parcel_fill(p, &e);
	if (rc == 0)
		rc = handover(to, p, &handed, &e);
	if (rc == 0)
		report_handed(r, to, &handed);
	parcel_free(p);
	envelope_clear(&env);
	return rc;
}

int
notice_send(
    const struct notice *n, const struct route *to, const struct report *r)
{
	uint8_t random[SUBMIT_ID_LEN + MSGID_RANDOM];
	const char *sender = n->env->sender;
	char *message_id, *full;
	struct buf b;
	int rc;

	if (sender == NULL || sender[0] == '\0' ||
	    getentropy(random, sizeof(random)) == -1)
		return -1;
	message_id =
	    msgid_make(random + SUBMIT_ID_LEN, clock_wall(), n->hostname);
	full = addr_domain(sender) == NULL
		   ? xasprintf("%s@%s", sender, n->domain)
		   : xstrdup(sender);
	buf_init(&b, NOTICE_MAX);
	notice_put(&b, n, full, message_id);
	rc = queue_text(&b, sender, message_id, random, to, r);
	buf_clear(&b);
	free(full);
	free(message_id);
	return rc;
}
