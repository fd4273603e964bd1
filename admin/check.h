/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_CHECK_H
#define ADMIN_CHECK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdio.h>

#include "admin/args.h"
#include "admin/report.h"
#include "common/conf.h"
#include "common/proto_ctl.h"
#include "common/secret_rule.h"

/*
 * "mailchute check", the doctor: a line for each thing that mail needs, with
 * what it means and the next command where it is not well.  It changes nothing
 * and shows no secret.
 */

enum check_level {
	CHECK_OK,
	CHECK_UNKNOWN, /* the caller may not look */
	CHECK_WARN,
	CHECK_FAIL,
	CHECK_LEVELS
};

struct check {
	const struct args *args;
	const struct conf *conf;
	FILE *out;
	bool json;
	size_t seen[CHECK_LEVELS];
	uid_t uid; /* of the daemon: whose files these should be */
	gid_t gid;
	bool has_daemon;
	/* Of the sign-ins: the accounts' tokens, and what ends. */
	struct report asked;
	/*
	 * How far ahead of ours another clock was, and whose: a token endpoint
	 * has proved who it is, and a greeting is anybody's.
	 */
	int64_t ahead_s;
	enum {
		CLOCK_OF_NOBODY,
		CLOCK_OF_GREETING,
		CLOCK_OF_ENDPOINT
	} whose_clock;
};

/* One line.  next is a command or what else to do; NULL where it is well. */
void check_say(struct check *k, enum check_level level, const char *what,
    const char *next, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The code and status of a reply, as far as its text does not begin with them.
 */
#define CHECK_FRONT 40
void check_reply(uint64_t code, const char *status, const char *text,
    char front[CHECK_FRONT]);

/* The exit status of monitoring plugins. */
int check_status(const struct check *k);

/* Each looks at things of one kind; no configuration has to be there for host.
 */
void check_files(struct check *k);
void check_daemon(struct check *k);
void check_server(struct check *k);
/* How an account's sign-in went, step by step; k->conf is there. */
void check_session(struct check *k, const struct ctl_session *s);
void check_clock(struct check *k);
/* What time the mail server told, where nobody says it better. */
void check_greeting(struct check *k, const struct ctl_session *s);
void check_mailers(struct check *k);

/* Whoever takes mail on that port of this host. */
void check_port(struct check *k, unsigned port);

/* The first line that is said on a connection within a while, or "". */
#define CHECK_LINE 512
void check_first_line(int fd, char line[CHECK_LINE]);

/* What answers where our listeners are, and what they do it with. */
void check_listeners(struct check *k);
void check_listener(struct check *k, const struct conf_listen *l);

/* A certificate's end and names, and whether the key belongs to it. */
void check_cert(struct check *k, const char *what, const char *certificate,
    const char *key);

/* By which name the jobs of cron find sendmail, below root. */
void check_cron(struct check *k, const char *root, const char *ours);

/* With --send: a message that goes the whole way. */
void check_send(struct check *k);

/*
 * What an account's token says of itself; s is how the sign-in with it went.
 * check_token_known tells of one with which none was tried.
 */
void check_token(struct check *k, const struct ctl_session *s);
const struct ctl_token *check_token_of(
    const struct check *k, const char *account);
void check_token_known(struct check *k, const struct ctl_token *t);
void check_ends(struct check *k, const struct report *status);

/* What owns the name sendmail below root; ours is where mailchute's is. */
void check_sendmail(struct check *k, const char *root, const char *ours);

/* A file of the section's option, as the daemon sees it. */
void check_secret_file(struct check *k, const char *what, const char *section,
    const struct secret_file *f);

/* The files that an account signs in with. */
void check_secret(struct check *k, const struct conf_account *a);

#endif
