/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_CLIENT_H
#define ADMIN_CLIENT_H

#include "common/conf.h"
#include "common/proto_ctl.h"

/*
 * Asks mailchuted one thing.  Where none answers, mailchuted is started to
 * answer this one request, with the caller's own rights.
 */

enum client_start {
	CLIENT_MAY_START,
	CLIENT_RUNNING_ONLY
};

/* Called for each row before DONE; -1 with *e filled ends the conversation. */
typedef int client_row(void *arg, const struct frame *f, struct err *e);

struct client_question {
	const struct conf *conf;
	const char *conf_path; /* for a mailchuted that is started */
	enum client_start start;
	const struct ctl_request *request;
	client_row *row;
	void *arg; /* of row */
};

struct client_answer {
	int status;     /* exit status; of DONE, or for what went wrong */
	char *text;     /* of DONE, or NULL; to be freed */
	bool is_daemon; /* a running daemon gave it */
};

/*
 * 0 when the answer came whole: what it says is in out->status.  -1 with *e
 * when it did not; out->status is then what to exit with.
 */
int client_ask(
    const struct client_question *q, struct client_answer *out, struct err *e);

#endif
