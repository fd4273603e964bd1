/* SPDX-License-Identifier: ISC */
/* Keeping access tokens, unread. */
#include "config.h"

#include <sys/stat.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/memfile.h"
#include "common/proto_job.h"
#include "common/xalloc.h"
#include "queue/vault.h"

/* Ten values, each of a line of the configuration (64 KiB), and more. */
#define ASKS_MAX (1024 * 1024)

struct place {
	char *asks; /* who asks whom for what; NULL: the account does not */
	int fd;     /* -1: no token */
	bool is_noted;
	struct token_granted granted;
};

struct vault {
	struct place *v; /* one for each account */
	size_t n;
};

/*
 * All that decides whose token it is, and what is thought of it.  Blanks and
 * line ends in a value cannot make two accounts alike, since the lengths stand
 * there.
 */
static char *
asks_of(const struct conf_account *a)
{
	const char *s[] = { a->name, a->token_url, a->scope, a->client_id,
		a->tenant, a->user, a->client_secret_file, a->certificate_file,
		a->key_file, a->federated_token_file };
	struct buf b;
	size_t i;

	if (!conf_asks_tokens(a))
		return NULL;
	buf_init(&b, ASKS_MAX);
	buf_printf(
	    &b, "%d %d %d", (int)a->provider, (int)a->grant, (int)a->app_rbac);
	for (i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		if (s[i] == NULL)
			buf_puts(&b, " -");
		else
			buf_printf(&b, " %zu %s", strlen(s[i]), s[i]);
	return buf_steal(&b);
}

static struct place *
make_places(const struct conf *conf)
{
	struct place *p = xcalloc(conf->naccounts + 1, sizeof(*p));
	size_t i;

	for (i = 0; i < conf->naccounts; i++) {
		p[i].asks = asks_of(&conf->accounts[i]);
		p[i].fd = -1;
	}
	return p;
}

static void
free_places(struct place *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i].fd != -1)
			close(p[i].fd);
		free(p[i].asks);
	}
	free(p);
}

struct vault *
vault_new(const struct conf *conf)
{
	struct vault *v = xcalloc(1, sizeof(*v));

	v->v = make_places(conf);
	v->n = conf->naccounts;
	return v;
}

void
vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	free_places(v->v, v->n);
	free(v);
}

void
vault_close(struct vault *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->v[i].fd != -1) {
			close(v->v[i].fd);
			v->v[i].fd = -1;
		}
}

/* The token of the account that asked for the same, if there was one. */
static void
inherit(struct place *to, struct place *from, size_t n)
{
	size_t i;

	for (i = 0; i < n && to->asks != NULL; i++)
		if (from[i].asks != NULL &&
		    strcmp(from[i].asks, to->asks) == 0) {
			to->fd = from[i].fd;
			to->is_noted = from[i].is_noted;
			to->granted = from[i].granted;
			from[i].fd = -1;
			return;
		}
}

void
vault_set_conf(struct vault *v, const struct conf *conf)
{
	struct place *p = make_places(conf);
	size_t i;

	for (i = 0; i < conf->naccounts; i++)
		inherit(&p[i], v->v, v->n);
	free_places(v->v, v->n);
	v->v = p;
	v->n = conf->naccounts;
}

int
vault_keep(struct vault *v, uint32_t account, int fd, struct err *e)
{
	struct place *p = &v->v[account];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "the access token");
	if (st.st_size <= 0 || st.st_size > JOB_SECRET_MAX ||
	    !memfile_is_sealed(fd))
		return err_set(e, ERR_TEMP, "4.3.5",
		    "the program token handed over no access token");
	if (p->fd != -1)
		close(p->fd);
	p->fd = fd;
	p->is_noted = false;
	return 0;
}

int
vault_fd(const struct vault *v, uint32_t account, struct err *e)
{
	const struct place *p = &v->v[account];

	if (p->fd == -1)
		return err_set(
		    e, ERR_TEMP, "4.7.0", "there is no access token yet");
	if (p->is_noted && p->granted.until <= time(NULL))
		return err_set(e, ERR_TEMP, "4.7.0",
		    "the access token has ended, and there is no other yet");
	return p->fd;
}

void
vault_note(struct vault *v, uint32_t account, const struct token_granted *g)
{
	struct place *p = &v->v[account];

	if (p->fd == -1)
		return;
	p->granted = *g;
	p->is_noted = true;
}

int
vault_known(const struct vault *v, uint32_t account, struct token_granted *g,
    struct err *e)
{
	const struct place *p = &v->v[account];

	if (p->fd == -1 || !p->is_noted)
		return err_set(
		    e, ERR_TEMP, "4.7.0", "nothing is known of a token");
	*g = p->granted;
	return 0;
}
