/* SPDX-License-Identifier: ISC */
/*
 * "mailchute explain": what would become of a message.  It goes the way of a
 * submission step by step; where one of them would refuse it, the later ones
 * are looked at all the same, as far as they can be.
 */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/explain.h"
#include "admin/run.h"
#include "common/clock.h"
#include "common/filesource.h"
#include "common/member.h"
#include "common/parcel.h"
#include "common/sysexit.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/compose.h"
#include "mail/date.h"
#include "mail/msgid.h"
#include "mail/plan.h"
#include "mail/rewrite.h"
#include "mail/route.h"
#include "mail/sender.h"
#include "mail/tidy.h"

#define CHUNK    (64 * 1024)
#define HEAD_MAX (4 * HEADER_MAX) /* a header that domains were added to */

const char *const explain_field_names[EXPLAIN_FIELDS] = { "From", "Sender",
	"Reply-To", "X-Original-From" };

/* The first reason counts: it is the one that sendmail would give. */
static void
refuse(struct explain *x, const struct err *e)
{
	if (x->refused.class == ERR_NONE)
		x->refused = *e;
}

/* ---- as sendmail does it ---- */

static void
author(void *arg, const char **address, const char **name)
{
	struct explain *x = arg;

	sender_author(&x->env, &x->caller, NULL, address, name);
}

static int
take_recipients(struct explain *x, const struct strlist *lists, struct err *e)
{
	size_t i;

	for (i = 0; i < lists->n; i++)
		if (recipients_add(&x->rcpts, lists->v[i], e) == -1)
			return -1;
	return recipients_check(&x->rcpts, e);
}

/* ---- the text ---- */

struct reading {
	struct explain *x;
	struct buf head; /* until the header is whole */
	bool has_header;
	size_t span; /* octets of the header */
	struct header header;
	struct look look;
	struct plan eight, seven; /* for servers with and without 8BITMIME */
};

static void
take_header(struct reading *r, size_t span)
{
	const char *text = buf_data(&r->head);
	struct label label;

	r->has_header = true;
	r->span = span;
	header_parse(text, span, &r->header);
	label_read(&label, &r->header, false);
	plan_begin(&r->eight, &label, false);
	plan_begin(&r->seven, &label, true);
	plan_put(&r->eight, text + span, r->head.len - span);
	plan_put(&r->seven, text + span, r->head.len - span);
}

static int
take_text(struct reading *r, const char *p, size_t n, struct err *e)
{
	bool has_blank;
	ssize_t span;

	r->x->size += n;
	look_put(&r->look, p, n);
	if (r->has_header) {
		plan_put(&r->eight, p, n);
		plan_put(&r->seven, p, n);
		return 0;
	}
	if (buf_append(&r->head, p, n) == -1)
		return err_set(
		    e, ERR_PERM, "5.3.4", "the header is larger than 1 MiB");
	span = header_span(buf_data(&r->head), r->head.len, n == 0, &has_blank);
	if (span >= 0)
		take_header(r, (size_t)span);
	return 0;
}

static void
look_at_form(struct reading *r)
{
	const struct tidy ascii = { .keep = TIDY_ASCII };
	struct explain_form *f = &r->x->form;

	look_end(&r->look);
	plan_end(&r->eight);
	plan_end(&r->seven);
	f->header_is_odd = tidy_is_needed(&ascii, buf_data(&r->head), r->span);
	f->body_is_8bit = r->look.eight_at > r->span;
	f->body_is_long = r->look.long_at > r->span;
	if (f->body_is_long) {
		f->parts = r->eight.touched;
		f->breaks_signed = r->eight.breaks_signed;
	}
	if (f->body_is_long || f->body_is_8bit) {
		f->parts_7bit = r->seven.touched;
		f->breaks_signed = f->breaks_signed || r->seven.breaks_signed;
	}
}

/* ---- the sender ---- */

/* Several fields of a name, and that is an error, are shown as one. */
static char *
field_text(const struct header *h, const char *name)
{
	const struct header_field *f = NULL;
	char *text = NULL, *longer;

	while ((f = header_find(h, name, f)) != NULL) {
		longer = text == NULL ? xstrdup(f->value)
				      : xasprintf("%s, %s", text, f->value);
		free(text);
		text = longer;
	}
	return text;
}

static void
note_sender(struct explain_sender *s, const struct header *h, char *envelope)
{
	size_t i;

	s->envelope = envelope;
	for (i = 0; i < EXPLAIN_FIELDS; i++)
		s->field[i] = field_text(h, explain_field_names[i]);
}

