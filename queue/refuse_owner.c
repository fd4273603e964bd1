/* SPDX-License-Identifier: ISC */
/*
 * Whose failure it is.
 *
 * Told is the envelope's sender if the owner may use that address, else the
 * owner by his local name: whoever can write a drop file can write any sender
 * into it, and nobody else shall get his failures.  Mail with the null sender
 * is told to local.admin, as any of its kind.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/route.h"
#include "queue/ask.h"
#include "queue/expand.h"
#include "queue/refuse_owner.h"

/* The owner's name as an address, like the one that sendmail gives him. */
static char *
owner_address(uid_t owner, const char *name)
{
	if (name[0] == '\0' || addr_check(name, "5.1.7", NULL, NULL) == -1 ||
	    addr_domain(name) != NULL)
		return xasprintf("uid%lu", (unsigned long)owner);
	return xstrdup(name);
}

static int
choose_sender(const struct refuse_parts *p, uid_t owner, const char *given,
    char **sender, struct err *e)
{
	const struct route_users users = { ask_admits, p->ask };
	char name[MEMBER_NAME_MAX] = "";
	int may = given[0] == '\0';

	if (may == 0 && addr_check(given, "5.1.7", NULL, NULL) == 0)
		may = route_may_use(p->conf, &users, owner, given, e);
	if (may == -1 || (may == 0 && ask_name(p->ask, owner, name, e) == -1))
		return -1;
	*sender = may == 1 ? xstrdup(given) : owner_address(owner, name);
	return 0;
}

/* Aliases that cannot be read now are no reason to tell nobody. */
static int
check_reader(const struct refuse_parts *p, const char *sender, struct err *e)
{
	const char *to = sender[0] == '\0' ? p->conf->local.admin : sender;
	struct expanded *readers;

	if (to == NULL)
		return 0;
	readers = expand_address(p->expand, to, e);
	if (readers == NULL && e->class != ERR_PERM)
		return -1;
	expanded_free(readers);
	return 0;
}

static int
choose_account(const struct refuse_parts *p, uid_t owner,
    const struct envelope *env, char **account, struct err *e)
{
	const struct route_users users = { ask_admits, p->ask };
	const struct conf_account *a =
	    route_find(p->conf, &users, owner, env, e);

	if (a == NULL && e->class != ERR_PERM)
		return -1;
	if (a == NULL)
		a = &p->conf->accounts[p->conf->default_account];
	*account = xstrdup(a->name);
	return 0;
}

int
refuse_owner_fill(const struct refuse_parts *p, uid_t owner,
    const struct envelope *env, struct store_message *row, struct err *e)
{
	if (choose_sender(p, owner, env->sender, &row->sender, e) == -1 ||
	    check_reader(p, row->sender, e) == -1)
		return -1;
	return choose_account(p, owner, env, &row->account, e);
}
