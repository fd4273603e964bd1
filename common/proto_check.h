/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_CHECK_H
#define COMMON_PROTO_CHECK_H

#include "common/conf.h"
#include "common/err.h"
#include "common/frame.h"

/*
 * With a checker, "smtpd -a", which compares one password of a listener's
 * client (docs/protocol.md).  Both of its channels keep records:
 *
 *	parent: SETUP   on CHECK_PARENT_FD, once
 *	smtpd:  LOGIN   on CHECK_FD, once: login and password
 *	checker: OUTCOME on CHECK_PARENT_FD, once; then it ends
 *
 * The users' file is on CHECK_USERS_FD.  Who speaks with the client never sees
 * the file, who sees the file has no network, and the parent never sees the
 * password.
 */
#define CHECK_USERS_FD  0
#define CHECK_FD        3
#define CHECK_PARENT_FD 4
#define CHECK_VERSION   1
#define CHECK_MAX       8192 /* a whole record of either */

enum check_type {
	CHECK_SETUP = 1,
	CHECK_LOGIN,
	CHECK_OUTCOME
};

struct check_setup {
	enum sandbox_mode sandbox;
	enum conf_log_target log_target;
	unsigned log_level;
};

struct check_login {
	char *login, *password;
};

enum check_result {
	CHECK_RIGHT,
	CHECK_WRONG,
	CHECK_UNABLE /* the file is damaged, or crypt(3) fails */
};

struct check_outcome {
	enum check_result result;
	char *login;   /* as the file has it; NULL: it has none such */
	char *senders; /* that it may send as; NULL: not said */
	unsigned line; /* of CHECK_UNABLE, or 0 */
	char *why;     /* of it; NULL else */
};

int check_put_setup(struct buf *b, const struct check_setup *s);
int check_put_login(struct buf *b, const struct check_login *l);
int check_put_outcome(struct buf *b, const struct check_outcome *o);

/* From any struct; -1 with *e filled, and nothing to clear. */
int check_get_setup(
    const struct frame *f, struct check_setup *s, struct err *e);
int check_get_login(
    const struct frame *f, struct check_login *l, struct err *e);
int check_get_outcome(
    const struct frame *f, struct check_outcome *o, struct err *e);

void check_login_clear(struct check_login *l); /* wipes */
void check_outcome_clear(struct check_outcome *o);

#endif
