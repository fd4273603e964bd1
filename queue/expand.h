/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_EXPAND_H
#define QUEUE_EXPAND_H

#include <stddef.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"

struct ask;

/*
 * From the addresses somebody gave to those that mail goes to: local names
 * (no domain, or one of local.names) are looked up in local.aliases, whatever
 * is then still local goes to local.admin, or where there is none to that name
 * in local.domain, and local.redirect overrules all.
 */
struct expand;
struct expand *expand_new(const struct conf *conf, struct ask *ask);
void expand_free(struct expand *x);

/* One address to deliver to, and how it was given. */
struct target {
	char *address;
	char *original; /* as submitted, when it is another; or NULL */
	char *orcpt;    /* RFC 3461: only where the address is the same */
	unsigned notify;
};
struct expanded {
	struct target *v;
	size_t n;
};

/*
 * Expands the recipients of an envelope, each target once.  NULL with *e
 * filled when nothing comes of it (too many targets).
 */
struct expanded *expand_rcpts(
    struct expand *x, const struct envelope *env, struct err *e);

/*
 * The same of one address that we write to ourselves; NULL also for a local
 * name without an alias where there is no local.admin.
 */
struct expanded *expand_address(
    struct expand *x, const char *address, struct err *e);
void expanded_free(struct expanded *v); /* NULL is fine */

/* Where the administrator reads: local.redirect overrules local.admin, too. */
const char *expand_admin(const struct conf *conf);

/* A header field that names the recipients local.redirect took away. */
void expand_put_redirected(const struct envelope *env, struct buf *b);

#endif
