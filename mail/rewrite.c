/* SPDX-License-Identifier: ISC */
/*
 * Sender rewriting.  Three questions, one function each: who sent this (the
 * From fields, whatever state they are in), may the account send as him, and
 * if not, how does the new From still tell who it was.
 *
 * Whenever something is changed, exactly one From field with exactly one
 * mailbox stands afterwards.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/dsn.h"
#include "mail/rewrite.h"
#include "mail/words.h"

/*
 * What is kept of texts that somebody else wrote, in octets: a From of a
 * mebibyte must not become one in the mail that we answer for.
 */
#define ORIGIN_READ  16384
#define ORIGIN_KEPT  800
#define NAME_KEPT    160
#define REPLIES_KEPT 800

/* Octets of the text that fit into max, no character cut in two. */
static size_t
fitting(const char *text, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* ---- who sent this ---- */

struct origin {
	size_t fields;              /* how many From there are */
	struct buf text;            /* what they say, joined by commas */
	struct mailboxes list;      /* the same, read */
	const struct mailbox *from; /* the first, or NULL */
	bool is_single;             /* one field, one mailbox, nothing else */
	bool is_notice;             /* of ours: nobody reads answers to it */
};

static bool
is_bare(const char *address)
{
	return addr_domain(address) == NULL;
}

/* Words without any address, such as "Nagios Monitor", are a name. */
static bool
is_only_a_name(const struct mailboxes *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!is_bare(list->v[i].address) || list->v[i].display != NULL)
			return false;
	return list->n > 1;
}

static void
origin_read(struct origin *o, const struct header *h)
{
	const struct header_field *f = NULL;
	size_t room;

	memset(o, 0, sizeof(*o));
	buf_init(&o->text, ORIGIN_READ);
	while ((f = header_find(h, "From", f)) != NULL) {
		o->fields++;
		if (o->text.len > 0 && f->value[0] != '\0')
			buf_puts(&o->text, ", ");
		room = o->text.max - o->text.len;
		buf_append(&o->text, f->value,
		    fitting(f->value, strlen(f->value), room));
	}
	mailboxes_parse(buf_data(&o->text), o->text.len, &o->list);
	if (o->list.n == 0 || (o->fields == 1 && is_only_a_name(&o->list)))
		return;
	o->from = &o->list.v[0];
	o->is_single = o->fields == 1 && o->list.n == 1 && o->list.bad.n == 0 &&
		       o->from->start == 0 && o->from->end == o->text.len &&
		       o->text.len < ORIGIN_READ;
}

static void
origin_clear(struct origin *o)
{
	buf_clear(&o->text);
	mailboxes_clear(&o->list);
}

static const char *
name_of(const struct mailbox *m)
{
	return m->display != NULL ? m->display : m->comment;
}

/* ---- may the account send as him --------------------------------------------
 */

/* A bare name gets the domain of this host's mail; for the caller to free. */
static char *
qualify(const struct rewrite_rules *r, const char *address)
{
	if (!is_bare(address) || r->domain == NULL || r->domain[0] == '\0')
		return xstrdup(address);
	return xasprintf("%s@%s", address, r->domain);
}

static bool
may_send_as(const struct rewrite_rules *r, const char *address)
{
	if (addr_equal(address, r->user))
		return true;
	return r->mode == REWRITE_AUTO && !is_bare(address) &&
	       addr_match_any(r->senders, address);
}

/* ---- texts ---- */

static void
put_mailbox(struct buf *b, const char *name, const char *address)
{
	if (name == NULL) {
		buf_puts(b, address);
		return;
	}
	addr_put_phrase(b, name);
	buf_printf(b, " <%s>", address);
}

/* Only of the first address is known whether it was bare. */
static bool
is_local(const struct rewrite_rules *r, const char *domain, bool is_first)
{
	return domain == NULL || (is_first && r->from_is_local) ||
	       strlist_has(r->local_names, domain);
}

/* "root@web01" for a local name, else the address as it is. */
static void
put_shown_address(
    struct buf *b, const struct rewrite_rules *r, const char *address)
{
	const char *domain = addr_domain(address);
	size_t local = strlen(address);

	if (!is_local(r, domain, true)) {
		buf_append(b, address, fitting(address, local, ADDR_MAX));
		return;
	}
	if (domain != NULL)
		local = (size_t)(domain - address) - 1;
	buf_append(b, address, fitting(address, local, ADDR_MAX));
	/* An address literal has no first label; it is shown whole. */
	buf_printf(b, "@%.*s",
	    (int)strcspn(r->hostname, r->hostname[0] == '[' ? "" : "."),
	    r->hostname);
}

/* "Cron Daemon (root@web01)": the display name of the new From, or empty. */
static void
put_label(struct buf *b, const struct rewrite_rules *r, const struct origin *o)
{
	const char *name;

	if (o->from == NULL) {
		buf_append(b, buf_data(&o->text),
		    fitting(buf_data(&o->text), o->text.len, NAME_KEPT));
		return;
	}
	name = name_of(o->from);
	if (name == NULL || addr_equal(name, o->from->address)) {
		put_shown_address(b, r, o->from->address);
		return;
	}
	buf_append(b, name, fitting(name, strlen(name), NAME_KEPT));
	buf_puts(b, " (");
	put_shown_address(b, r, o->from->address);
	buf_putc(b, ')');
}

/* ---- where answers go ---- */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), len = strlen(end);

	return n >= len && strcasecmp(s + n - len, end) == 0;
}

/* Can somebody out there answer to this address? */
static bool
is_reachable(const struct rewrite_rules *r, const char *address, bool is_first)
{
	const char *domain = addr_domain(address);

	return domain != NULL && domain[0] != '[' &&
	       strchr(domain, '.') != NULL && !is_local(r, domain, is_first) &&
	       !ends_with(domain, ".local") &&
	       !ends_with(domain, ".localdomain") &&
	       !ends_with(domain, ".internal") &&
	       addr_check(address, "5.1.7", NULL, NULL) == 0;
}

