/* SPDX-License-Identifier: ISC */
#ifndef MAIL_TARGETS_H
#define MAIL_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"
#include "mail/alias_expand.h"

/*
 * From the addresses somebody gave to those that mail goes to: local names
 * (no domain, or one of local.names) are looked up in the aliases, whatever is
 * then still local goes to local.admin, or where there is none to that name in
 * a domain, and local.redirect overrules all.
 */

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

/* What the administrator should know of the aliases. */
struct targets_note {
	bool is_error;
	const char *rcpt, *target; /* or NULL */
	const char *text;
};

struct targets_rules {
	const struct conf *conf;
	/* Called for each local name: the table may be read anew. */
	const struct aliases *(*aliases)(void *arg);
	alias_include *include;
	void (*note)(void *arg, const struct targets_note *n);
	void *arg;
};

/*
 * Expands the recipients of an envelope, each target once.  domain is where
 * mail for a local name goes that nobody is configured to get; NULL: that is an
 * error.  NULL with *e filled when nothing comes of it.
 */
struct expanded *targets_expand(const struct targets_rules *x,
    const struct envelope *env, const char *domain, struct err *e);
void expanded_free(struct expanded *v); /* NULL is fine */

#endif
