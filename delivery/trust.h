/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TRUST_H
#define DELIVERY_TRUST_H

#include <stdbool.h>

#include "common/err.h"
#include "common/strlist.h"

/*
 * Which certificates are trusted.  Reading the system's whole bundle costs
 * milliseconds at each start, so where the sandbox can keep folders readable,
 * its hashed folder is used, of which a handshake opens one or two files.
 */
struct trust {
	char *file;            /* to load at once, or NULL: */
	char *folder;          /* to look up in, by hash */
	struct strlist places; /* the folders that its files lie in */
};

/*
 * ca_file is the account's own choice, or NULL.  keeps_paths: may files still
 * be opened in the sandbox?  folder and bundle are the system's.
 */
int trust_find(struct trust *t, const char *ca_file, bool keeps_paths,
    const char *folder, const char *bundle, struct err *e);

/* Reads t->file to its end: -1 when it cannot be read now. */
int trust_read(const struct trust *t, struct err *e);

void trust_clear(struct trust *t);

#endif
