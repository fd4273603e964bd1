/* SPDX-License-Identifier: ISC */
/* Recipients as given, to addresses that mail goes to. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/targets.h"

#define TARGETS_MAX 100000 /* of one message, after expansion */

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

static void
note(const struct targets_rules *x, const struct targets_note *n)
{
	x->note(x->arg, n);
}

static bool
is_local(const struct targets_rules *x, const char *address)
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

/*
 * A local name whose mail nobody is configured to get: to that name in our
 * domain, whose server judges it; a message must not be refused to all of its
 * recipients for one of them.  NULL as domain: there is no such way.
 */
static int
add_qualified(const char *name, const char *domain,
    const struct envelope_rcpt *r, struct expanded *out, struct err *e)
{
	size_t n = addr_domain(name) == NULL
		       ? strlen(name)
		       : (size_t)(addr_domain(name) - name) - 1;
	char *address;
	int rc = -1;

	if (domain == NULL)
		return err_set(e, ERR_PERM, "5.1.1",
		    "%s is a local name, and local.admin names nobody who "
		    "gets its mail",
		    r->address);
	address = xasprintf("%.*s@%s", (int)n, name, domain);
	if (addr_check(address, "5.1.1", NULL, e) == 0) {
		add(out, address, r);
		rc = 0;
	}
	free(address);
	return rc;
}

/* Commands are never run and files never written: that mail is the admin's. */
static int
add_target(const struct targets_rules *x, const struct alias_target *t,
    const char *domain, const struct envelope_rcpt *r, struct expanded *out,
    struct err *e)
{
	const char *admin = x->conf->local.admin;

	if (t->kind == TARGET_ADDRESS) {
		add(out, t->text, r);
		return 0;
	}
	if (t->kind != TARGET_LOCAL)
		note(x, &(struct targets_note){ .rcpt = r->address,
			    .target = t->text,
			    .text = "commands and files are not run or "
				    "written; local.admin gets the mail" });
	if (admin == NULL)
		return add_qualified(
		    t->kind == TARGET_LOCAL ? t->text : r->address, domain, r,
		    out, e);
	add(out, admin, r);
	return 0;
}

static int
expand_local(const struct targets_rules *x, const struct envelope_rcpt *r,
    const char *domain, struct expanded *out, struct err *e)
{
	const struct alias_target itself = { TARGET_LOCAL, r->address };
	const char *admin = x->conf->local.admin;
	struct alias_rules rules;
	struct alias_targets targets;
	size_t i;
	int rc = 0;

	rules = (struct alias_rules){ x->aliases(x->arg), &x->conf->local.names,
		x->include, x->arg };
	if (alias_expand(&rules, r->address, &targets, e) == -1) {
		/* No reason to keep the mail from everybody else. */
		note(x, &(struct targets_note){
			    .is_error = true, .text = e->text });
		if (admin != NULL && addr_equal(admin, r->address))
			return -1; /* it is he who would get it */
		return add_target(x, &itself, domain, r, out, e);
	}
	for (i = 0; i < targets.notes.n; i++)
		note(x, &(struct targets_note){ .text = targets.notes.v[i] });
	for (i = 0; i < targets.n && rc == 0; i++)
		rc = add_target(x, &targets.v[i], domain, r, out, e);
	alias_targets_clear(&targets);
	return rc;
}

static int
expand_one(const struct targets_rules *x, const struct envelope_rcpt *r,
    const char *domain, struct expanded *out, struct err *e)
{
	if (x->conf->local.redirect != NULL)
		add(out, x->conf->local.redirect, r);
	else if (!is_local(x, r->address))
		add(out, r->address, r);
	else if (expand_local(x, r, domain, out, e) == -1)
		return -1;
	if (out->n > TARGETS_MAX)
		return err_set(e, ERR_PERM, "5.5.3", "too many recipients");
	return 0;
}

struct expanded *
targets_expand(const struct targets_rules *x, const struct envelope *env,
    const char *domain, struct err *e)
{
	struct expanded *out = xcalloc(1, sizeof(*out));
	size_t i;

	for (i = 0; i < env->nrcpts; i++)
		if (expand_one(x, &env->rcpts[i], domain, out, e) == -1) {
			expanded_free(out);
			return NULL;
		}
	drop_repeats(out);
	return out;
}
