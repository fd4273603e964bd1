/* SPDX-License-Identifier: ISC */
/* What "mailchute explain" has found out, for people and for programs. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/explain.h"
#include "admin/json.h"
#include "admin/text.h"

#define WIDTH 17 /* of a label, with the blanks behind it */

static void
label(const char *name)
{
	printf("%-*s", WIDTH, name);
}

static void
line(const char *name, const char *text)
{
	label(name);
	text_put(stdout, text);
	putchar('\n');
}

/* ---- for people ---- */

static void
print_account(const struct explain *x)
{
	const struct conf_account *a = x->account;

	if (a == NULL)
		return;
	label("account");
	text_put(stdout, text_account(a->name));
	if (a->user != NULL) {
		printf(", signs in as ");
		text_put(stdout, a->user);
	}
	if (a->hosts.n > 0) {
		printf(" at ");
		text_put(stdout, a->hosts.v[0]);
	}
	putchar('\n');
	line("  why", x->why);
}

static void
print_recipients(const struct explain *x)
{
	size_t i;

	for (i = 0; x->targets != NULL && i < x->targets->n; i++) {
		const struct target *t = &x->targets->v[i];

		label(i == 0 ? "recipients" : "");
		if (t->original != NULL) {
			text_put(stdout, t->original);
			printf(" -> ");
		}
		text_put(stdout, t->address);
		putchar('\n');
	}
	for (i = 0; i < x->rcpts.bad.n; i++)
		line("not sent to", x->rcpts.bad.v[i]);
	for (i = 0; i < x->notes.n; i++)
		line("aliases", x->notes.v[i]);
}

static void
print_change(const char *name, const char *before, const char *after)
{
	if (before == NULL && after == NULL)
		return;
	if (before == NULL) {
		line(name, after);
		line("  is added", "");
	} else if (after == NULL) {
		line(name, before);
		line("  is dropped", "");
	} else if (strcmp(before, after) == 0) {
		line(name, *before == '\0' ? "<>" : before);
	} else {
		line(name, *before == '\0' ? "<>" : before);
		line("  becomes", *after == '\0' ? "<>" : after);
	}
}

static void
print_sender(const struct explain *x)
{
	bool is_sent = x->after.envelope != NULL;
	size_t i;

	if (x->before.envelope == NULL)
		return;
	print_change("envelope sender", x->before.envelope,
	    is_sent ? x->after.envelope : x->before.envelope);
	for (i = 0; i < EXPLAIN_FIELDS; i++)
		print_change(explain_field_names[i], x->before.field[i],
		    is_sent ? x->after.field[i] : x->before.field[i]);
}

static void
print_limits(const struct explain *x)
{
	label("size");
	printf("%llu octets; queue.message_size_max is %llu\n",
	    (unsigned long long)x->size,
	    (unsigned long long)x->conf->queue.message_size_max);
	if (x->account == NULL || x->targets == NULL || x->targets->n == 0)
		return;
	label("transactions");
	printf("%zu, for %zu recipients; "
	       "account.recipients_per_message is %u\n",
	    explain_transactions(x), x->targets->n,
	    x->account->recipients_per_message);
	if (x->account->recipients_per_day > 0 &&
	    x->targets->n > x->account->recipients_per_day)
		line("", "more than account.recipients_per_day: it takes days");
}

static void
print_form(const struct explain *x)
{
	const struct explain_form *f = &x->form;

	if (f->header_is_odd)
		line("header",
		    "octets beyond ASCII, or long lines: it is encoded or "
		    "folded");
	if (f->body_is_8bit) {
		label("body");
		printf("octets beyond ASCII: encoded where the server has no "
		       "8BITMIME (parts: %zu)\n",
		    f->parts_7bit);
	}
	if (f->body_is_long) {
		label("body");
		printf("lines of more than 998 octets: encoded (parts: %zu)\n",
		    f->parts);
	}
	if (f->breaks_signed)
		line("", "what is encoded is signed: that breaks the "
			 "signature");
	if (!f->header_is_odd && !f->body_is_8bit && !f->body_is_long)
		line("encoding", "nothing has to be encoded");
}

