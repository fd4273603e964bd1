/* SPDX-License-Identifier: ISC */
#ifndef MAIL_ALIAS_EXPAND_H
#define MAIL_ALIAS_EXPAND_H

#include <stddef.h>

#include "common/err.h"
#include "common/strlist.h"
#include "mail/alias.h"

/*
 * From a local name to those who get its mail, through aliases of aliases and
 * lists to include.  Nothing is run, written or opened: commands and files are
 * told for what they are, and the text of a list comes from the caller.
 *
 * Mail is never lost on the way.  Whatever leads nowhere (a loop, a list that
 * cannot be read, an alias for nobody) becomes a target of kind TARGET_LOCAL,
 * whose mail local.admin gets, and a note says why.
 */

#define ALIAS_DEPTH_MAX   20    /* aliases and lists within one another */
#define ALIAS_TARGETS_MAX 10000 /* of one name */

enum alias_target_kind {
	TARGET_ADDRESS, /* of another domain than ours */
	TARGET_LOCAL,   /* a name that is no alias */
	TARGET_COMMAND,
	TARGET_FILE
};

struct alias_target {
	enum alias_target_kind kind;
	char *text;
};

struct alias_targets {
	struct alias_target *v; /* each once, in the order of the aliases */
	size_t n;
	struct strlist notes; /* for the log; may be empty */
};

/*
 * Gives the text of a list to include: 0 with *text allocated, for free(), and
 * *n its octets; -1 with *e filled, which becomes a note.
 */
typedef int alias_include(
    void *arg, const char *path, char **text, size_t *n, struct err *e);

struct alias_rules {
	const struct aliases *aliases;
	const struct strlist *local_names; /* domains that are ours */
	alias_include *include;
	void *arg;
};

/*
 * Expands "name", "\\name" or "name@domain of ours".  0 with *out filled, for
 * alias_targets_clear; a name that is no alias is its own target.  "name+tag"
 * is looked up as it is, then without its tag.  -1 with *e filled (ERR_LOCAL)
 * and *out empty when there are too many targets.
 */
int alias_expand(const struct alias_rules *rules, const char *name,
    struct alias_targets *out, struct err *e);
void alias_targets_clear(struct alias_targets *t);

#endif
