/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CTL_ASK_H
#define COMMON_CTL_ASK_H

#include "common/ctl_link.h"
#include "common/proto_ctl.h"

/*
 * Asks mailchuted one thing, as common/proto_ctl.h has it, and takes the
 * answer row by row.
 */
#define CTL_SILENCE_MS 60000 /* without a frame: it hangs */

/* Called for each row before DONE; -1 with *e filled ends the conversation. */
typedef int ctl_row(void *arg, const struct frame *f, struct err *e);

struct ctl_question {
	struct ctl_place where;
	const struct ctl_request *request;
	ctl_row *row;
	void *arg;          /* of row */
	int64_t silence_ms; /* CTL_SILENCE_MS */
	int64_t daemon_ms;  /* the same, of a running daemon; 0: the same */
};

struct ctl_answer {
	int status;     /* exit status: of DONE, or for what went wrong */
	char *text;     /* of DONE, or NULL; to be freed */
	bool is_daemon; /* a running daemon was asked */
	bool is_hung;   /* and it says nothing */
};

/*
 * 0 when the answer came whole: what it says is in out->status.  -1 with *e
 * filled when it did not; out->status is then what to exit with.
 *
 * A queue run that is started (CTL_START_ONCE) has no rows and no words: that
 * it ends well is its whole answer.
 */
int ctl_ask(
    const struct ctl_question *q, struct ctl_answer *out, struct err *e);

/* Why an answer's status is not 0, in words. */
const char *ctl_answer_reason(const struct ctl_answer *a);

#endif
