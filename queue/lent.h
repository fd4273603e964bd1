/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LENT_H
#define QUEUE_LENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/network.h"

/*
 * Listening sockets of the network that the service manager has made, each
 * with the name of the listener that it is for (FileDescriptorName=).  They are
 * kept for as long as the program runs: what a reload takes from a listener, a
 * later one may give back, and nobody could make them anew.
 */
#define LENT_MAX 32

struct lent {
	struct lent_socket {
		char *name;
		int fd; /* non-blocking and close-on-exec */
		struct network address;
		unsigned port;
	} v[LENT_MAX];
	size_t n;
};

/* Is it one of the network, whatever else it is? */
bool lent_is_one(int fd);

/* Takes one that listens for streams; else -1 with *e filled. */
int lent_take(struct lent *l, int fd, const char *name, struct err *e);

/* Those of that name, as many as there are: their descriptors. */
size_t lent_find(const struct lent *l, const char *name, int fds[LENT_MAX]);

/*
 * Logs what an administrator did not mean: a socket for no listener, and one
 * elsewhere than its listener's address and port, which then have no effect.
 */
void lent_judge(const struct lent *l, const struct conf *conf);

/* Closes all, and forgets them. */
void lent_close(struct lent *l);

#endif
