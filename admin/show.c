/* SPDX-License-Identifier: ISC */
/*
 * "mailchute show ID": one message, its recipients, and what was tried, in the
 * order of time.  "mailchute trace WORD": the same of each message that the
 * word is found in; one that is finished has the journal's word in place of all
 * that.
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
#include "common/strlist.h"
#include "common/utf8.h"

struct showing {
	bool json;
	int64_t now;
	int64_t arrived_at;
	bool with_body;
	json_t *object;   /* of the message that rows belong to */
	bool has_message; /* that one is begun */
	uint64_t printed;
	bool in_recipients, in_timeline;
	bool is_first_body;
	char last[16];         /* the message of the event before */
	struct strlist queued; /* ids of messages that were in the queue */
	struct buf body;       /* JSON alone: the message as one string */
};

/* What a JSON string may hold of a message; a longer one is not JSON's job. */
#define BODY_JSON_MAX (16 * 1024 * 1024)

#define NOTICE_ID 12 /* digits of a queue id */

static void
put_line(const char *name, const char *value)
{
	printf("  %-14s", name);
	text_put(stdout, value == NULL ? "-" : value);
	putchar('\n');
}

/* What is mailchute's own has no sender who could tell. */
static const char *
own_kind(const struct ctl_message *m)
{
	if (m->kind == NULL)
		return "";
	if (strcmp(m->kind, "bounce") == 0)
		return " (a notice of mailchute's own)";
	return strcmp(m->kind, "alarm") == 0 ? " (an alarm of mailchute's own)"
					     : "";
}

/* The queue id in the Message-ID of a notice (queue/notice.c), or NULL. */
static const char *
notice_about(const struct ctl_message *m, char id[NOTICE_ID + 1])
{
	const char *at =
	    m->message_id == NULL ? NULL : strchr(m->message_id, '@');

	if (at == NULL || *m->sender != '\0' ||
	    at - m->message_id <= NOTICE_ID || at[-NOTICE_ID - 1] != '.')
		return NULL;
	memcpy(id, at - NOTICE_ID, NOTICE_ID);
	id[NOTICE_ID] = '\0';
	return strspn(id, "0123456789ABCDEF") == NOTICE_ID ? id : NULL;
}

static void
print_head(struct showing *s, const struct ctl_message *m)
{
	char when[TEXT_TIME], age[TEXT_SHORT], size[TEXT_SHORT];
	char about[NOTICE_ID + 1];

	if (s->printed++ > 0)
		putchar('\n');
	text_put(stdout, m->id);
	fputs("  ", stdout);
	text_put(stdout, m->state);
	putchar('\n');
	printf("  %-14s", "from");
	text_put(stdout, *m->sender == '\0' ? "<>" : m->sender);
	puts(own_kind(m));
	if (notice_about(m, about) != NULL)
		printf("  %-14s%s\n", "about", about);
	printf("  %-14suid %lu\n", "submitted by", (unsigned long)m->uid);
	put_line("account", text_account(m->account));
	text_local_time(m->arrived_at, when);
	text_age(s->now - m->arrived_at, age);
	printf("  %-14s%s (%s ago)\n", "arrived", when, age);
	text_size(m->size, size);
	printf("  %-14s%s\n", "size", size);
	put_line("message-id", m->message_id);
}

/* What the sender wrote, when it was not this. */
static void
put_original(const char *original, const char *address)
{
	if (original == NULL || strcmp(original, address) == 0)
		return;
	fputs(" (for ", stdout);
	text_put(stdout, original);
	fputc(')', stdout);
}

