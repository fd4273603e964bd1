/* SPDX-License-Identifier: ISC */
/*
 * The rows of the control contract as JSON.  Keys are an interface: more may
 * come, none changes its meaning.
 */
#include "config.h"

#include <string.h>

#include "admin/json.h"
#include "admin/text.h"
#include "common/buf.h"
#include "common/utf8.h"

#define TEXT_MAX    (3 * FRAME_MAX)
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

json_t *
json_text(const char *s)
{
	json_t *text;
	struct buf b;
	size_t n;

	if (s == NULL)
		return json_null();
	if ((text = json_string(s)) != NULL)
		return text;
	buf_init(&b, TEXT_MAX);
	for (; *s != '\0'; s += n) {
		n = ((unsigned char)*s & 0x80) == 0 ? 1 : utf8_len(s);
		if (n > 0) {
			buf_append(&b, s, n);
		} else {
			buf_puts(&b, REPLACEMENT);
			n = 1;
		}
	}
	text = json_string(buf_data(&b));
	buf_clear(&b);
	return text != NULL ? text : json_null();
}

json_t *
json_time(int64_t at)
{
	char text[TEXT_TIME];

	if (at == 0)
		return json_null();
	text_utc_time(at, text);
	return json_string(text);
}

static json_t *
next_try(int64_t at, int64_t now)
{
	return json_time(at != 0 && at < now ? now : at);
}

/* Of what was never measured or told, 0 stands for "not known". */
static json_t *
known_number(uint64_t v)
{
	return v == 0 ? json_null() : json_integer((json_int_t)v);
}

/* Text that is never empty when it is known. */
static json_t *
known_text(const char *s)
{
	return json_text(s != NULL && *s == '\0' ? NULL : s);
}

static void
set(json_t *object, const char *key, json_t *value)
{
	/* Takes the reference over, even when there is no memory left. */
	json_object_set_new(object, key, value);
}

json_t *
json_message(const struct ctl_message *m)
{
	json_t *o = json_object();

	set(o, "id", json_text(m->id));
	set(o, "state", json_text(m->state));
	set(o, "sender", json_text(m->sender));
	set(o, "account", json_text(m->account));
	set(o, "size", json_integer((json_int_t)m->size));
	set(o, "arrived_at", json_time(m->arrived_at));
	set(o, "attempts", json_integer((json_int_t)m->attempts));
	set(o, "uid", json_integer((json_int_t)m->uid));
	set(o, "message_id", known_text(m->message_id));
	set(o, "recipients", json_array());
	set(o, "kind", known_text(m->kind));
	return o;
}

void
json_add_recipient(json_t *message, const struct ctl_recipient *r, int64_t now)
{
	json_t *o = json_object();

	set(o, "address", json_text(r->address));
	set(o, "state", json_text(r->state));
	set(o, "code", known_number(r->code));
	set(o, "status", known_text(r->status));
	set(o, "text", known_text(r->text));
	set(o, "meaning", known_text(r->meaning));
	set(o, "fix", known_text(r->fix));
	set(o, "next_at", next_try(r->next_at, now));
	set(o, "since", json_time(r->since));
	if (r->original != NULL)
		set(o, "original", json_text(r->original));
	json_array_append_new(json_object_get(message, "recipients"), o);
}

void
json_add_attempt(json_t *message, const struct ctl_attempt *a)
{
	json_t *o = json_object(), *list = json_object_get(message, "timeline");

	if (list == NULL) {
		set(message, "timeline", json_array());
		list = json_object_get(message, "timeline");
	}
	set(o, "at", json_time(a->at));
	set(o, "address", json_text(a->address));
	set(o, "outcome", json_text(a->outcome));
	set(o, "relay", known_text(a->relay));
	set(o, "tls", known_text(a->tls));
	set(o, "code", known_number(a->code));
	set(o, "status", known_text(a->status));
	set(o, "text", known_text(a->text));
	json_array_append_new(list, o);
}

