/* SPDX-License-Identifier: ISC */
/* MAIL and RCPT for one server. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "delivery/command.h"
#include "delivery/ehlo.h"
#include "delivery/idn.h"
#include "delivery/outgoing.h"

/* RFC 3461 4.4 allows an ENVID of 100 characters, 4.2 an ORCPT of 500. */
#define ENVID_MAX  100
#define ORCPT_MAX  500
#define PARAMS_MAX 1024

/* The address as it is said here, or NULL. */
static char *
say_address(const char *address, unsigned offers, bool *needs_utf8)
{
	const char *at;
	char *local, *domain, *whole = NULL;

	if (!idn_is_needed(address))
		return xstrdup(address);
	if ((at = addr_domain(address)) == NULL)
		return NULL;
	local = xstrndup(address, (size_t)(at - address));
	if (!idn_is_needed(local) && (domain = idn_to_ascii(at)) != NULL) {
		whole = xasprintf("%s%s", local, domain);
		free(domain);
	} else if ((offers & EHLO_SMTPUTF8) != 0) {
		whole = xstrdup(address);
		*needs_utf8 = true;
	}
	free(local);
	return whole;
}

void
outgoing_init(struct outgoing *o, const struct job_message *m,
    const char *sender, unsigned offers)
{
	size_t i;

	memset(o, 0, sizeof(*o));
	o->message = m;
	o->offers = offers;
	o->sender = say_address(sender, offers, &o->needs_utf8);
	o->rcpts = xcalloc(m->env.nrcpts + 1, sizeof(*o->rcpts));
	for (i = 0; i < m->env.nrcpts; i++)
		o->rcpts[i].address = say_address(
		    m->env.rcpts[i].address, offers, &o->needs_utf8);
}

void
outgoing_clear(struct outgoing *o)
{
	size_t i;

	if (o->message != NULL)
		for (i = 0; i < o->message->env.nrcpts; i++)
			free(o->rcpts[i].address);
	free(o->rcpts);
	free(o->sender);
	memset(o, 0, sizeof(*o));
}

/* A value that the sender gave as xtext: one word of printable ASCII. */
static bool
is_xtext(const char *s, size_t max)
{
	size_t n = strlen(s);

	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return n > 0 && n <= max;
}

static void
add_param(char *params, const char *name, const char *value)
{
	strlcat(params, " ", PARAMS_MAX);
	strlcat(params, name, PARAMS_MAX);
	strlcat(params, value, PARAMS_MAX);
}

static void
add_return_params(const struct outgoing *o, char *params)
{
	const struct envelope *env = &o->message->env;

	if ((o->offers & EHLO_DSN) == 0)
		return;
	if (env->ret == RET_FULL)
		add_param(params, "RET=", "FULL");
	else if (env->ret == RET_HDRS)
		add_param(params, "RET=", "HDRS");
	if (env->envid != NULL && is_xtext(env->envid, ENVID_MAX))
		add_param(params, "ENVID=", env->envid);
}

int
outgoing_put_mail(const struct outgoing *o, struct conn *c, uint64_t size,
    bool is_8bit, struct err *e)
{
	char params[PARAMS_MAX] = "", number[24];

	if ((o->offers & EHLO_SIZE) != 0 && size != 0) {
		snprintf(
		    number, sizeof(number), "%llu", (unsigned long long)size);
		add_param(params, "SIZE=", number);
	}
	if (is_8bit && (o->offers & EHLO_8BITMIME) != 0)
		add_param(params, "BODY=", "8BITMIME");
	if (o->needs_utf8 && (o->offers & EHLO_SMTPUTF8) != 0)
		add_param(params, "SMTPUTF8", "");
	add_return_params(o, params);
	return command_put(c, e, "MAIL FROM:<%s>%s", o->sender, params);
}

static void
add_notify(char *params, unsigned notify)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = { { NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" }, { NOTIFY_DELAY, "DELAY" } };
	char list[32] = "";
	size_t i;

	if (notify == 0)
		return;
	if ((notify & NOTIFY_NEVER) != 0) {
		add_param(params, "NOTIFY=", "NEVER");
		return;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((notify & names[i].bit) == 0)
			continue;
		if (list[0] != '\0')
			strlcat(list, ",", sizeof(list));
		strlcat(list, names[i].name, sizeof(list));
	}
	add_param(params, "NOTIFY=", list);
}

int
outgoing_put_rcpt(
    const struct outgoing *o, size_t i, struct conn *c, struct err *e)
{
	const struct envelope_rcpt *r = &o->message->env.rcpts[i];
	char params[PARAMS_MAX] = "";

	if ((o->offers & EHLO_DSN) != 0) {
		add_notify(params, r->notify);
		if (r->orcpt != NULL && is_xtext(r->orcpt, ORCPT_MAX))
			add_param(params, "ORCPT=", r->orcpt);
	}
	return command_put(c, e, "RCPT TO:<%s>%s", o->rcpts[i].address, params);
}
