/* SPDX-License-Identifier: ISC */
/* "check": each account signs in, and whoever asked hears how that went. */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xalloc.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"

/* The client stays until all accounts have answered, be it gone or not. */
struct asked {
	struct client *client;
	size_t pending;
	struct asked_one {
		struct asked *all;
		size_t account;
	} one[];
};

static char *
lend(const char *text)
{
	return text[0] == '\0' ? NULL : (char *)(uintptr_t)text;
}

static void
lend_probe(const struct job_probe *from, struct ctl_probe *to)
{
	to->took = lend(from->took);
	to->sender = lend(from->sender);
	to->phase = lend(from->phase);
	to->code = from->code;
	to->status = lend(from->status);
	to->text = lend(from->text);
	to->meaning = lend(from->meaning);
	to->fix = lend(from->fix);
}

/* Nothing is allocated: the row is written at once. */
static void
put_row(struct client *c, size_t account, const struct job_ready *r,
    const struct job_result *why)
{
	struct dispatch_view v;
	struct ctl_session out = {
		.relay = lend(r->relay),
		.address = lend(r->address),
		.said = lend(r->said),
		.tls = lend(r->tls),
		.cipher = lend(r->cipher),
		.issuer = lend(r->issuer),
		.cert_until = r->cert_until,
		.offers = lend(r->offers),
		.size_max = r->size_max,
		.server_at = r->server_at,
		.greeted_at = r->greeted_at,
	};

	lend_probe(&r->probe, &out.probe);
	dispatch_view(c->parts->dispatch, account, &v);
	out.account = (char *)(uintptr_t)status_account_name(c, v.conf->name);
	if (v.conf->auth != AUTH_NONE)
		out.user = v.conf->user;
	if (why != NULL) {
		out.phase = (char *)(uintptr_t)why->phase;
		out.code = why->code;
		out.status = lend(why->status);
		out.text = lend(why->text);
		out.meaning = lend(why->meaning);
		out.fix = lend(why->fix);
	}
	ctl_put_session(&c->out, &out);
}

/* One less; with the last the answer is whole. */
static bool
is_last(struct asked *a)
{
	if (--a->pending > 0)
		return false;
	client_done(a->client, 0, "%s", "");
	free(a);
	return true;
}

static void
on_checked(void *arg, const struct job_ready *r, const struct job_result *why)
{
	const struct asked_one *one = arg;
	struct client *c = one->all->client;

	/* The token first, which the session needed first. */
	if (r != NULL) {
		status_put_token(c, one->account);
		status_put_ends(c, one->account);
		put_row(c, one->account, r, why);
	}
	if (is_last(one->all))
		client_resume(c);
}

void
source_check(struct client *c)
{
	size_t i, n = dispatch_accounts(c->parts->dispatch);
	struct asked *a;

	if (!c->may_all) {
		client_done(c, EX_NOPERM,
		    "only root, queue.user and members of queue.admin_group "
		    "may have an account sign in");
		return;
	}
	a = xcalloc(1, sizeof(*a) + n * sizeof(a->one[0]));
	a->client = c;
	a->pending = n + 1;
	c->is_waiting = true;
	for (i = 0; i < n; i++) {
		a->one[i] = (struct asked_one){ a, i };
		dispatch_check(c->parts->dispatch, i, on_checked, &a->one[i]);
	}
	if (is_last(a))
		c->is_waiting = false;
}
