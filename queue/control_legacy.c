/* SPDX-License-Identifier: ISC */
/*
 * "mailchute legacy": an administrator sends an account's mail to the legacy
 * host for a time, or has it come back.  Only accounts with legacy = fallback
 * can be sent anywhere: always has no default endpoint, and off means never.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/conf_value.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/batch.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"

struct change {
	struct client *client;
	bool *chosen; /* by account */
};

static bool
is_named(const struct conf_account *a, const char *name)
{
	return name == NULL || strcmp(a->name, name) == 0 ||
	       strcmp(account_shown_name(a), name) == 0;
}

/* How many, or what is wrong with the request in *why, to be freed. */
static size_t
choose(struct client *c, bool *chosen, char **why)
{
	const struct conf *conf = c->parts->conf;
	const char *name = c->request.account;
	size_t i, named = 0, n = 0;

	for (i = 0; i < conf->naccounts; i++) {
		if (!is_named(&conf->accounts[i], name))
			continue;
		named++;
		chosen[i] = conf->accounts[i].legacy == LEGACY_FALLBACK;
		n += chosen[i];
	}
	if (named == 0)
		*why = xasprintf("there is no account %s", name);
	else if (n == 0 && name != NULL)
		*why = xasprintf(
		    "account %s does not have legacy = fallback", name);
	else if (n == 0)
		*why = xstrdup("no account has legacy = fallback");
	return n;
}

static int
work(void *arg, struct err *e)
{
	const struct change *g = arg;
	const struct control_parts *p = g->client->parts;
	size_t i;

	for (i = 0; i < p->conf->naccounts; i++)
		if (g->chosen[i] && dispatch_save(p->dispatch, i, e) == -1)
			return -1;
	return 0;
}

static void
say(struct client *c, size_t i)
{
	const struct conf_account *a = &c->parts->conf->accounts[i];
	struct buf b;

	if (c->request.for_s == 0) {
		client_say(c, "account %s: mail goes by the default endpoint",
		    account_shown_name(a));
		return;
	}
	buf_init(&b, 64);
	conf_put_duration(&b, (int64_t)c->request.for_s);
	client_say(c, "account %s: mail goes by %s for %s",
	    account_shown_name(a), a->legacy_host, buf_data(&b));
	buf_clear(&b);
}

static void
done(void *arg, const struct err *failed)
{
	struct change *g = arg;
	struct client *c = g->client;
	size_t i;

	if (failed != NULL)
		client_done(c, EX_TEMPFAIL, "%s", failed->text);
	for (i = 0; failed == NULL && i < c->parts->conf->naccounts; i++)
		if (g->chosen[i])
			say(c, i);
	if (failed == NULL) {
		client_done(c, 0, "%s", "");
		dispatch_kick(c->parts->dispatch, NULL);
	}
	free(g->chosen);
	free(g);
	client_resume(c);
}

void
source_legacy(struct client *c)
{
	size_t i, n = c->parts->conf->naccounts;
	struct change *g;
	char *why = NULL;

	if (!c->may_all) {
		client_done(c, EX_NOPERM,
		    "only root, queue.user and queue.admin_group may change "
		    "the endpoint");
		return;
	}
	if (c->request.for_s > LEGACY_FOR_MAX_S) {
		client_done(c, EX_USAGE, "that is longer than 366 days");
		return;
	}
	g = xcalloc(1, sizeof(*g));
	g->client = c;
	g->chosen = xcalloc(n, sizeof(*g->chosen));
	if (choose(c, g->chosen, &why) == 0) {
		client_done(c, EX_CONFIG, "%s", why);
		free(why);
		free(g->chosen);
		free(g);
		return;
	}
	for (i = 0; i < n; i++)
		if (g->chosen[i])
			dispatch_set_legacy(
			    c->parts->dispatch, i, (int64_t)c->request.for_s);
	c->is_waiting = true;
	batch_join(c->parts->batch, 0, work, done, g);
}
