/* SPDX-License-Identifier: ISC */
/* The choice of an account for a message. */
#include "config.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/ask.h"
#include "queue/route.h"

/* 1, 0, -1: membership is known to the parent alone. */
static int
admits(const struct conf *conf, struct ask *ask, size_t account, uid_t uid,
    struct err *e)
{
	bool member;

	if (conf->accounts[account].users.n == 0)
		return 1;
	if (ask_member(ask, (uint32_t)account, uid, &member, e) == -1)
		return -1;
	return member ? 1 : 0;
}

/* A bare name is a user of this host, whose address has our domain. */
static char *
qualified(const struct conf *conf, const char *address)
{
	if (address[0] == '\0' || addr_domain(address) != NULL)
		return xstrdup(address);
	return xasprintf("%s@%s", address, conf->local.domain);
}

const struct conf_account *
route_find(const struct conf *conf, struct ask *ask, uid_t uid,
    const struct envelope *env, struct err *e)
{
	const char *given = env->from != NULL ? env->from : env->sender;
	char *sender = qualified(conf, given);
	const struct conf_account *found = NULL;
	size_t i;
	int may = 0;

	/* With one account there is nothing to match. */
	for (i = 0; conf->naccounts > 1 && i < conf->naccounts && may == 0;
	     i++) {
		if (!addr_match_any(&conf->accounts[i].senders, sender))
			continue;
		if ((may = admits(conf, ask, i, uid, e)) == 1)
			found = &conf->accounts[i];
	}
	free(sender);
	if (may == 0 &&
	    (may = admits(conf, ask, conf->default_account, uid, e)) == 1)
		found = &conf->accounts[conf->default_account];
	if (may == 0)
		err_set(e, ERR_PERM, "5.7.1",
		    "no account may be used by uid %lu: see account.users "
		    "in %s",
		    (unsigned long)uid, conf->path);
	return found;
}

int
route_may_use(const struct conf *conf, struct ask *ask, uid_t uid,
    const char *address, struct err *e)
{
	size_t i;
	int may = 0;

	for (i = 0; i < conf->naccounts && may == 0; i++)
		if (addr_match_any(&conf->accounts[i].senders, address))
			may = admits(conf, ask, i, uid, e);
	return may;
}
