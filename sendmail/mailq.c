/* SPDX-License-Identifier: ISC */
/*
 * The listing of mailq(1).  Under each entry stand, in parentheses as Postfix
 * has its reasons, the server's words or ours, and behind the recipients that
 * they concern what they mean, what to do, and when the next attempt is due:
 *
 *	0193A0B1C2D3*      263 Mon Nov 23 21:20:32  alice@example.com
 *	(451 4.3.2 Temporary server error)
 *	                                            bob@example.org
 *	    (meaning: the server is busy)
 *	    (next try: Mon Nov 23 21:25:40)
 *
 * A line starts with a capital hexadecimal digit only where an entry starts,
 * and an empty line stands between entries and before the totals: that is what
 * scripts look for.  Everything printed may be a stranger's choice, so control
 * characters never reach the terminal.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "sendmail/mailq.h"

#define SENDER_COLUMN 44
#define STAMP_SIZE    32
#define REASON_MAX    8192 /* of one recipient, escaped */

static const char heading[] = "-Queue ID-    --Size-- ----Arrival Time---- "
			      "-Sender/Recipient-------\n";

struct mailq {
	FILE *to;
	int64_t now;
	bool has_entries;
	struct buf above; /* the reason that stands above recipients, */
	struct buf below; /* and what has to follow them */
	uint64_t messages, octets; /* of the whole queue */
	bool is_paused, is_off, has_no_daemon, is_own;
};

struct mailq *
mailq_new(FILE *to, int64_t now)
{
	struct mailq *q = xcalloc(1, sizeof(*q));

	q->to = to;
	q->now = now;
	buf_init(&q->above, REASON_MAX);
	buf_init(&q->below, REASON_MAX);
	return q;
}

void
mailq_free(struct mailq *q)
{
	if (q == NULL)
		return;
	buf_clear(&q->above);
	buf_clear(&q->below);
	free(q);
}

static bool
has_text(const char *s)
{
	return s != NULL && *s != '\0';
}

/* "Mon Nov 23 21:20:32", local time; in the C locale, which is ours. */
static const char *
format_time(int64_t at, char stamp[STAMP_SIZE])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(stamp, STAMP_SIZE, "%a %b %e %H:%M:%S", &tm) == 0)
		stamp[0] = '\0';
	return stamp;
}

/* ---- reasons ---- */

/* "(451 4.3.2 text)"; the text often holds code and status already. */
static void
put_words(struct buf *b, const struct ctl_recipient *r)
{
	char code[24];

	if (!has_text(r->text))
		return;
	snprintf(code, sizeof(code), "%llu", (unsigned long long)r->code);
	buf_puts(b, "(");
	if (r->code != 0 && strncmp(r->text, code, strlen(code)) != 0) {
		buf_printf(b, "%s ", code);
		if (has_text(r->status) &&
		    strncmp(r->text, r->status, strlen(r->status)) != 0)
			buf_printf(b, "%s ", r->status);
	}
	utf8_put_safe(b, r->text);
	buf_puts(b, ")\n");
}

static void
put_note(struct buf *b, const char *what, const char *text)
{
	if (!has_text(text))
		return;
	buf_printf(b, "    (%s: ", what);
	utf8_put_safe(b, text);
	buf_puts(b, ")\n");
}

/* An instant that is over is none: it goes when it is its turn. */
static void
put_notes(const struct mailq *q, struct buf *b, const struct ctl_recipient *r)
{
	char stamp[STAMP_SIZE];

	put_note(b, "meaning", r->meaning);
	put_note(b, "fix", r->fix);
	if (r->since != 0)
		put_note(b, "since", format_time(r->since, stamp));
	if (r->next_at > q->now)
		put_note(b, "next try", format_time(r->next_at, stamp));
	else if (r->next_at != 0)
		put_note(b, "next try", "as soon as it is its turn");
}

/* ---- rows ---- */

static void
print(const struct mailq *q, const struct buf *b)
{
	if (b->len > 0)
		fwrite(b->data, 1, b->len, q->to);
}