void
explain_print(const struct explain *x)
{
	label("submitted by");
	text_put(stdout, x->caller.login);
	printf(" (uid %lu)\n", (unsigned long)x->uid);
	print_account(x);
	print_recipients(x);
	print_sender(x);
	if (x->size > 0) {
		print_limits(x);
		print_form(x);
	}
	if (x->fails.class != ERR_NONE)
		line("fails", x->fails.text);
	if (x->refused.class != ERR_NONE) {
		label("refused");
		printf("%s ", x->refused.status);
		text_put(stdout, x->refused.text);
		putchar('\n');
	}
}

/* ---- for programs ---- */

static json_t *
json_list(const struct strlist *l)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < l->n; i++)
		json_array_append_new(array, json_text(l->v[i]));
	return array;
}

static json_t *
json_why(const struct err *e)
{
	json_t *o;

	if (e->class == ERR_NONE)
		return json_null();
	o = json_object();
	json_object_set_new(o, "status", json_text(e->status));
	json_object_set_new(o, "text", json_text(e->text));
	return o;
}

static json_t *
json_sender(const struct explain_sender *s)
{
	static const char *const keys[EXPLAIN_FIELDS] = { "from", "sender",
		"reply_to", "original_from" };
	json_t *o;
	size_t i;

	if (s->envelope == NULL)
		return json_null();
	o = json_object();
	json_object_set_new(o, "envelope", json_text(s->envelope));
	for (i = 0; i < EXPLAIN_FIELDS; i++)
		json_object_set_new(o, keys[i], json_text(s->field[i]));
	return o;
}

static json_t *
json_targets(const struct explain *x)
{
	json_t *array = json_array(), *o;
	size_t i;

	for (i = 0; x->targets != NULL && i < x->targets->n; i++) {
		o = json_object();
		json_object_set_new(
		    o, "address", json_text(x->targets->v[i].address));
		json_object_set_new(
		    o, "original", json_text(x->targets->v[i].original));
		json_array_append_new(array, o);
	}
	return array;
}

static void
set_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *
json_form(const struct explain_form *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "header", json_boolean(f->header_is_odd));
	json_object_set_new(o, "eight_bit", json_boolean(f->body_is_8bit));
	json_object_set_new(o, "long_lines", json_boolean(f->body_is_long));
	set_number(o, "parts", f->parts);
	set_number(o, "parts_7bit", f->parts_7bit);
	json_object_set_new(
	    o, "breaks_signature", json_boolean(f->breaks_signed));
	return o;
}

void
explain_print_json(const struct explain *x, int status)
{
	const struct conf_account *a = x->account;
	json_t *o = json_object();

	set_number(o, "uid", x->uid);
	json_object_set_new(o, "login", json_text(x->caller.login));
	json_object_set_new(
	    o, "account", a == NULL ? json_null() : json_text(a->name));
	json_object_set_new(o, "why", json_text(x->why));
	json_object_set_new(o, "recipients", json_targets(x));
	json_object_set_new(o, "malformed", json_list(&x->rcpts.bad));
	json_object_set_new(o, "notes", json_list(&x->notes));
	json_object_set_new(o, "before", json_sender(&x->before));
	json_object_set_new(o, "after", json_sender(&x->after));
	set_number(o, "size", x->size);
	set_number(o, "size_max", x->conf->queue.message_size_max);
	set_number(o, "transactions", explain_transactions(x));
	json_object_set_new(o, "encoding", json_form(&x->form));
	json_object_set_new(o, "fails", json_why(&x->fails));
	json_object_set_new(o, "refused", json_why(&x->refused));
	set_number(o, "exit_status", (uint64_t)status);
	json_put_line(stdout, o);
}
