/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_OFFICE_H
#define TESTS_UNIT_OFFICE_H

#include "common/conf.h"
#include "queue/parts.h"
#include "tests/unit/queue_fixture.h"

/*
 * The whole queue in one process and one folder, without its parent and
 * without a network: a configuration read from text, its folders, and what
 * parts_open makes of them.  Each function asserts that it succeeds.
 */
struct office {
	char *directory; /* holds aliases, log, queue/, run/ and drop/ */
	struct conf *conf;
	struct identity identity;
	struct parts parts;
	struct err e;
};

/* An account without a mailbox of its own, at a server nobody asks. */
#define OFFICE_ACCOUNT \
	"[account]\nprovider = smtp\nhost = 127.0.0.1\ntls = none\n"
#define OFFICE_ADMIN "[local]\nadmin = it@contoso.com\n"

/* options: the configuration, but for the folders and contoso.com. */
void office_open(struct office *o, const char *options);

/* The same with a parent to ask, at the other end of *parent. */
void office_open_parented(struct office *o, const char *options, int *parent);
void office_close(struct office *o);

/* Stops and starts it, without a parent from then on. */
void office_reopen(struct office *o);
void office_reopen_parented(struct office *o, int *parent);

/* Runs the loop until nothing is ready any more; waits for nothing. */
void office_run(struct office *o);

/* How many lines of the log hold that part. */
size_t office_logged(const struct office *o, const char *part);

/* Makes or replaces a file in a folder of the office's: "aliases", "drop/x". */
void office_write(const struct office *o, const char *name, const char *text);

/* A message of a recipient for each of the addresses, up to NULL. */
struct office_mail {
	uid_t uid;
	enum message_kind kind;
	const char *sender;  /* NULL: "sender@example.com" */
	const char *account; /* NULL: "" */
	const char *to[4];
	const char *body; /* NULL: a header and a line */
	unsigned notify;  /* of every recipient */
	int64_t at;       /* arrived and due; 0: T0 */
	const char *envid;
	enum dsn_ret ret;
	const char *orcpt; /* of every recipient */
	uint32_t device;
};
uint64_t office_post(struct office *o, struct office_mail mail);

/* What a listing of the whole queue shows, a line a recipient, in one text. */
const char *office_list(struct office *o);

#endif
