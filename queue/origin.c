/* SPDX-License-Identifier: ISC */
/*
 * The rules of a listener for a message.  smtpd has spoken with strangers, so
 * what it says is judged here as if they had said it.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/addr.h"
#include "queue/origin.h"

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

int
origin_take(const struct frame *f, const uint8_t *token,
    const struct conf *conf, struct origin *out, struct err *e)
{
	struct submit_origin o;
	struct network client;
	int rc = 0;

	if (origin_get(f, &o, e) == -1)
		return -1;
	out->listener = NULL;
	if (token == NULL || !is_same(token, o.token) ||
	    network_parse(o.client, &client) == -1)
		rc = err_set(e, ERR_PERM, "5.7.0",
		    "mailchuted alone says where a message comes from");
	else if ((out->listener = find_listener(conf, o.listener)) == NULL)
		rc = err_set(e, ERR_TEMP, "4.3.5",
		    "the listener is not configured any more");
	else
		network_format(&client, out->client);
	out->words = o.words;
	origin_clear(&o);
	return rc;
}

int
origin_check(const struct origin *o, const struct envelope *env, struct err *e)
{
	const struct conf_listen *l = o->listener;
	const char *from = env->from == NULL ? env->sender : env->from;

	if (env->nrcpts > l->max_recipients)
		return err_set(e, ERR_PERM, "5.5.3", "more than %u recipients",
		    l->max_recipients);
	if (l->senders.n > 0 && !addr_match_any(&l->senders, from))
		return err_set(
		    e, ERR_PERM, "5.7.1", "%s may not send here", from);
	return 0;
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

/* RFC 3848, and in which TLS. */
static void
put_protocol(const struct client_words *w, struct buf *b)
{
	bool has_tls = w->tls_version[0] != '\0';

	buf_printf(b, "\twith %s%s", w->is_esmtp ? "ESMTP" : "SMTP",
	    has_tls ? "S" : "");
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
	put_protocol(&o->words, b);
}
