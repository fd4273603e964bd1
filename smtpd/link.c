/* SPDX-License-Identifier: ISC */
/* The connection to mailchuted for one client's messages. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proto_listen.h"
#include "smtpd/await.h"
#include "smtpd/link.h"

#define ASK_MS    10000       /* the parent does nothing slow */
#define ANSWER_MS (60 * 1000) /* the daemon, and its disk */

/* How long a queue process that has ended is waited for, which starts anew. */
#define AGAIN_MS 250 /* so often */
#define READY_MS (30 * 1000)

/* The daemon is there, and greets when it likes: with the answer, as a rule. */
static const struct submit_limits limits = { 0, ANSWER_MS, ANSWER_MS };

void
link_drop(struct link *l)
{
	if (l->submit.fd != -1)
		close(l->submit.fd);
	l->submit = (struct submit_link){ .fd = -1 };
}

enum asked {
	HAS_LINK,
	NOT_READY, /* yet */
	HAS_NONE
};

/* *e: not now, and why. */
static enum asked
ask(struct link *l, const struct client_words *words, struct err *e)
{
	char text[FDPASS_TEXT_MAX];
	struct buf b;
	int rc = -1;

	link_drop(l);
	buf_init(&b, LISTEN_ASK_MAX);
	if (client_words_put(&b, words) == -1)
		err_set(e, ERR_TEMP, "4.3.0", "it says too much of itself");
	else
		rc = channel_ask(l->channel, &b, &l->submit.fd, text,
		    clock_mono_ms() + ASK_MS, e);
	buf_clear(&b);
	if (rc == -1)
		return HAS_NONE;
	l->words = *words;
	if (l->submit.fd != -1)
		return HAS_LINK;
	err_set(e, ERR_TEMP, "4.7.0", "%s", text);
	return strcmp(text, LISTEN_NOT_READY) == 0 ? NOT_READY : HAS_NONE;
}

/* mailchuted closes one over which it has not taken a message. */
static enum submit_outcome
send_message(struct link *l, struct parcel *p, char queue_id[QUEUE_ID_LEN + 1],
    struct err *e)
{
	enum submit_outcome outcome =
	    submit_over(&l->submit, p, &limits, queue_id, e);

	if (outcome != SUBMIT_OUT_QUEUED)
		link_drop(l);
	return outcome;
}

static void
wait_a_little(const struct link *l)
{
	(void)await(-1, 0, &l->channel->fd, clock_mono_ms() + AGAIN_MS);
}

/* By a new connection, as soon as there is one. */
static enum submit_outcome
send_anew(struct link *l, const struct client_words *words, struct parcel *p,
    int64_t until_ms, char queue_id[QUEUE_ID_LEN + 1], struct err *e)
{
	enum asked asked;

	while ((asked = ask(l, words, e)) == NOT_READY &&
	       clock_mono_ms() < until_ms)
		wait_a_little(l);
	return asked == HAS_LINK ? send_message(l, p, queue_id, e)
				 : SUBMIT_OUT_REFUSED;
}

/*
 * A message that cannot be sent twice never goes over a connection that may
 * have been closed meanwhile.  Any other may, and goes again as long as there
 * was no answer: under the same id it is taken once, even where the answer to
 * it was lost.  A device sends again what was refused for now.
 */
int
link_hand_over(struct link *l, const struct client_words *words,
    struct parcel *p, char queue_id[QUEUE_ID_LEN + 1], struct err *e)
{
	enum submit_outcome outcome = SUBMIT_OUT_UNANSWERED;
	int64_t until_ms = clock_mono_ms() + READY_MS;

	if (!parcel_is_whole(p) || !client_words_are_same(&l->words, words))
		link_drop(l);
	if (l->submit.fd != -1)
		outcome = send_message(l, p, queue_id, e);
	while (outcome == SUBMIT_OUT_UNANSWERED && clock_mono_ms() < until_ms) {
		if (parcel_rewind(p, e) == -1)
			return -1;
		outcome = send_anew(l, words, p, until_ms, queue_id, e);
		if (outcome == SUBMIT_OUT_UNANSWERED)
			wait_a_little(l);
	}
	return outcome == SUBMIT_OUT_QUEUED ? 0 : -1;
}
