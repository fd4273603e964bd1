/* SPDX-License-Identifier: ISC */
/* Refusals: words for the device, a line for the log, a figure for the report.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/device_words.h"
#include "common/log.h"
#include "common/proto_trouble.h"
#include "smtpd/report.h"

#define FIX_MAX 256

/*
 * The first trouble of a session is told at once, since a session may last; the
 * others together in the end.  A parent that does not listen is not waited for.
 */
static void
tell(struct report *p)
{
	struct client_trouble t = { .words = *p->words, .count = p->count };
	struct buf b;

	if (p->count == 0)
		return;
	strlcpy(t.text, p->last, sizeof(t.text));
	buf_init(&b, LISTEN_ASK_MAX);
	if (client_trouble_put(&b, &t) == 0)
		(void)channel_tell(p->channel, &b);
	buf_clear(&b);
	p->count = 0;
}

static void
count(struct report *p, const char *text)
{
	client_words_set(p->last, sizeof(p->last), text, strlen(text));
	if (p->count < TROUBLE_COUNT_MAX)
		p->count++;
	if (!p->has_told)
		tell(p);
	p->has_told = true;
}

static void
write_log(
    struct report *p, const char *reply, const char *text, const char *fix)
{
	if (p->lines > REPORT_LINES)
		return;
	if (p->lines++ == REPORT_LINES)
		text = "more of this session is not logged";
	log_event(LOG_NOTICE, "device-refused", "listener", p->setup->listener,
	    "client", p->setup->client, "name", p->words->helo, "reply", reply,
	    "text", text, "fix", fix, NULL);
}

/* As all clients are told when mailchuted stops: nothing about this one. */
static bool
is_dismissal(const struct reply *r)
{
	return r->code == 421 && strstr(r->text, "ends this session") != NULL;
}

/*
 * Devices try commands that they can do without: no trouble of theirs.  Who is
 * sent away for wrong passwords has had each of them counted.
 */
static bool
is_trouble(const struct reply *r)
{
	return r->code != 500 && r->code != 502 && !is_dismissal(r) &&
	       !(r->code == 421 &&
		   strstr(r->text, "failures to sign in") != NULL);
}

void
report_refused(struct report *p, struct reply *r)
{
	const struct device_words *w =
	    device_words_find(r->code, r->status, r->text);
	char reply[DEVICE_WORDS_MAX + 16], fix[FIX_MAX];
	char whole[ERR_TEXT_MAX + FIX_MAX + 4];

	device_words_fix(w, p->setup->listener, fix, sizeof(fix));
	snprintf(
	    reply, sizeof(reply), "%03u %s %s", r->code, r->status, w->words);
	if (!is_dismissal(r))
		write_log(p, reply, r->text, fix);
	if (is_trouble(r)) {
		snprintf(whole, sizeof(whole), "%s: %s", r->text, fix);
		count(p, whole);
	}
	strlcpy(r->text, w->words, sizeof(r->text));
}

void
report_failed(struct report *p, const char *text)
{
	count(p, text);
}

void
report_end(struct report *p)
{
	tell(p);
}
