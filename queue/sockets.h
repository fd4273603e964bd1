/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SOCKETS_H
#define QUEUE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The sockets that mailchuted listens on.  They outlive the queue process that
 * serves them: over a reload the parent keeps them, so that who connects in
 * between waits a moment instead of being turned away.
 */
enum {
	SOCKET_CONTROL, /* first: where mail is taken, questions are answered */
	SOCKET_SUBMIT,
	SOCKETS
};

struct sockets {
	int fd[SOCKETS];       /* non-blocking and close-on-exec; -1: none */
	bool is_lent[SOCKETS]; /* the service manager's: its name is not ours */
};

/* "submit", "control": names within queue.socket_directory. */
const char *sockets_name(int which);

void sockets_init(struct sockets *s);

/*
 * Binds those that are not there, open to everyone (0666).  A name appears
 * only once connections are taken, and replaces whatever stale one was there.
 * -1 with *e filled, and those that were bound stay open.
 */
int sockets_bind(struct sockets *s, const char *directory, struct err *e);

/* Is it a stream that listens? */
bool sockets_listen(int fd);

/* Takes an inherited one: listening, local, a stream; else -1 with *e. */
int sockets_adopt(struct sockets *s, int fd, const char *name, struct err *e);

/*
 * Is a name of ours gone, though the folder is there to make it in?  Nobody
 * finds the socket then, and it has to be made anew.
 */
bool sockets_are_lost(const struct sockets *s, const char *directory);

/* Takes n of them that come on fd by common/fdpass.h, named; 0 or -1. */
int sockets_receive(struct sockets *s, int fd, uint32_t n);

/* Closes all; the names that are ours stay, for the next in line. */
void sockets_close(struct sockets *s);

/* Closes what we bound, and takes its names away: nobody serves there now. */
void sockets_retire(struct sockets *s, const char *directory);

/* The same if any of them is lost: sockets_bind makes them anew. */
void sockets_drop_lost(struct sockets *s, const char *directory);

#endif