/* As delivery/transaction.c has them for a message of its own. */
static void
set_rules(struct rewrite_rules *r, const struct explain *x)
{
	const struct conf_account *a = x->account;

	memset(r, 0, sizeof(*r));
	r->user = a->user;
	r->senders = &a->senders;
	r->mode = a->rewrite;
	r->original_from = a->original_from;
	r->null_sender_ok = a->provider == PROVIDER_SMTP;
	r->local_names = &x->conf->local.names;
	r->hostname = x->conf->local.hostname;
	r->domain = x->conf->local.domain;
	r->from_is_local =
	    x->env.from != NULL && addr_domain(x->env.from) == NULL;
	r->is_automatic = x->env.sender[0] == '\0';
}

static void
rewrite(struct explain *x, struct header *h)
{
	struct rewrite_rules rules;

	note_sender(&x->before, h, xstrdup(x->env.sender));
	if (header_check_hops(h, &x->fails) == -1 || x->account == NULL)
		return;
	set_rules(&rules, x);
	(void)rewrite_header(&rules, h);
	note_sender(&x->after, h, rewrite_sender(&rules, x->env.sender));
}

/* ---- as mailchuted does it ---- */

static int
is_user(void *arg, size_t account, uid_t uid, struct err *e)
{
	const struct explain *x = arg;

	(void)e;
	return member_has(&x->conf->accounts[account].users, uid) ? 1 : 0;
}

static void
choose_account(struct explain *x)
{
	const struct route_users users = { is_user, x };
	const struct conf *c = x->conf;
	struct err e;
	char *sender;

	x->account = route_find(c, &users, x->uid, &x->env, &e);
	if (x->account == NULL) {
		refuse(x, &e);
		return;
	}
	sender = route_sender(c, &x->env);
	if (c->naccounts == 1)
		x->why = xstrdup("it is the only account");
	else if (addr_match_any(&x->account->senders, sender))
		x->why = xasprintf("the first whose users include you and "
				   "whose senders match %s",
		    sender);
	else
		x->why = xasprintf("the default account, since of no account "
				   "whose users include you the senders match "
				   "\"%s\"",
		    sender);
	free(sender);
}

struct alias_file {
	struct explain *x;
	struct aliases *table;
	uid_t user; /* queue.user: whose lists are read */
};

static void
add_note(void *arg, const struct targets_note *n)
{
	struct alias_file *f = arg;
	char *text;

	if (n->target == NULL) {
		strlist_add(&f->x->notes, n->text);
		return;
	}
	text = xasprintf("%s: %s: %s", n->rcpt, n->target, n->text);
	strlist_add(&f->x->notes, text);
	free(text);
}

static int
read_file(struct alias_file *f, const char *path, enum filesource kind,
    char **text, size_t *n, struct err *e)
{
	int fd = filesource_open(path, kind, f->user, e);

	return fd == -1 ? -1 : filesource_read(fd, text, n, e);
}

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	return read_file(arg, path, FILESOURCE_INCLUDE, text, n, e);
}

static const struct aliases *
table(void *arg)
{
	struct alias_file *f = arg;
	const char *path = f->x->conf->local.aliases;
	char *text = NULL;
	struct err e;
	size_t n = 0;

	if (f->table != NULL)
		return f->table;
	if ((access(path, F_OK) == 0 ||
		(errno != ENOENT && errno != ENOTDIR)) &&
	    read_file(f, path, FILESOURCE_ALIASES, &text, &n, &e) == -1)
		strlist_add(&f->x->notes, e.text);
	f->table = aliases_parse(text == NULL ? "" : text, n, &f->x->notes);
	free(text);
	return f->table;
}

static void
find_targets(struct explain *x)
{
	const struct passwd *pw = getpwnam(x->conf->queue.user);
	struct alias_file f = { .x = x };
	const struct targets_rules rules = { x->conf, table, include, add_note,
		&f };
	struct err e;

	f.user = pw == NULL || geteuid() != 0 ? geteuid() : pw->pw_uid;
	x->targets = targets_expand(&rules, &x->env, x->conf->local.domain, &e);
	if (x->targets == NULL)
		refuse(x, &e);
	aliases_free(f.table);
}

size_t
explain_transactions(const struct explain *x)
{
	size_t n = x->targets == NULL ? 0 : x->targets->n;
	size_t most =
	    x->account == NULL ? 0 : x->account->recipients_per_message;

	return most == 0 ? 0 : (n + most - 1) / most;
}

