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

#include "common/utf8.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/alarm_priv.h"
#include "queue/letter.h"

#define STAMP 24

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

int
alarm_mail(struct alarms *a, struct alarm *m, int64_t now, struct err *e)
{
	struct letter l = { a->parts.conf, a->parts.identity, a->parts.store,
		a->readers, NULL, NULL, now };
	struct alarm_words w;
	char text[ALARM_TEXT_MAX];
	int rc;

	alarm_describe(a, m, &w);
	alarm_text(a, m, text);
	l.title = w.title;
	l.text = text;
	rc = letter_insert(&l, &m->mail_id, &m->mail_octets, e);
	alarm_words_clear(&w);
	return rc;
}
