/* SPDX-License-Identifier: ISC */
/* The choice of an account for a message. */
#include "config.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/route.h"

static int
admits(const struct conf *conf, const struct route_users *users, size_t account,
    uid_t uid, struct err *e)
{
	if (conf->accounts[account].users.n == 0)
		return 1;
	return users->admits(users->arg, account, uid, e);
}

/* A bare name is a user of this host, whose address has our domain. */
char *
route_sender(const struct conf *conf, const struct envelope *env)
{
	const char *address = env->from != NULL ? env->from : env->sender;

	if (address[0] == '\0' || addr_domain(address) != NULL)
		return xstrdup(address);
	return xasprintf("%s@%s", address, conf->local.domain);
}

const struct conf_account *
route_find(const struct conf *conf, const struct route_users *users, uid_t uid,
    const struct envelope *env, struct err *e)
{
	char *sender = route_sender(conf, env);
	const struct conf_account *found = NULL;
	size_t i;
	int may = 0;

	/* With one account there is nothing to match. */
	for (i = 0; conf->naccounts > 1 && i < conf->naccounts && may == 0;
	     i++) {
		if (!addr_match_any(&conf->accounts[i].senders, sender))
			continue;
		if ((may = admits(conf, users, i, uid, e)) == 1)
			found = &conf->accounts[i];
	}
	free(sender);
	if (may == 0 &&
	    (may = admits(conf, users, conf->default_account, uid, e)) == 1)
		found = &conf->accounts[conf->default_account];
	if (may == 0)
		err_set(e, ERR_PERM, "5.7.1",
		    "no account may be used by uid %lu: see account.users "
		    "in %s",
		    (unsigned long)uid, conf->path);
	return found;
}

int
route_may_use(const struct conf *conf, const struct route_users *users,
    uid_t uid, const char *address, struct err *e)
{
	size_t i;
	int may = 0;

	for (i = 0; i < conf->naccounts && may == 0; i++)
		if (addr_match_any(&conf->accounts[i].senders, address))
			may = admits(conf, users, i, uid, e);
	return may;
}