static void
print_recipient(struct showing *s, const struct ctl_recipient *r)
{
	char next[TEXT_SHORT], when[TEXT_TIME];

	printf("%s  ", s->in_recipients ? "" : "\nRecipients\n");
	text_put(stdout, r->address);
	put_original(r->original, r->address);
	fputs(": ", stdout);
	text_put(stdout, r->state);
	if (r->next_at > s->now) {
		text_next(r->next_at, s->now, next);
		text_local_time(r->next_at, when);
		printf(", next try %s (%s)", next, when);
	} else if (r->next_at != 0) {
		fputs(", next try as soon as it is its turn", stdout);
	}
	putchar('\n');
	if (r->code != 0 || (r->text != NULL && *r->text != '\0')) {
		fputs("    ", stdout);
		text_put_reply(stdout, r->code, r->status, r->text);
		putchar('\n');
	}
	text_put_para(stdout, 4, "means", r->meaning);
	text_put_para(stdout, 4, "do", r->fix);
	if (r->since != 0) {
		text_local_time(r->since, when);
		text_age(s->now - r->since, next);
		printf("    %-8s%s (%s ago)\n", "since", when, next);
	}
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
		json_add_recipient(s->object, &r, s->now);
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

/* The message's last row has come. */
static void
end_message(struct showing *s)
{
	if (s->json && s->object != NULL) {
		if (json_object_get(s->object, "timeline") == NULL)
			json_object_set_new(
			    s->object, "timeline", json_array());
		if (s->with_body)
			json_object_set_new(
			    s->object, "body", json_text(buf_data(&s->body)));
		json_put_line(stdout, s->object);
		s->object = NULL;
	} else if (s->has_message) {
		begin_timeline(s);
	}
	s->has_message = false;
}

static int
take_message(struct showing *s, const struct frame *f, struct err *e)
{
	struct ctl_message m;

	end_message(s);
	if (ctl_get_message(f, &m, e) == -1)
		return -1;
	s->has_message = true;
	s->last[0] = '\0';
	s->in_recipients = s->in_timeline = false;
	s->arrived_at = m.arrived_at;
	strlist_add(&s->queued, m.id);
	if (s->json) {
		s->object = json_message(&m);
	} else {
		print_head(s, &m);
		printf("  %-14s%llu\n", "attempts",
		    (unsigned long long)m.attempts);
	}
	ctl_message_clear(&m);
	return 0;
}

/*
 * How a recipient's mail ended is all that is kept of it.  Of a message of
 * which a part was still in the queue, the listing before has told more.
 */
static void
print_event(struct showing *s, const struct ctl_event *ev)
{
	const struct ctl_message m = {
		.id = ev->id,
		.state = ev->what,
		.sender = ev->sender,
		.account = ev->account,
		.message_id = ev->message_id,
		.size = ev->size,
		.arrived_at = ev->arrived_at,
		.uid = ev->uid,
	};
	const struct ctl_attempt a = {
		.at = ev->at,
		.address = ev->address,
		.outcome = ev->what,
		.relay = ev->relay,
		.code = ev->code,
		.status = ev->status,
		.text = ev->text,
	};

	/* The recipients of one message, as a rule, come one after another. */
	if (strcmp(s->last, ev->id) != 0) {
		s->arrived_at = ev->arrived_at;
		s->in_timeline = false;
		print_head(s, &m);
		strlcpy(s->last, ev->id, sizeof(s->last));
	}
	print_attempt(s, &a);
	if (ev->original != NULL && strcmp(ev->original, ev->address) != 0) {
		printf("  %19s  sent to ", "");
		text_put(stdout, ev->original);
		putchar('\n');
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The queue is searched by ascending ids. */
static bool
was_in_queue(const struct showing *s, const char *id)
{
	return s->queued.n > 0 && bsearch(&id, s->queued.v, s->queued.n,
				      sizeof(*s->queued.v), compare) != NULL;
}

static int
take_event(struct showing *s, const struct frame *f, struct err *e)
{
	struct ctl_event ev;

	end_message(s);
	if (ctl_get_event(f, &ev, e) == -1)
		return -1;
	if (s->json)
		json_put_line(stdout, json_event(&ev));
	else if (!was_in_queue(s, ev.id))
		print_event(s, &ev);
	ctl_event_clear(&ev);
	return 0;
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
	case CTL_EVENT:
		return take_event(s, f, e);
	case CTL_BODY:
		return take_body(s, f, e);
	default:
		return 0;
	}
}

static int
run(const struct args *a, const struct conf *c, enum ctl_verb verb)
{
	struct showing s = { .json = a->json,
		.now = clock_wall(),
		.with_body = a->body,
		.is_first_body = true };
	int status;

	buf_init(&s.body, BODY_JSON_MAX);
	status = ask(a, c, verb, take_row, &s);
	/* After an error the last one is not whole. */
	if (status == 0)
		end_message(&s);
	json_decref(s.object);
	strlist_clear(&s.queued);
	buf_clear(&s.body);
	return status;
}

int
run_show(const struct args *a, const struct conf *c)
{
	return run(a, c, CTL_SHOW);
}

int
run_trace(const struct args *a, const struct conf *c)
{
	return run(a, c, CTL_TRACE);
}
