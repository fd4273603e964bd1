/* SPDX-License-Identifier: ISC */
/* The account's part of the configuration, as deliver needs it. */
#include "config.h"

#include <string.h>

#include "common/xalloc.h"
#include "common/job_session.h"

#define TLS_MIN_LEGACY 10

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static void
copy_list(struct strlist *to, const struct strlist *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		strlist_add(to, from->v[i]);
}

void
session_describe(const struct conf *conf, const struct conf_account *a,
    struct job_session *s)
{
	memset(s, 0, sizeof(*s));
	s->account = xstrdup(a->name);
	s->provider = a->provider;
	copy_list(&s->hosts, &a->hosts);
	s->port = a->port;
	s->tls = a->tls;
	s->tls_min = a->tls_min;
	s->ca_file = copy(a->tls_ca_file);
	s->family = a->family;
	s->user = copy(a->user);
	s->auth = a->auth;
	s->secret = a->auth == AUTH_NONE ? JOB_SECRET_NONE : JOB_SECRET_FD;
	s->chunking = a->chunking;
	s->linger_ms = a->linger_s * 1000;
	s->helo = copy(conf->local.hostname);
	s->sandbox = conf->sandbox;
	copy_list(&s->senders, &a->senders);
	s->rewrite = a->rewrite;
	s->original_from = a->original_from;
	copy_list(&s->local_names, &conf->local.names);
	s->domain = copy(conf->local.domain);
	s->hostname = copy(conf->local.hostname);
	s->log_target = conf->log.target;
	s->log_level = (unsigned)conf->log.level;
}

void
session_turn_legacy(const struct conf_account *a, struct job_session *s)
{
	strlist_clear(&s->hosts);
	strlist_add(&s->hosts, a->legacy_host);
	s->first_host = 0;
	s->tls_min = TLS_MIN_LEGACY;
}