static bool
has_reply_to(const struct header *h)
{
	const struct header_field *f = NULL;

	while ((f = header_find(h, "Reply-To", f)) != NULL)
		if (f->value[0] != '\0')
			return true;
	return false;
}

static void
add_reply_to(
    const struct rewrite_rules *r, const struct origin *o, struct header *h)
{
	const struct mailbox *m;
	struct buf b, one;
	size_t i;

	buf_init(&b, REPLIES_KEPT);
	for (i = 0; i < o->list.n; i++) {
		m = &o->list.v[i];
		if (o->from == NULL || !is_reachable(r, m->address, i == 0))
			continue;
		buf_init(&one, REPLIES_KEPT);
		put_mailbox(&one, name_of(m), m->address);
		if (b.len + one.len + 2 <= b.max) {
			buf_puts(&b, b.len > 0 ? ", " : "");
			buf_append(&b, buf_data(&one), one.len);
		}
		buf_clear(&one);
	}
	if (b.len > 0) {
		header_remove(h, "Reply-To"); /* an empty one */
		header_add(h, "Reply-To", b.data);
	}
	buf_clear(&b);
}

static void
add_original_from(const struct origin *o, struct header *h)
{
	const char *text = buf_data(&o->text);
	size_t n = fitting(text, o->text.len, ORIGIN_KEPT);
	struct buf b;

	if (n == 0)
		return;
	buf_init(&b, 8 * ORIGIN_KEPT);
	if (utf8_is_ascii(text, n))
		buf_append(&b, text, n);
	else
		words_put(&b, text, n);
	header_remove(h, "X-Original-From");
	header_add(h, "X-Original-From", b.data);
	buf_clear(&b);
}

/* ---- the header ---- */

static void
set_from(const struct origin *o, struct header *h, const char *value)
{
	if (o->fields == 1) {
		header_set(header_find(h, "From", NULL), value);
		return;
	}
	header_remove(h, "From");
	header_add(h, "From", value);
}

/*
 * The account may send as him: what is well-formed stays, a bare name gets its
 * domain in its place, and anything else is reduced to the one mailbox.
 */
static bool
keep_sender(const struct rewrite_rules *r, const struct origin *o,
    struct header *h, const char *address)
{
	struct buf b;

	if (o->is_single && !is_bare(o->from->address))
		return false;
	buf_init(&b, ORIGIN_READ * 8);
	if (o->is_single) {
		buf_append(&b, o->text.data, o->from->addr_start);
		buf_puts(&b, address);
		buf_puts(&b, o->text.data + o->from->addr_end);
	} else
		put_mailbox(&b, name_of(o->from), address);
	set_from(o, h, b.data);
	if (!o->is_single && r->original_from)
		add_original_from(o, h);
	buf_clear(&b);
	return true;
}

/* The account's own mailbox takes his place. */
static void
replace_sender(
    const struct rewrite_rules *r, const struct origin *o, struct header *h)
{
	struct buf label, value;

	buf_init(&label, ORIGIN_READ * 2);
	buf_init(&value, ORIGIN_READ * 16);
	put_label(&label, r, o);
	put_mailbox(&value, label.len > 0 ? label.data : NULL, r->user);
	set_from(o, h, value.data);
	header_remove(h, "Sender");
	/* Nobody reads what answers a notice: it would bounce. */
	if (!o->is_notice && !has_reply_to(h))
		add_reply_to(r, o, h);
	if (r->original_from)
		add_original_from(o, h);
	buf_clear(&label);
	buf_clear(&value);
}

static bool
add_missing(struct header *h, const char *name, const char *value)
{
	if (header_find(h, name, NULL) != NULL)
		return false;
	header_add(h, name, value);
	return true;
}

/*
 * Mail that had the null sender gets the account's.  What tells programs not to
 * answer must then stand in the header (RFC 3834 5), and so must what tells us,
 * should it be forwarded back to us, that its failure is not to be bounced.
 */
static bool
mark_automatic(const struct rewrite_rules *r, struct header *h)
{
	bool changed;

	if (!r->is_automatic || r->null_sender_ok)
		return false;
	changed = add_missing(h, "Auto-Submitted", "auto-generated");
	return add_missing(h, DSN_MARK, DSN_MARK_AUTOMATIC) || changed;
}

bool
rewrite_header(const struct rewrite_rules *r, struct header *h)
{
	struct origin o;
	char *address = NULL;
	bool changed = true, marked, is_notice;

	if (r->user == NULL)
		return false;
	is_notice = header_find(h, DSN_MARK, NULL) != NULL;
	marked = mark_automatic(r, h);
	if (r->mode == REWRITE_NEVER)
		return marked;
	origin_read(&o, h);
	o.is_notice = is_notice;
	if (o.from != NULL)
		address = qualify(r, o.from->address);
	if (address != NULL && may_send_as(r, address))
		changed = keep_sender(r, &o, h, address);
	else
		replace_sender(r, &o, h);
	free(address);
	origin_clear(&o);
	return changed || marked;
}

char *
rewrite_sender(const struct rewrite_rules *r, const char *sender)
{
	char *address;

	if (r->user == NULL)
		return xstrdup(sender);
	/* Not for "never" alone: whether "<>" is taken is the server's choice.
	 */
	if (sender[0] == '\0')
		return xstrdup(r->null_sender_ok ? "" : r->user);
	address = qualify(r, sender);
	if (r->mode != REWRITE_NEVER && !may_send_as(r, address)) {
		free(address);
		address = xstrdup(r->user);
	}
	return address;
}