/* ---- all of it ---- */

/* The finished message, to its end or to the limit of its size. */
static int
read_text(struct reading *r, struct compose *compose, struct err *e)
{
	struct source s = compose_source(compose);
	char *piece = xmalloc(CHUNK);
	ssize_t n;
	int rc;

	do {
		n = s.read(s.arg, piece, CHUNK, e);
		rc = n == -1 ? -1 : take_text(r, piece, (size_t)n, e);
		if (rc == 0)
			rc = parcel_check_size(r->x->size,
			    SIZE_LIMIT_QUEUE(
				r->x->conf->queue.message_size_max),
			    e);
	} while (n > 0 && rc == 0);
	free(piece);
	return rc;
}

/* Whoever is no recipient does not keep the rest from being explained. */
static void
judge_envelope(
    struct explain *x, const struct args *a, const struct completed *found)
{
	struct err e;

	x->env.from = envelope_text(found->from);
	x->env.message_id = envelope_text(found->message_id);
	if (take_recipients(
		x, a->rcpts.n > 0 ? &a->rcpts : &found->recipients, &e) == -1)
		refuse(x, &e);
	choose_account(x);
	find_targets(x);
}

static void
judge_text(struct explain *x, struct compose *compose)
{
	struct reading r = { .x = x };
	struct err e;

	buf_init(&r.head, HEAD_MAX);
	look_init(&r.look);
	if (read_text(&r, compose, &e) == -1)
		refuse(x, &e);
	if (r.has_header) {
		look_at_form(&r);
		rewrite(x, &r.header);
		plan_clear(&r.eight);
		plan_clear(&r.seven);
	}
	header_clear(&r.header);
	buf_clear(&r.head);
}

static void
judge(struct explain *x, const struct args *a, struct compose *compose)
{
	const struct completed *found;
	struct err e;

	if (compose_header(compose, &found, &e) == -1) {
		refuse(x, &e);
		return;
	}
	judge_envelope(x, a, found);
	judge_text(x, compose);
}

void
explain_message(struct explain *x, const struct args *a, const struct conf *c,
    const struct source *from)
{
	const uint8_t zeros[MSGID_RANDOM] = { 0 };
	char date[DATE_SIZE];
	struct completion with = { .author = author, .arg = x };
	struct compose *compose;
	struct err e;
	char *id;

	memset(x, 0, sizeof(*x));
	x->conf = c;
	x->uid = getuid();
	identity_init(&x->caller);
	identity_get(&x->caller);
	envelope_init(&x->env);
	recipients_init(&x->rcpts, &x->env, 0);
	if (sender_settle(&x->env, a->sender, &x->caller, &e) == -1) {
		refuse(x, &e);
		return;
	}
	date_format(date, clock_wall(), 0);
	id = msgid_make(zeros, clock_wall(), c->local.hostname);
	with.date = date;
	with.message_id = id;
	with.domain = c->local.domain;
	compose = compose_new(from, CANON_DOT_IS_TEXT, &with);
	judge(x, a, compose);
	compose_free(compose);
	free(id);
}

static void
clear_sender(struct explain_sender *s)
{
	size_t i;

	free(s->envelope);
	for (i = 0; i < EXPLAIN_FIELDS; i++)
		free(s->field[i]);
}

void
explain_clear(struct explain *x)
{
	recipients_clear(&x->rcpts);
	envelope_clear(&x->env);
	identity_clear(&x->caller);
	expanded_free(x->targets);
	strlist_clear(&x->notes);
	clear_sender(&x->before);
	clear_sender(&x->after);
	free(x->why);
}

/* ---- the verb ---- */

static ssize_t
read_input(void *arg, void *p, size_t n, struct err *e)
{
	ssize_t got;

	(void)arg;
	do
		got = read(STDIN_FILENO, p, n);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		err_errno(e, ERR_LOCAL, INPUT_STATUS,
		    "cannot read the message from standard input");
	return got;
}

int
run_explain(const struct args *a, const struct conf *c)
{
	const struct source input = { .read = read_input };
	struct explain x;
	int status;

	explain_message(&x, a, c, &input);
	status = x.refused.class == ERR_NONE ? 0 : sysexit_of(&x.refused);
	if (a->json)
		explain_print_json(&x, status);
	else
		explain_print(&x);
	explain_clear(&x);
	return status;
}
