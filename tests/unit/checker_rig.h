/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_CHECKER_RIG_H
#define TESTS_UNIT_CHECKER_RIG_H

#include "common/conf.h"

/*
 * What the tests of signing in share: a listener with a users' file that can be
 * opened, and a checker that is the test by another name.  What that does is in
 * the password:
 *
 *	right	"scanner" may, as @contoso.com
 *	wrong	it is another's
 *	unable	the third line is damaged
 *	odd	an answer that is none
 *	huge	one that is longer than any
 *	(else)	it ends without one
 *
 * Without a password it waits, and ends when nobody can send one any more.
 */
struct checker_rig {
	char *folder;
	struct conf *conf;
	struct conf_listen *listener;
};
extern struct checker_rig checker_rig;

int checker_rig_open(void **state);
int checker_rig_close(void **state);

/* As guest_rig_program. */
void checker_rig_program(int argc, char **argv);

/* What an smtpd says to a checker, on the descriptor, which it closes. */
void checker_rig_say(int fd, const char *password);

#endif
