/* SPDX-License-Identifier: ISC */
/*
 * The rules of a listener for a message.  smtpd has spoken with strangers, so
 * what it says is judged here as if they had said it.
 */
#include "config.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_syntax.h"
#include "common/log.h"
#include "common/siphash.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/device_store.h"
#include "queue/origin.h"
#include "queue/submitter.h"

static const struct conf_listen *
find_listener(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nlisteners; i++)
		if (strcmp(c->listeners[i].name, name) == 0)
			return &c->listeners[i];
	return NULL;
}

/* In a time that says nothing of where they differ. */
static bool
is_same(const uint8_t *a, const uint8_t *b)
{
	unsigned differ = 0;
	size_t i;

	for (i = 0; i < ORIGIN_TOKEN; i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	return differ == 0;
}

const char *
origin_login(const struct origin *o)
{
	return o->login == NULL ? "" : o->login;
}

/*
 * A login, wherever it comes from, or an address; of IPv6 the /64, as
 * queue/gate.h counts them.  A key would keep nobody from anything, since it
 * would have to be the same after a restart: who makes two of 2^31 meet by
 * trying has many networks or logins, and shares a turn with one device.
 */
uint32_t
origin_number(
    const char *listener, const char *login, const struct network *client)
{
	static const uint8_t key[SIPHASH_KEY];
	struct network n = *client;
	char text[NETWORK_TEXT];
	struct buf b;
	uint32_t number;

	if (n.family == AF_INET6)
		memset(n.address + 8, 0, 8);
	network_format(&n, text);
	buf_init(&b, 4096);
	buf_printf(&b, "%s\n%s", listener, login[0] != '\0' ? login : text);
	buf_printf(&b, "%s", login[0] != '\0' ? "\nlogin" : "");
	number = (uint32_t)(siphash(key, b.data, b.len) & 0x7fffffff);
	buf_clear(&b);
	return number == DEVICE_NONE ? 1 : number;
}

int
origin_take(const struct frame *f, const uint8_t *token,
    const struct conf *conf, struct origin *out, struct err *e)
{
	struct submit_origin o;
	int rc = 0;

	if (origin_get(f, &o, e) == -1)
		return -1;
	memset(out, 0, sizeof(*out));
	if (token == NULL || !is_same(token, o.token) ||
	    network_parse(o.client, &out->address) == -1)
		rc = err_set(e, ERR_PERM, "5.7.0",
		    "mailchuted alone says where a message comes from");
	else if ((out->listener = find_listener(conf, o.listener)) == NULL)
		rc = err_set(e, ERR_TEMP, "4.3.5",
		    "the listener is not configured any more");
	else {
		network_format(&out->address, out->client);
		out->words = o.words;
		out->smtpd = o.smtpd;
		out->login = o.login;
		out->senders = o.senders;
		o.login = o.senders = NULL;
	}
	if (rc == 0)
		out->device = origin_number(
		    out->listener->name, origin_login(out), &out->address);
	origin_clear(&o);
	return rc;
}

void
origin_release(struct origin *o)
{
	free(o->login);
	free(o->senders);
	o->login = o->senders = NULL;
}

void
origin_copy(struct origin *to, const struct origin *from)
{
	*to = *from;
	to->login = from->login == NULL ? NULL : xstrdup(from->login);
	to->senders = from->senders == NULL ? NULL : xstrdup(from->senders);
}

/* Of a login's own patterns, between blanks and commas. */
static bool
is_among(const char *patterns, const char *from)
{
	bool is_found = false;
	char *one;
	size_t n;

	while (!is_found && *(patterns += strspn(patterns, " \t,")) != '\0') {
		n = strcspn(patterns, " \t,");
		one = xstrndup(patterns, n);
		is_found = addr_match(one, from);
		free(one);
		patterns += n;
	}
	return is_found;
}

/* Of the listener's, some of which are for a network alone. */
static bool
is_allowed(const struct strlist *senders, const char *client, const char *from)
{
	struct network one, n;
	const char *pattern;
	size_t i;

	if (senders->n == 0)
		return true;
	if (network_parse(client, &one) == -1)
		return false;
	for (i = 0; i < senders->n; i++) {
		pattern = syntax_sender(senders->v[i], &n);
		if ((n.family == AF_UNSPEC || network_covers(&n, &one)) &&
		    addr_match(pattern, from))
			return true;
	}
	return false;
}

static bool
may_send_as(const struct origin *o, const char *address)
{
	return o->senders != NULL
		   ? is_among(o->senders, address)
		   : is_allowed(&o->listener->senders, o->client, address);
}

static int
check_author(const struct origin *o, const char *address, struct err *e)
{
	if (may_send_as(o, address))
		return 0;
	if (o->senders != NULL)
		return err_set(e, ERR_PERM, "5.7.1", "%s may not send as %s",
		    o->login, address);
	return err_set(e, ERR_PERM, "5.7.1", "%s may not send here", address);
}

/* An author of whom nothing is known: "*" alone is a pattern for it. */
#define UNREAD ""

/* A From that is not told is one that could not be, whatever smtpd says. */
static bool
has_unread(const struct envelope *env)
{
	return env->authors.has_unread || env->from == NULL;
}

int
origin_check(const struct origin *o, const struct envelope *env, struct err *e)
{
	const struct conf_listen *l = o->listener;
	size_t i;

	if (env->nrcpts > l->max_recipients)
		return err_set(e, ERR_PERM, "5.5.3", "more than %u recipients",
		    l->max_recipients);
	if (env->from != NULL && check_author(o, env->from, e) == -1)
		return -1;
	for (i = 0; i < env->authors.others.n; i++)
		if (check_author(o, env->authors.others.v[i], e) == -1)
			return -1;
	if (has_unread(env) && !may_send_as(o, UNREAD))
		return err_set(e, ERR_PERM, "5.7.1",
		    "From names nobody, or From or Sender holds what is no "
		    "address, or more than %d",
		    AUTHORS_MAX);
	return 0;
}

void
origin_device(const struct origin *o, struct device *d)
{
	memset(d, 0, sizeof(*d));
	d->listener = o->listener->name;
	d->client = o->client;
	d->login = origin_login(o);
	d->name = o->words.helo;
	d->tls = o->words.tls_version;
	d->cipher = o->words.tls_cipher;
	d->error = "";
}

void
origin_log(const struct origin *o, struct buf *line)
{
	if (o == NULL)
		return;
	log_str(line, "listener", o->listener->name);
	log_str(line, "client", o->client);
}

void
origin_force_sender(const struct origin *o, struct envelope *env)
{
	const char *from = o->listener->from;

	if (from == NULL)
		return;
	free(env->sender);
	free(env->from);
	env->sender = xstrdup(from);
	env->from = xstrdup(from);
	env->sender_is_local = false;
}

/* A name goes into a header only when it looks like one. */
static bool
is_name(const char *s)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._:[]";

	return s[0] != '\0' && s[strspn(s, letters)] == '\0';
}

/* RFC 3848, whose letters are for ESMTP alone, and in which TLS. */
static void
put_protocol(const struct origin *o, struct buf *b)
{
	const struct client_words *w = &o->words;
	bool has_tls = w->tls_version[0] != '\0';

	buf_printf(b, "\twith %s%s%s", w->is_esmtp ? "ESMTP" : "SMTP",
	    w->is_esmtp && has_tls ? "S" : "",
	    w->is_esmtp && o->login != NULL ? "A" : "");
	if (has_tls)
		buf_printf(b, " (%s %s)", w->tls_version, w->tls_cipher);
	buf_puts(b, "\r\n");
}

void
origin_put_received(const struct origin *o, const char *hostname, struct buf *b)
{
	const char *v6 = strchr(o->client, ':') == NULL ? "" : "IPv6:";

	if (is_name(o->words.helo))
		buf_printf(b, "Received: from %s ([%s%s])", o->words.helo, v6,
		    o->client);
	else
		buf_printf(b, "Received: from [%s%s]", v6, o->client);
	buf_printf(b, "\r\n\tby %s (mailchute, listener %s)\r\n", hostname,
	    o->listener->name);
	put_protocol(o, b);
}
