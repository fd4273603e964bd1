/* SPDX-License-Identifier: ISC */
/* Recipients as given, to addresses that mail goes to. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/ask.h"
#include "queue/expand.h"

#define TARGETS_MAX 100000 /* of one message, after expansion */

struct expand {
	const struct conf *conf;
	struct ask *ask;
};

struct expand *
expand_new(const struct conf *conf, struct ask *ask)
{
	struct expand *x = xcalloc(1, sizeof(*x));

	x->conf = conf;
	x->ask = ask;
	return x;
}

void
expand_free(struct expand *x)
{
	free(x);
}

static void
target_clear(struct target *t)
{
	free(t->address);
	free(t->original);
	free(t->orcpt);
}

void
expanded_free(struct expanded *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->n; i++)
		target_clear(&v->v[i]);
	free(v->v);
	free(v);
}

static bool
is_local(const struct expand *x, const char *address)
{
	const char *domain = addr_domain(address);

	return domain == NULL || strlist_has(&x->conf->local.names, domain);
}

static void
add(struct expanded *out, const char *address, const struct envelope_rcpt *r)
{
	struct target *t;

	if ((out->n & (out->n - 1)) == 0)
		out->v = xreallocarray(
		    out->v, out->n == 0 ? 1 : 2 * out->n, sizeof(*out->v));
	t = &out->v[out->n++];
	memset(t, 0, sizeof(*t));
	t->address = xstrdup(address);
	t->notify = r->notify;
	if (strcmp(address, r->address) != 0)
		t->original = xstrdup(r->address);
	else if (r->orcpt != NULL)
		t->orcpt = xstrdup(r->orcpt);
}

/* By address, and of equals the first given first. */
static int
compare(const void *left, const void *right)
{
	const struct target *const *a = left, *const *b = right;
	int order = strcasecmp((*a)->address, (*b)->address);

	if (order != 0)
		return order;
	return *a < *b ? -1 : *a > *b;
}

/* Each address once, in the order given; n log n, since n may be 100,000. */
static void
drop_repeats(struct expanded *out)
{
	struct target **by = xcalloc(out->n, sizeof(struct target *));
	size_t i, kept = 0;

	for (i = 0; i < out->n; i++)
		by[i] = &out->v[i];
	qsort(by, out->n, sizeof(struct target *), compare);
	/* From the end, so that what is compared with is still there. */
	for (i = out->n; i-- > 1;)
		if (strcasecmp(by[i]->address, by[i - 1]->address) == 0) {
			free(by[i]->address);
			by[i]->address = NULL;
		}
	for (i = 0; i < out->n; i++)
		if (out->v[i].address != NULL)
			out->v[kept++] = out->v[i];
		else
			target_clear(&out->v[i]);
	out->n = kept;
	free(by);
}

static int
expand_one(struct expand *x, const struct envelope_rcpt *r,
    struct expanded *out, struct err *e)
{
	const struct conf_local *local = &x->conf->local;

	if (local->redirect != NULL)
		add(out, local->redirect, r);
	else if (!is_local(x, r->address))
		add(out, r->address, r);
	else if (local->admin != NULL)
		add(out, local->admin, r);
	else
		return err_set(e, ERR_PERM, "5.1.1",
		    "%s is a local name, and local.admin names nobody who "
		    "gets its mail",
		    r->address);
	if (out->n > TARGETS_MAX)
		return err_set(e, ERR_PERM, "5.5.3", "too many recipients");
	return 0;
}

struct expanded *
expand_rcpts(struct expand *x, const struct envelope *env, struct err *e)
{
	struct expanded *out = xcalloc(1, sizeof(*out));
	size_t i;

	for (i = 0; i < env->nrcpts; i++)
		if (expand_one(x, &env->rcpts[i], out, e) == -1) {
			expanded_free(out);
			return NULL;
		}
	drop_repeats(out);
	return out;
}

struct expanded *
expand_address(struct expand *x, const char *address, struct err *e)
{
	struct envelope_rcpt r = { .address = xstrdup(address) };
	struct envelope env = { .rcpts = &r, .nrcpts = 1 };
	struct expanded *out = expand_rcpts(x, &env, e);

	free(r.address);
	return out;
}

void
expanded_put_redirected(const struct expanded *v, struct buf *b)
{
	size_t i;

	buf_puts(b, "X-Mailchute-Redirected:");
	for (i = 0; i < v->n; i++)
		buf_printf(
		    b, "%s %s", i == 0 ? "" : ",\r\n\t", v->v[i].original);
	buf_puts(b, "\r\n");
}