/* Ends a run of recipients that wait for the same reason. */
static void
finish_run(struct mailq *q)
{
	print(q, &q->below);
	buf_truncate(&q->below, 0);
	buf_truncate(&q->above, 0);
}

static const char *
mark_of(const char *state)
{
	if (state != NULL && strcmp(state, "active") == 0)
		return "*";
	if (state != NULL && strcmp(state, "held") == 0)
		return "!";
	return "";
}

void
mailq_message(struct mailq *q, const struct ctl_message *m)
{
	char stamp[STAMP_SIZE], id[32];
	struct buf sender;

	finish_run(q);
	fputs(q->has_entries ? "\n" : heading, q->to);
	q->has_entries = true;
	snprintf(id, sizeof(id), "%s%s", m->id == NULL ? "" : m->id,
	    mark_of(m->state));
	buf_init(&sender, REASON_MAX);
	utf8_put_safe(
	    &sender, has_text(m->sender) ? m->sender : "MAILER-DAEMON");
	fprintf(q->to, "%-13s %8llu %-20s %s\n", id,
	    (unsigned long long)m->size, format_time(m->arrived_at, stamp),
	    buf_data(&sender));
	buf_clear(&sender);
}

/* Nothing more will happen to it, so it waits for nothing. */
static bool
is_finished(const char *state)
{
	static const char *const states[] = { "delivered", "failed", "expired",
		"removed" };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (state != NULL && strcmp(state, states[i]) == 0)
			return true;
	return false;
}

void
mailq_recipient(struct mailq *q, const struct ctl_recipient *r)
{
	struct buf above, below;

	if (is_finished(r->state))
		return;
	buf_init(&above, REASON_MAX);
	buf_init(&below, REASON_MAX);
	put_words(&above, r);
	put_notes(q, &below, r);
	/* Recipients with the same reason share what stands around them. */
	if (strcmp(buf_data(&above), buf_data(&q->above)) != 0 ||
	    strcmp(buf_data(&below), buf_data(&q->below)) != 0) {
		finish_run(q);
		print(q, &above);
		buf_puts(&q->above, buf_data(&above));
		buf_puts(&q->below, buf_data(&below));
	}
	buf_truncate(&above, 0);
	utf8_put_safe(&above, r->address == NULL ? "" : r->address);
	fprintf(q->to, "%*s%s\n", SENDER_COLUMN, "", buf_data(&above));
	buf_clear(&above);
	buf_clear(&below);
}

void
mailq_totals(struct mailq *q, const struct ctl_totals *t)
{
	q->messages = t->messages;
	q->octets = t->octets;
	q->is_paused = t->paused;
	q->is_off = t->delivery_off;
	q->has_no_daemon = t->no_daemon;
	q->is_own = t->own_only;
}

/* Each stands apart, from the entries and from the next one. */
static void
put_line(struct mailq *q, const char *text)
{
	fprintf(q->to, "%s%s\n", q->has_entries ? "\n" : "", text);
	q->has_entries = true;
}

/*
 * The counts are those of the whole queue, whoever asks, and the queue is
 * called empty only when it is: a monitoring program may see no entry, but must
 * not be told that all is well.
 */
void
mailq_end(struct mailq *q)
{
	finish_run(q);
	if (q->messages == 0 && !q->has_entries) {
		fputs("Mail queue is empty\n", q->to);
		return;
	}
	if (q->is_own && !q->has_entries)
		put_line(q, "(none of your messages waits)");
	if (q->is_paused)
		put_line(q,
		    "(delivery is paused; \"mailchute resume\" lets mail flow "
		    "again)");
	if (q->is_off)
		put_line(
		    q, "(delivery is off by queue.delivery; mail is kept)");
	if (q->has_no_daemon)
		put_line(
		    q, "(mailchuted is not running; mail is kept until it is)");
	fprintf(q->to,
	    "%s\t\tTotal Requests: %llu\n-- %llu Kbytes in %llu "
	    "Request%s.\n",
	    q->has_entries ? "\n" : "", (unsigned long long)q->messages,
	    (unsigned long long)((q->octets + 1023) / 1024),
	    (unsigned long long)q->messages, q->messages == 1 ? "" : "s");
}