json_t *
json_event(const struct ctl_event *ev)
{
	json_t *o = json_object();

	set(o, "id", json_text(ev->id));
	set(o, "what", json_text(ev->what));
	set(o, "at", json_time(ev->at));
	set(o, "sender", json_text(ev->sender));
	set(o, "address", json_text(ev->address));
	set(o, "original", known_text(ev->original));
	set(o, "account", json_text(ev->account));
	set(o, "size", json_integer((json_int_t)ev->size));
	set(o, "arrived_at", json_time(ev->arrived_at));
	set(o, "uid", json_integer((json_int_t)ev->uid));
	set(o, "message_id", known_text(ev->message_id));
	set(o, "relay", known_text(ev->relay));
	set(o, "code", known_number(ev->code));
	set(o, "status", known_text(ev->status));
	set(o, "text", known_text(ev->text));
	return o;
}

json_t *
json_account(const struct ctl_account *a, int64_t now)
{
	json_t *o = json_object();

	set(o, "name", json_text(a->name));
	set(o, "state", json_text(a->state));
	set(o, "since", json_time(a->since));
	set(o, "code", known_number(a->code));
	set(o, "status", known_text(a->status));
	set(o, "text", known_text(a->text));
	set(o, "meaning", known_text(a->meaning));
	set(o, "fix", known_text(a->fix));
	set(o, "next_at", next_try(a->next_at, now));
	set(o, "waiting", json_integer((json_int_t)a->waiting));
	set(o, "sent_minute", json_integer((json_int_t)a->sent_minute));
	set(o, "sent_day", json_integer((json_int_t)a->sent_day));
	set(o, "recipients_day", json_integer((json_int_t)a->rcpts_day));
	set(o, "connections", json_integer((json_int_t)a->connections));
	set(o, "connections_max", json_integer((json_int_t)a->connections_max));
	set(o, "relay", known_text(a->relay));
	set(o, "tls", known_text(a->tls));
	set(o, "legacy", known_text(a->legacy));
	set(o, "legacy_host", known_text(a->legacy_host));
	set(o, "legacy_since", json_time(a->legacy_since));
	set(o, "legacy_until", json_time(a->legacy_until));
	set(o, "old_tls", json_integer((json_int_t)a->old_tls));
	set(o, "old_tls_ever", json_integer((json_int_t)a->old_tls_ever));
	return o;
}

json_t *
json_alarm(const struct ctl_alarm *a)
{
	json_t *o = json_object();

	set(o, "kind", json_text(a->kind));
	set(o, "account", json_text(a->account));
	set(o, "since", json_time(a->since));
	set(o, "text", json_text(a->text));
	set(o, "fix", known_text(a->fix));
	return o;
}

/* A figure that nobody gave is null: 0 would be a false comfort. */
static json_t *
figure(bool is_known, uint64_t v)
{
	return is_known ? json_integer((json_int_t)v) : json_null();
}

json_t *
json_status(
    const struct ctl_totals *t, bool is_known, const struct json_lists *lists)
{
	json_t *o = json_object();

	set(o, "verdict", json_text(t->verdict));
	set(o, "reason", json_text(t->reason));
	set(o, "since", json_time(t->since));
	set(o, "waiting", figure(is_known, t->waiting));
	set(o, "held", figure(is_known, t->held));
	set(o, "failed", figure(is_known, t->failed));
	set(o, "uncertain", figure(is_known, t->uncertain));
	set(o, "messages", figure(is_known, t->messages));
	set(o, "octets", figure(is_known, t->octets));
	set(o, "oldest_at", json_time(t->oldest_at));
	set(o, "paused", is_known ? json_boolean(t->paused) : json_null());
	set(o, "delivery_off",
	    is_known ? json_boolean(t->delivery_off) : json_null());
	set(o, "accounts", lists->accounts);
	set(o, "alarms", lists->alarms);
	set(o, "remarks", lists->remarks);
	set(o, "listeners", lists->listeners);
	return o;
}

void
json_put_line(FILE *out, json_t *object)
{
	/* ASCII: a C1 control would otherwise reach a terminal as it is. */
	json_dumpf(object, out,
	    JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(object);
}
