/* SPDX-License-Identifier: ISC */
/*
 * From the configuration to the answers that were given before, and from the
 * answers to the options that are setup's own.  No other option is touched,
 * but for those of a provider that is left.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/setup.h"
#include "common/conf_provider.h"
#include "common/xalloc.h"

#define CONF_MAX  (4 * 1024 * 1024)
#define TYPED_MAX 4096

static enum provider
provider_of(const char *word)
{
	size_t i;

	for (i = 0; word != NULL && i <= PROVIDER_SMTP; i++)
		if (strcmp(conf_provider_get((enum provider)i)->name, word) ==
		    0)
			return (enum provider)i;
	return PROVIDER_OFFICE365;
}

static bool
is_given(const struct conf_edit *x, const char *section, const char *option)
{
	char *value = conf_edit_get(x, section, option);
	bool rc = value != NULL;

	free(value);
	return rc;
}

static enum setup_way
way_of(const struct conf_edit *x, const char *section)
{
	static const struct {
		const char *option;
		enum setup_way way;
	} ways[] = { { "federated_token_file", WAY_FEDERATED },
		{ "certificate_file", WAY_CERTIFICATE },
		{ "client_secret_file", WAY_SECRET },
		{ "password_file", WAY_PASSWORD } };
	char *grant = conf_edit_get(x, section, "grant");
	enum setup_way way = WAYS;
	size_t i;

	if (grant != NULL && strcmp(grant, "refresh_token") == 0)
		way = WAY_DEVICE;
	else if (grant != NULL && strcmp(grant, "managed_identity") == 0)
		way = WAY_MANAGED;
	free(grant);
	for (i = 0; way == WAYS && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (is_given(x, section, ways[i].option))
			way = ways[i].way;
	return way == WAYS ? WAY_CERTIFICATE : way;
}

static void
file_of(struct setup_file *f, const struct conf_edit *x, const char *section,
    const char *option)
{
	memset(f, 0, sizeof(*f));
	buf_init(&f->typed, TYPED_MAX);
	f->name = conf_edit_get(x, section, option);
}

struct setup_answers
setup_answers_of(const struct conf_edit *x, const char *section)
{
	struct setup_answers a = { .way = way_of(x, section) };
	char *word = conf_edit_get(x, section, "provider");

	a.provider = provider_of(word);
	free(word);
	word = conf_edit_get(x, section, "app_rbac");
	if (word != NULL && strcasecmp(word, "yes") == 0)
		a.right = RIGHT_ROLE;
	free(word);
	a.user = conf_edit_get(x, section, "user");
	a.admin = conf_edit_get(x, "local", "admin");
	a.tenant = conf_edit_get(x, section, "tenant");
	a.client_id = conf_edit_get(x, section, "client_id");
	a.expires = conf_edit_get(x, section, "client_secret_expires");
	a.host = conf_edit_get(x, section, "host");
	a.port = conf_edit_get(x, section, "port");
	a.tls = conf_edit_get(x, section, "tls");
	a.auth = conf_edit_get(x, section, "auth");
	file_of(&a.secret, x, section,
	    a.way == WAY_PASSWORD ? "password_file" : "client_secret_file");
	file_of(&a.certificate, x, section, "certificate_file");
	a.certificate.is_public = true;
	file_of(&a.key, x, section, "key_file");
	file_of(&a.federated, x, section, "federated_token_file");
	a.federated.is_public = true;
	return a;
}

static void
file_clear(struct setup_file *f)
{
	free(f->name);
	free(f->staged);
	buf_wipe(&f->typed);
}

void
setup_answers_clear(struct setup_answers *a)
{
	free(a->user);
	free(a->admin);
	free(a->tenant);
	free(a->client_id);
	free(a->expires);
	free(a->host);
	free(a->port);
	free(a->tls);
	free(a->auth);
	file_clear(&a->secret);
	file_clear(&a->certificate);
	file_clear(&a->key);
	file_clear(&a->federated);
	memset(a, 0, sizeof(*a));
}

/* ---- writing ------------------------------------------------------------- */

/* What an option becomes; NULL: it goes. */
struct setting {
	const char *option, *value;
};

static const char *
grant_of(enum setup_way way)
{
	switch (way) {
	case WAY_DEVICE:
		return "refresh_token";
	case WAY_MANAGED:
		return "managed_identity";
	case WAY_FEDERATED:
		return "federated";
	case WAY_CERTIFICATE:
	case WAY_SECRET:
	case WAY_PASSWORD:
	case WAYS:
		break;
	}
	return NULL; /* the default, or none */
}

