/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CTL_LINK_H
#define COMMON_CTL_LINK_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/err.h"

/*
 * The way to a mailchuted: the one that listens on the socket "control", or
 * one that is started on a socketpair.  That one has the rights of who calls,
 * so that nobody sees or does more without a daemon than with one.
 */
#define CTL_MAILCHUTED PATH_SBIN "/mailchuted"

/* What to start where nobody answers on the socket. */
enum ctl_start {
	CTL_START_NOTHING,
	CTL_START_ANSWER, /* mailchuted --answer: answers one request */
	CTL_START_ONCE    /* mailchuted --once: makes one queue run */
};

struct ctl_place {
	const char *directory; /* queue.socket_directory */
	enum ctl_start start;
	const char *program;   /* what is started: CTL_MAILCHUTED */
	const char *conf_path; /* its -C, or NULL */
	bool is_fenced; /* --no-commands: the file of -C may be anybody's */
};

struct ctl_link {
	int fd;
	pid_t child;   /* what was started, or -1 */
	bool is_stuck; /* a daemon is there, and takes no client in */
	bool is_left;  /* the child goes on without us */
};

/* How a child ended, where that is no status of its own. */
#define CTL_EXIT_NOT_THERE 127 /* the program could not be run */
#define CTL_EXIT_BROKEN    (-1)

/* The daemon's descriptor, or -1 with *e filled; it blocks. */
int ctl_link_connect(const char *directory, struct err *e);

/*
 * -1 with *e filled when nobody is there and nobody could be started, or
 * is_stuck: then nothing is started beside it.
 */
int ctl_link_open(
    struct ctl_link *l, const struct ctl_place *where, struct err *e);

/*
 * Asks what was started to end; false when it puts that off, because it has
 * work that would have to be done again (queue/damage.c).  It then goes on
 * without us, and ctl_link_close waits for nothing.
 */
bool ctl_link_stop(struct ctl_link *l);

/* Closes, waits for what was started, and returns its exit status, or 0. */
int ctl_link_close(struct ctl_link *l);

#endif
