/* SPDX-License-Identifier: ISC */
/*
 * The rules of a listener for a message.  smtpd has spoken with strangers, so
 * what it says is judged here as if they had said it.
 */
#include "config.h"

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

void
origin_put_received(const struct origin *o, const char *hostname, struct buf *b)
{
	buf_printf(b,
	    "Received: from [%s%s]\r\n\tby %s (mailchute, listener %s)\r\n",
	    strchr(o->client, ':') == NULL ? "" : "IPv6:", o->client, hostname,
	    o->listener->name);
}