/* LOGIN or PLAIN, where a person has chosen between the two. */
static const char *
auth_of(const struct setup_answers *a)
{
	return a->way == WAY_PASSWORD && a->auth != NULL &&
		       setup_wrong_auth(a->auth) == NULL
		   ? a->auth
		   : NULL;
}

/* What was said of the servers of another cloud holds for no other. */
static const char *const of_provider[] = { "host", "port", "tls", "legacy",
	"legacy_host", "token_url", "scope", NULL };
/* With a password these mean nothing, and the reader takes offence. */
static const char *const of_oauth[] = { "token_url", "scope", "assertion",
	"proxy", NULL };

static void
leave(struct conf_edit *x, const char *section, const char *const *options)
{
	for (; *options != NULL; options++)
		conf_edit_remove(x, section, *options);
}

static int
apply(
    struct conf_edit *x, const char *section, const struct setting *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].value == NULL)
			conf_edit_remove(x, section, v[i].option);
		else if (conf_edit_set(x, section, v[i].option, v[i].value) ==
			 -1)
			return -1;
	return 0;
}

static int
apply_server(
    const struct setup_answers *a, struct conf_edit *x, const char *section)
{
	const struct setting settings[] = { { "host", a->host },
		{ "port", a->port }, { "tls", a->tls } };
	char *word = conf_edit_get(x, section, "provider");
	bool is_same = provider_of(word) == a->provider;
	const char *name = conf_provider_get(a->provider)->name;
	int rc = 0;

	if (!is_same)
		leave(x, section, of_provider);
	/* The default needs no line. */
	if (!is_same || word != NULL)
		rc = conf_edit_set(x, section, "provider", name);
	free(word);
	if (rc == 0 && a->provider == PROVIDER_SMTP)
		rc = apply(x, section, settings,
		    sizeof(settings) / sizeof(settings[0]));
	return rc;
}

int
setup_apply(
    const struct setup_answers *a, struct conf_edit *x, const char *section)
{
	bool is_oauth = a->way != WAY_PASSWORD;
	bool has_secret = a->way == WAY_SECRET;
	bool has_certificate = a->way == WAY_CERTIFICATE;
	bool has_role = WAY_IS_APP(a->way) && a->right == RIGHT_ROLE;
	bool has_tenant = is_oauth && a->way != WAY_MANAGED;
	const struct setting settings[] = {
		{ "user", a->user },
		{ "auth", auth_of(a) },
		{ "grant", grant_of(a->way) },
		{ "tenant", has_tenant ? a->tenant : NULL },
		{ "client_id", is_oauth ? a->client_id : NULL },
		{ "client_secret_file", has_secret ? a->secret.name : NULL },
		{ "client_secret_expires", has_secret ? a->expires : NULL },
		{ "certificate_file",
		    has_certificate ? a->certificate.name : NULL },
		{ "key_file", has_certificate ? a->key.name : NULL },
		{ "app_rbac", has_role ? "yes" : NULL },
		{ "federated_token_file",
		    a->way == WAY_FEDERATED ? a->federated.name : NULL },
		{ "password_file", is_oauth ? NULL : a->secret.name },
		{ "password_command", NULL },
		{ "token_file", NULL },
	};
	int rc = conf_edit_set(x, "local", "admin", a->admin);

	if (rc == 0)
		rc = apply_server(a, x, section);
	if (!is_oauth)
		leave(x, section, of_oauth);
	if (rc == 0)
		rc = apply(x, section, settings,
		    sizeof(settings) / sizeof(settings[0]));
	return rc;
}

struct conf *
setup_load(const struct setup *s, struct conf_problems *p)
{
	struct conf *c = NULL;
	struct buf b;

	buf_init(&b, CONF_MAX);
	if (conf_edit_put(s->text, &b) == 0)
		c = conf_parse(
		    s->conf_path, buf_data(&b), b.len, CONF_FULL, NULL, p);
	else
		strlist_add(&p->errors, "the configuration is too large");
	buf_clear(&b);
	return c;
}

const struct conf_account *
setup_account(const struct setup *s, const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++)
		if (strcmp(c->accounts[i].name, s->account) == 0)
			return &c->accounts[i];
	return &c->accounts[c->default_account];
}
