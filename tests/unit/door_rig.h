/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_DOOR_RIG_H
#define TESTS_UNIT_DOOR_RIG_H

#include "queue/doors.h"
#include "tests/unit/guest_rig.h"

/* Listeners of a test, with the smtpd of guest_rig.h behind them. */
extern struct door_rig {
	struct doors *d;
	struct conf *conf;
	int before; /* the descriptor that is next */
} here;

int set_up(void **state);
int tear_down(void **state);

/* All that runs ends by itself, and is reaped. */
void reap_all(void);

/* Takes this configuration instead of the one before. */
void set_conf(const char *listeners);

/* A socket that listens on a port of its own; and a port that nobody has. */
int listening(const char *address, unsigned *port);
unsigned free_port(void);

/* -1: nobody listens there. */
int dial(const char *address, unsigned port);

/* Serves until the client has got a line, which begins so. */
void assert_hears(int client, const char *want);
void assert_greets(const char *address, unsigned port, const char *want);

struct door_view view(const char *name);

#endif
