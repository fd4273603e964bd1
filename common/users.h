/* SPDX-License-Identifier: ISC */
#ifndef COMMON_USERS_H
#define COMMON_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * The file of those who may sign in at a listener (mailchute.conf(5), LOGINS):
 *
 *	# a comment
 *	login:hash
 *	login:hash:sender pattern, sender pattern ...
 *
 * It is taken whole or not at all: whoever could sign in by half of a damaged
 * file might be somebody that the other half has taken away.
 */
#define USERS_LOGIN_MAX 255
#define USERS_LINE_MAX  4096
#define USERS_FILE_MAX  (1024 * 1024)
#define USERS_MAX       5000

/* A password, as crypt(3) takes it; PLAIN has a NUL on either side. */
#define USERS_PASSWORD_MAX 511

/* A part of the text; p is NULL where there is none. */
struct users_part {
	const char *p;
	size_t n;
};

struct users_entry {
	struct users_part login, hash, senders;
	unsigned line; /* set by users_parse */
};

/* Without control characters or ":", UTF-8, no blank at an end. */
bool users_is_login(const char *p, size_t n);

/* The same login: case is ignored in ASCII, as people do. */
bool users_is_same(const struct users_part *a, const char *p, size_t n);

/*
 * One line, without its end: 1 and *out for an entry, 0 for a comment or an
 * empty line, -1 with *e filled, which never repeats a hash.
 */
int users_parse_line(
    const char *p, size_t n, struct users_entry *out, struct err *e);

/* All of them; they point into the text. */
struct users {
	struct users_entry *v;
	size_t n;
};

/*
 * From a struct that is all zero.  -1 with *e filled, and *line the line that
 * is at fault, or 0.
 */
int users_parse(
    struct users *u, const char *text, size_t n, unsigned *line, struct err *e);
void users_clear(struct users *u);

/* NULL: there is none. */
const struct users_entry *users_find(
    const struct users *u, const char *login, size_t n);

#endif
