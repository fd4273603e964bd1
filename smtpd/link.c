/* SPDX-License-Identifier: ISC */
/* The connection to mailchuted for one client's messages. */
#include "config.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/proto_listen.h"
#include "smtpd/link.h"

#define ASK_MS    10000       /* the parent does nothing slow */
#define ANSWER_MS (60 * 1000) /* the daemon, and its disk */

/* The daemon is there, and greets when it likes: with the answer, as a rule. */
static const struct submit_limits limits = { 0, ANSWER_MS, ANSWER_MS };

void
link_drop(struct link *l)
{
	if (l->submit.fd != -1)
		close(l->submit.fd);
	l->submit = (struct submit_link){ .fd = -1 };
}

/* -1 with *e: not now, and why. */
static int
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
		return -1;
	if (l->submit.fd == -1)
		return err_set(e, ERR_TEMP, "4.7.0", "%s", text);
	l->words = *words;
	return 0;
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

/*
 * A message that cannot be sent twice never goes over a connection that may
 * have been closed meanwhile.  Any other may: under the same id it is taken
 * once, even where the answer to it was lost.  A device sends again what was
 * refused for now.
 */
int
link_hand_over(struct link *l, const struct client_words *words,
    struct parcel *p, char queue_id[QUEUE_ID_LEN + 1], struct err *e)
{
	enum submit_outcome outcome = SUBMIT_OUT_UNANSWERED;

	if (!parcel_is_whole(p) || !client_words_are_same(&l->words, words))
		link_drop(l);
	if (l->submit.fd != -1)
		outcome = send_message(l, p, queue_id, e);
	if (outcome == SUBMIT_OUT_UNANSWERED) {
		if (parcel_rewind(p, e) == -1 || ask(l, words, e) == -1)
			return -1;
		outcome = send_message(l, p, queue_id, e);
	}
	return outcome == SUBMIT_OUT_QUEUED ? 0 : -1;
}
