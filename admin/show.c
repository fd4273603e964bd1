/* SPDX-License-Identifier: ISC */
/*
 * "mailchute show ID": one message, its recipients, and what was tried, in the
 * order of time.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/utf8.h"

struct showing {
	bool json;
	int64_t now;
	int64_t arrived_at;
	json_t *object;
	bool in_recipients, in_timeline;
	bool is_first_body;
	struct buf body; /* JSON alone: the message as one string */
};

/* What a JSON string may hold of a message; a longer one is not JSON's job. */
#define BODY_JSON_MAX (16 * 1024 * 1024)

static void
put_line(const char *name, const char *value)
{
	printf("  %-14s", name);
	text_put(stdout, value == NULL ? "-" : value);
	putchar('\n');
}

static int
take_message(struct showing *s, const struct frame *f, struct err *e)
{
	char when[TEXT_TIME], age[TEXT_SHORT], size[TEXT_SHORT];
	struct ctl_message m;

	if (ctl_get_message(f, &m, e) == -1)
		return -1;
	s->arrived_at = m.arrived_at;
	if (s->json) {
		json_decref(s->object);
		s->object = json_message(&m);
	} else {
		text_put(stdout, m.id);
		fputs("  ", stdout);
		text_put(stdout, m.state);
		putchar('\n');
		put_line("from", *m.sender == '\0' ? "<>" : m.sender);
		printf(
		    "  %-14suid %lu\n", "submitted by", (unsigned long)m.uid);
		put_line("account", text_account(m.account));
		text_local_time(m.arrived_at, when);
		text_age(s->now - m.arrived_at, age);
		printf("  %-14s%s (%s ago)\n", "arrived", when, age);
		text_size(m.size, size);
		printf("  %-14s%s\n", "size", size);
		put_line("message-id", m.message_id);
		printf("  %-14s%llu\n", "attempts",
		    (unsigned long long)m.attempts);
	}
	ctl_message_clear(&m);
	return 0;
}

static void
print_recipient(struct showing *s, const struct ctl_recipient *r)
{
	char next[TEXT_SHORT], when[TEXT_TIME];

	printf("%s  ", s->in_recipients ? "" : "\nRecipients\n");
	text_put(stdout, r->address);
	if (r->original != NULL && strcmp(r->original, r->address) != 0) {
		fputs(" (for ", stdout);
		text_put(stdout, r->original);
		fputc(')', stdout);
	}
	fputs(": ", stdout);
	text_put(stdout, r->state);
	if (r->next_at != 0) {
		text_next(r->next_at, s->now, next);
		text_local_time(r->next_at, when);
		printf(", next try %s (%s)", next, when);
	}
	putchar('\n');
	if (r->code != 0 || (r->text != NULL && *r->text != '\0')) {
		fputs("    ", stdout);
		text_put_reply(stdout, r->code, r->status, r->text);
		putchar('\n');
	}
	text_put_para(stdout, 4, "means", r->meaning);
	text_put_para(stdout, 4, "do", r->fix);
	s->in_recipients = true;
}

static int
take_recipient(struct showing *s, const struct frame *f, struct err *e)
{
	struct ctl_recipient r;

	if (ctl_get_recipient(f, &r, e) == -1)
		return -1;
	if (!s->json)
		print_recipient(s, &r);
	else if (s->object != NULL)
		json_add_recipient(s->object, &r);
	ctl_recipient_clear(&r);
	return 0;
}

static void
begin_timeline(struct showing *s)
{
	char when[TEXT_TIME];

	if (s->in_timeline)
		return;
	text_local_time(s->arrived_at, when);
	printf("\nTimeline\n  %s  accepted\n", when);
	s->in_timeline = true;
}

static void
print_attempt(struct showing *s, const struct ctl_attempt *a)
{
	char when[TEXT_TIME];

	begin_timeline(s);
	text_local_time(a->at, when);
	printf("  %s  ", when);
	text_put(stdout, a->outcome);
	if (a->address != NULL) {
		fputs("  ", stdout);
		text_put(stdout, a->address);
	}
	if (a->relay != NULL && *a->relay != '\0') {
		fputs(" by ", stdout);
		text_put(stdout, a->relay);
	}
	if (a->tls != NULL && *a->tls != '\0') {
		fputs(", ", stdout);
		text_put(stdout, a->tls);
	}
	putchar('\n');
	if (a->code != 0 || (a->text != NULL && *a->text != '\0')) {
		printf("  %19s  ", "");
		text_put_reply(stdout, a->code, a->status, a->text);
		putchar('\n');
	}
}

static int
take_attempt(struct showing *s, const struct frame *f, struct err *e)
{
	struct ctl_attempt a;

	if (ctl_get_attempt(f, &a, e) == -1)
		return -1;
	if (!s->json)
		print_attempt(s, &a);
	else if (s->object != NULL)
		json_add_attempt(s->object, &a);
	ctl_attempt_clear(&a);
	return 0;
}

/*
 * The message itself.  Into a file or a pipe it goes octet for octet; on a
 * terminal lines end as there, and controls are shown rather than obeyed.
 */
static void
print_body(const uint8_t *p, size_t n)
{
	char one[2] = "";
	size_t i;

	if (!isatty(STDOUT_FILENO)) {
		fwrite(p, 1, n, stdout);
		return;
	}
	for (i = 0; i < n; i++) {
		one[0] = (char)p[i];
		if (p[i] == '\n' || p[i] == '\t' ||
		    (p[i] >= 0x20 && p[i] < 0x7f))
			putchar(p[i]);
		else if (p[i] != '\r')
			text_put(stdout, one);
	}
}

static int
take_body(struct showing *s, const struct frame *f, struct err *e)
{
	if (s->json) {
		if (buf_append(&s->body, f->payload, f->len) == 0)
			return 0;
		return err_set(e, ERR_LOCAL, "5.3.4",
		    "the message is too large for --json; leave it out");
	}
	if (s->is_first_body) {
		begin_timeline(s);
		printf("\nMessage\n\n");
	}
	s->is_first_body = false;
	print_body(f->payload, f->len);
	return 0;
}

static int
take_row(void *arg, const struct frame *f, struct err *e)
{
	struct showing *s = arg;

	switch (f->type) {
	case CTL_MESSAGE:
		return take_message(s, f, e);
	case CTL_RECIPIENT:
		return take_recipient(s, f, e);
	case CTL_ATTEMPT:
		return take_attempt(s, f, e);
	case CTL_BODY:
		return take_body(s, f, e);
	default:
		return 0;
	}
}

int
run_show(const struct args *a, const struct conf *c)
{
	struct showing s = {
		.json = a->json, .now = clock_wall(), .is_first_body = true
	};
	int status;

	buf_init(&s.body, BODY_JSON_MAX);
	status = ask(a, c, CTL_SHOW, take_row, &s);
	if (status == 0 && s.json && s.object != NULL) {
		if (json_object_get(s.object, "timeline") == NULL)
			json_object_set_new(s.object, "timeline", json_array());
		if (a->body)
			json_object_set_new(
			    s.object, "body", json_text(buf_data(&s.body)));
		json_put_line(stdout, s.object);
		s.object = NULL;
	} else if (status == 0 && !s.json && s.arrived_at != 0) {
		begin_timeline(&s);
	}
	json_decref(s.object);
	buf_clear(&s.body);
	return status;
}
