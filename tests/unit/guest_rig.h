/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_GUEST_RIG_H
#define TESTS_UNIT_GUEST_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"

/*
 * What a listener's tests share: a folder with the socket "submit", where the
 * test is the queue process, and an smtpd that is the test by another name,
 *with the fork server that all have. That greets with what its setup says, and
 *answers each octet of its client:
 *
 *	m	asks for a connection, and says "got" or why not
 *	x	says nonsense to the parent
 *	q	ends
 */
struct guest_rig {
	char *folder;
	int submit;
};

int guest_rig_open(void **state);
int guest_rig_close(void **state);
extern struct guest_rig guest_rig;

/*
 * In main, for what the test is started as: it does not return then.  It leaves
 * without a word of a leak checker, which may be killed in the midst of it.
 */
void guest_rig_program(int argc, char **argv);

/* From now on a fork server ends as it is started. */
void guest_rig_without_servers(void);

/* A configuration with these sections beside an account's. */
struct conf *guest_rig_conf(const char *listeners);

/* Reads a line, which has to come; without its end. */
void guest_rig_line(int fd, char *line, size_t size);

/* The next connection to "submit", after its ORIGIN was found to be this. */
int guest_rig_origin(
    const unsigned char *token, const char *listener, const char *client);

#endif
