/* SPDX-License-Identifier: ISC */
/* Recipients as given, to addresses that mail goes to. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias.h"
#include "mail/alias_expand.h"
#include "queue/ask.h"
#include "queue/expand.h"

#define ALIASES_MAX (1024 * 1024)
#define READ_MAX    (16 * 1024)
#define TARGETS_MAX 100000 /* of one message, after expansion */

struct expand {
	const struct conf *conf;
	struct ask *ask;
	struct aliases *aliases; /* as the file stood at stamp */
	struct stat stamp;       /* all zero: there is no file */
	char *trouble;           /* with the file as it is now, and told */
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
	if (x == NULL)
		return;
	aliases_free(x->aliases);
	free(x->trouble);
	free(x);
}

/* ---- the file of aliases ---- */

/* All of an open file, which is closed; refused beyond ALIASES_MAX. */
static int
read_all(int fd, char **text, size_t *n, struct err *e)
{
	struct buf b;
	ssize_t got = 0;
	char *to;

	/* Whole reads fit as long as no more than that was read. */
	buf_init(&b, ALIASES_MAX + READ_MAX);
	while ((to = buf_reserve(&b, READ_MAX)) != NULL &&
	       (got = read(fd, to, READ_MAX)) > 0)
		buf_grew(&b, (size_t)got);
	close(fd);
	if (got == -1) {
		buf_clear(&b);
		return err_errno(e, ERR_LOCAL, "5.3.5", "cannot be read");
	}
	if (to == NULL) {
		buf_clear(&b);
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "is larger than %d octets", ALIASES_MAX);
	}
	*n = b.len;
	*text = buf_steal(&b);
	return 0;
}

static void
note_all(const char *file, const struct strlist *notes)
{
	size_t i;

	for (i = 0; i < notes->n; i++)
		log_event(LOG_WARNING, "aliases", "file", file, "text",
		    notes->v[i], NULL);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/*
 * The table stays as it was: mail goes where it went yesterday.  What is wrong
 * is told once, and not for each of a thousand messages.
 */
static void
keep_table(struct expand *x, const char *why)
{
	if (x->aliases == NULL)
		x->aliases = aliases_parse("", 0, NULL);
	if (x->trouble != NULL && strcmp(x->trouble, why) == 0)
		return;
	free(x->trouble);
	x->trouble = xstrdup(why);
	log_event(LOG_ERR, "aliases", "file", x->conf->local.aliases, "text",
	    why, NULL);
}

static void
take_table(
    struct expand *x, const char *text, size_t n, const struct stat *stamp)
{
	struct strlist bad = { NULL, 0 };

	aliases_free(x->aliases);
	x->aliases = aliases_parse(text, n, &bad);
	x->stamp = *stamp;
	note_all(x->conf->local.aliases, &bad);
	strlist_clear(&bad);
	free(x->trouble);
	x->trouble = NULL;
}

/*
 * Reads the file anew when it is another than before.  Only a file that is
 * gone is an empty one: a folder that was locked, or a disk that fails, must
 * not send root's mail elsewhere.
 */
static void
refresh(struct expand *x)
{
	struct stat st;
	struct err e;
	char *text;
	size_t n;
	int fd;

	if (stat(x->conf->local.aliases, &st) == -1) {
		if (errno != ENOENT && errno != ENOTDIR) {
			err_errno(&e, ERR_LOCAL, "5.3.5", "cannot be reached");
			keep_table(x, e.text);
			return;
		}
		memset(&st, 0, sizeof(st));
	}
	if (x->aliases != NULL && is_same_file(&st, &x->stamp))
		return;
	if (st.st_ino == 0) {
		take_table(x, "", 0, &st);
	} else if ((fd = ask_aliases(x->ask, &e)) == -1 ||
		   read_all(fd, &text, &n, &e) == -1) {
		keep_table(x, e.text);
	} else {
		take_table(x, text, n, &st);
		free(text);
	}
}

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	struct expand *x = arg;
	int fd = ask_include(x->ask, path, e);

	return fd == -1 ? -1 : read_all(fd, text, n, e);
}

/* ---- targets --------------------------------------------------------------
 */

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
add_target(struct expand *x, const struct alias_target *t, const char *domain,
    const struct envelope_rcpt *r, struct expanded *out, struct err *e)
{
	const char *admin = x->conf->local.admin;

	if (t->kind == TARGET_ADDRESS) {
		add(out, t->text, r);
		return 0;
	}
	if (t->kind != TARGET_LOCAL)
		log_event(LOG_WARNING, "aliases", "rcpt", r->address, "target",
		    t->text, "text",
		    "commands and files are not run or written; "
		    "local.admin gets the mail",
		    NULL);
	if (admin == NULL)
		return add_qualified(
		    t->kind == TARGET_LOCAL ? t->text : r->address, domain, r,
		    out, e);
	add(out, admin, r);
	return 0;
}

static int
expand_local(struct expand *x, const struct envelope_rcpt *r,
    const char *domain, struct expanded *out, struct err *e)
{
	const struct alias_target itself = { TARGET_LOCAL, r->address };
	const char *admin = x->conf->local.admin;
	struct alias_rules rules;
	struct alias_targets targets;
	size_t i;
	int rc = 0;

	refresh(x);
	rules = (struct alias_rules){ x->aliases, &x->conf->local.names,
		include, x };
	if (alias_expand(&rules, r->address, &targets, e) == -1) {
		/* No reason to keep the mail from everybody else. */
		log_event(LOG_ERR, "aliases", "file", x->conf->local.aliases,
		    "text", e->text, NULL);
		if (admin != NULL && addr_equal(admin, r->address))
			return -1; /* it is he who would get it */
		return add_target(x, &itself, domain, r, out, e);
	}
	note_all(x->conf->local.aliases, &targets.notes);
	for (i = 0; i < targets.n && rc == 0; i++)
		rc = add_target(x, &targets.v[i], domain, r, out, e);
	alias_targets_clear(&targets);
	return rc;
}

static int
expand_one(struct expand *x, const struct envelope_rcpt *r, const char *domain,
    struct expanded *out, struct err *e)
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

static struct expanded *
expand_all(struct expand *x, const struct envelope *env, const char *domain,
    struct err *e)
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

struct expanded *
expand_rcpts(struct expand *x, const struct envelope *env, struct err *e)
{
	return expand_all(x, env, x->conf->local.domain, e);
}

struct expanded *
expand_address(struct expand *x, const char *address, struct err *e)
{
	struct envelope_rcpt r = { .address = xstrdup(address) };
	struct envelope env = { .rcpts = &r, .nrcpts = 1 };
	struct expanded *out = expand_all(x, &env, NULL, e);

	free(r.address);
	return out;
}

const char *
expand_admin(const struct conf *conf)
{
	return conf->local.redirect != NULL ? conf->local.redirect
					    : conf->local.admin;
}

void
expand_put_redirected(const struct envelope *env, struct buf *b)
{
	size_t i;

	buf_puts(b, "X-Mailchute-Redirected:");
	for (i = 0; i < env->nrcpts; i++)
		buf_printf(
		    b, "%s %s", i == 0 ? "" : ",\r\n\t", env->rcpts[i].address);
	buf_puts(b, "\r\n");
}
