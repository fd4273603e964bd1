/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_CHECK_H
#define ADMIN_CHECK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdio.h>

#include "admin/args.h"
#include "common/conf.h"

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
void check_host(struct check *k);

/* What owns the name sendmail below root; ours is where mailchute's is. */
void check_sendmail(struct check *k, const char *root, const char *ours);

/* A secret's file, as the daemon sees it. */
void check_secret(struct check *k, const struct conf_account *a);

#endif
