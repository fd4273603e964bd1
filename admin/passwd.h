/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_PASSWD_H
#define ADMIN_PASSWD_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include "admin/args.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/err.h"

/* The parts of "mailchute passwd": it changes a listener's users' file. */

/* ---- the text (passwd_edit.c) ---- */

/*
 * Writes the text to out with another hash for the login, in its line with its
 * senders or in a line of its own at the end; hash NULL takes the line out.
 * All other lines stay as they are.  true: the login was there before.
 */
bool passwd_edit(struct buf *out, const char *text, size_t n, const char *login,
    const char *hash);

/* What speaks against that password of that login; NULL: nothing. */
const char *passwd_fault(const char *login, const struct buf *password);

/* ---- the file (passwd_file.c) ---- */

/* Open, and locked against another of us. */
struct passwd_file {
	const char *path;
	int fd;
	struct stat st;
	struct buf text;
};

/*
 * makes: it is made, for root and that group, when it is missing.  -1 with *e
 * filled; ERR_TEMP: it may be tried again.
 */
int passwd_open(struct passwd_file *f, const char *path, bool makes, gid_t gid,
    struct err *e);
void passwd_close(struct passwd_file *f);

/* Puts b in its place, at once and with its owner and mode. */
int passwd_write(
    const struct passwd_file *f, const struct buf *b, struct err *e);

/* ---- the person (passwd_ask.c) ---- */

/*
 * The password: asked for twice at a terminal, else one line of stdin.  0; 1:
 * whoever was asked has left; -1 with *e filled.
 */
int passwd_ask(const char *login, struct buf *out, struct err *e);

#endif
