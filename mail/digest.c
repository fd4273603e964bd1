/* SPDX-License-Identifier: ISC */
/*
 * Reports: several notices as one message.
 *
 * A note is lines with a letter in front of each:
 *
 *	C0 The mailbox does not exist. Check the address.
 *	A bob@example.com, eve@example.com
 *	M "Backup", sent on Mon, 23 Nov 2026 20:20:34 +0000, queue id 0192...
 *	S smtp.office365.com said: 550 5.1.1 User unknown
 *
 * C begins with the kind of the notice and is the cause: what has the same one
 * stands together in the report, whatever message it is of.  Lines that are
 * none of these are passed over.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/date.h"
#include "mail/digest.h"
#include "mail/header.h"
#include "mail/prose.h"

#define ADDRESSES_MAX 10 /* of one cause, by name */
#define CAUSE_MAX     800
#define SUBJECT_MAX   200
#define SAID_MAX      500
#define TO_MAX        20

/* The worst first.  subject: of a report about these alone. */
static const struct {
	enum dsn_kind kind;
	const char *title, *subject;
} kinds[] = {
	{ DSN_FAILED, "Not delivered.", "were not delivered" },
	{ DSN_LAST, "Not delivered, and without a sender to tell.",
	    "were not delivered" },
	{ DSN_EXPIRED, "Not delivered in time.", "were not delivered" },
	{ DSN_DELAYED, "Delayed, and tried again.", "are delayed" },
	{ DSN_RELAYED, "Handed on to a server that sends no reports.",
	    "were handed on" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- notes ---- */

static bool
is_same_text(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool
has_same_cause(const struct dsn *d, size_t i, size_t k)
{
	const struct dsn_rcpt *a = &d->rcpts[i], *b = &d->rcpts[k];

	return is_same_text(dsn_meaning(d, a), dsn_meaning(d, b)) &&
	       is_same_text(a->fix, b->fix);
}

/* "L text\n", text being cleaned and cut. */
static void
put_line(struct buf *b, const char *letter, const char *text, int max)
{
	char *line = prose_clean(text);

	buf_printf(b, "%s %.*s\n", letter, max, line);
	free(line);
}

/* Those that share the cause of the i-th, which is the first of them. */
static void
put_addresses(struct buf *b, const struct dsn *d, size_t i)
{
	struct buf list;
	size_t k, n = 0;

	buf_init(&list, CAUSE_MAX + ADDRESSES_MAX * 300);
	for (k = i; k < d->nrcpts; k++) {
		if (!has_same_cause(d, i, k) || n++ >= ADDRESSES_MAX)
			continue;
		buf_printf(
		    &list, "%s%.254s", n == 1 ? "" : ", ", d->rcpts[k].address);
	}
	if (n > ADDRESSES_MAX)
		buf_printf(&list, " and %zu more", n - ADDRESSES_MAX);
	put_line(b, "A", buf_data(&list), (int)list.len);
	buf_clear(&list);
}

static void
put_message(struct buf *b, const struct dsn *d)
{
	struct header h = { 0 };
	const struct header_field *f;
	char date[DATE_SIZE], *text;

	date_format(date, d->arrived_at, 0);
	header_parse(d->headers, d->headers_len, &h);
	f = header_find(&h, "Subject", NULL);
	if (f != NULL && f->value[0] != '\0')
		text = xasprintf("\"%.*s\", sent on %s, queue id %s",
		    SUBJECT_MAX, f->value, date, d->queue_id);
	else
		text = xasprintf("sent on %s, queue id %s", date, d->queue_id);
	put_line(b, "M", text, 2 * SUBJECT_MAX);
	free(text);
	header_clear(&h);
}

static void
put_said(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	char *said = dsn_answer(r), *text;

	text = xasprintf(
	    "%s said: %s", r->relay != NULL ? r->relay : d->hostname, said);
	put_line(b, "S", text, SAID_MAX);
	free(said);
	free(text);
}

static void
put_cause(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r)
{
	char letter[8], *text;

	snprintf(letter, sizeof(letter), "C%u", (unsigned)d->kind % 10);
	text = xasprintf("%s %s", dsn_meaning(d, r), r->fix ? r->fix : "");
	put_line(b, letter, text, CAUSE_MAX);
	free(text);
}

void
digest_note(struct buf *b, const struct dsn *d)
{
	struct buf one;
	size_t i, k;

	buf_init(&one, DIGEST_NOTE_MAX);
	for (i = 0; i < d->nrcpts; i++) {
		for (k = 0; k < i && !has_same_cause(d, k, i); k++)
			;
		if (k < i)
			continue;
		buf_truncate(&one, 0);
		put_cause(&one, d, &d->rcpts[i]);
		put_addresses(&one, d, i);
		put_message(&one, d);
		put_said(&one, d, &d->rcpts[i]);
		if (buf_append(b, buf_data(&one), one.len) == -1)
			break;
	}
	buf_clear(&one);
}

/* ---- reading them ---- */

/* A cause of a note, and the lines that follow it there. */
struct entry {
	size_t rank; /* in kinds */
	const char *cause, *lines;
	size_t cause_len, lines_len;
	bool is_put;
};

struct entries {
	struct entry *v;
	size_t n;
};

static size_t
rank_of(char digit)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if ((int)kinds[i].kind == digit - '0')
			break;
	return i;
}

/* "C0 text": false when it is no such line. */
static bool
begin_entry(struct entries *all, const char *line, size_t n)
{
	struct entry *e;

	if (n < 3 || line[0] != 'C' || line[2] != ' ' ||
	    rank_of(line[1]) == KINDS)
		return false;
	all->v = xreallocarray(all->v, all->n + 1, sizeof(*all->v));
	e = &all->v[all->n++];
	*e = (struct entry){
		.rank = rank_of(line[1]), .cause = line + 3, .cause_len = n - 3
	};
	return true;
}

static void
read_note(struct entries *all, const char *note)
{
	struct entry *e = NULL;
	size_t n;

	for (; *note != '\0'; note += n + (note[n] == '\n')) {
		n = strcspn(note, "\n");
		if (begin_entry(all, note, n)) {
			e = &all->v[all->n - 1];
			e->lines = note + n + (note[n] == '\n');
		} else if (e != NULL)
			e->lines_len = (size_t)(note + n - e->lines);
	}
}

/* ---- the text for people ---- */

static bool
is_together(const struct entry *a, const struct entry *b)
{
	return a->rank == b->rank && a->cause_len == b->cause_len &&
	       memcmp(a->cause, b->cause, a->cause_len) == 0;
}

/* What was said of all of them alike is told once: *said is the last told. */
static void
put_lines(struct buf *b, const struct entry *e, char **said)
{
	const char *p = e->lines, *end = p + e->lines_len;
	size_t n;
	char *text;

	buf_puts(b, "\r\n");
	for (; p < end; p += n + 1) {
		n = strcspn(p, "\n");
		if (n < 2 || p[1] != ' ' || strchr("AMS", p[0]) == NULL)
			continue;
		text = xstrndup(p + 2, n - 2);
		if (p[0] != 'S' || !is_same_text(*said, text))
			prose_put(b, p[0] == 'A' ? 2 : 4, text);
		if (p[0] == 'S') {
			free(*said);
			*said = text;
		} else
			free(text);
	}
}

/* A cause, and under it all that met it. */
static void
put_together(struct buf *b, struct entries *all, const struct entry *e)
{
	struct entry *other;
	char *said = NULL, *text;

	text = xasprintf(
	    "%s %.*s", kinds[e->rank].title, (int)e->cause_len, e->cause);
	buf_puts(b, "\r\n");
	prose_put(b, 0, text);
	free(text);
	for (other = all->v; other < all->v + all->n; other++) {
		if (other->is_put || !is_together(e, other))
			continue;
		put_lines(b, other, &said);
		other->is_put = true;
	}
	free(said);
}

static void
put_kind(struct buf *b, struct entries *all, size_t rank)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].rank == rank && !all->v[i].is_put)
			put_together(b, all, &all->v[i]);
}

static void
put_person(struct buf *b, const struct digest *d, struct entries *all)
{
	char *text;
	size_t rank;

	text = xasprintf("This is the mail system at %s.", d->hostname);
	prose_put(b, 0, text);
	free(text);
	buf_puts(b, "\r\n");
	if (d->limit > 0)
		text = xasprintf(
		    "More than %u notices for you came within an hour. The "
		    "rest waited, and goes as one report for as long as more "
		    "come: this one stands for %zu, which follow in full.",
		    d->limit, d->nnotes);
	else
		text = xasprintf("For a while no mail could leave here. This "
				 "report stands for %zu notices that waited "
				 "meanwhile, which follow in full.",
		    d->nnotes);
	prose_put(b, 0, text);
	free(text);
	for (rank = 0; rank < KINDS; rank++)
		put_kind(b, all, rank);
}

/* ---- putting it together ---- */

/* "40 messages were not delivered", or what is true of all of them. */
static char *
subject_of(const struct digest *d, const struct entries *all)
{
	const char *what = NULL;
	size_t i;

	for (i = 0; i < all->n; i++) {
		const char *one = kinds[all->v[i].rank].subject;

		if (what != NULL && strcmp(what, one) != 0)
			break;
		what = one;
	}
	if (what == NULL || i < all->n)
		return xasprintf("%zu notices about mail", d->nnotes);
	return xasprintf("%zu messages %s", d->nnotes, what);
}

/* What is made of one that nobody is told of any more is another such. */
static const char *
mark_of(const struct entries *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (kinds[all->v[i].rank].kind == DSN_LAST)
			return DSN_MARK_LAST;
	return "report";
}

/* The envelope knows an address that 7 bits cannot hold, or a long list. */
static void
add_to(struct header *h, const struct strlist *to)
{
	bool is_plain = to->n > 0 && to->n <= TO_MAX;
	struct buf b;
	size_t i;

	for (i = 0; i < to->n && is_plain; i++)
		is_plain = utf8_is_ascii(to->v[i], strlen(to->v[i]));
	if (!is_plain) {
		header_add(h, "To", "undisclosed-recipients:;");
		return;
	}
	buf_init(&b, TO_MAX * 1024);
	for (i = 0; i < to->n; i++)
		buf_printf(&b, "%s<%.900s>", i == 0 ? "" : ", ", to->v[i]);
	header_add(h, "To", buf_data(&b));
	buf_clear(&b);
}

static int
put_header(struct buf *b, const struct digest *d, const struct entries *all)
{
	struct header h = { 0 };
	char date[DATE_SIZE], *text;
	int rc;

	date_format(date, d->now, 0);
	header_add(&h, "Date", date);
	header_add(&h, "From", d->from);
	add_to(&h, d->to);
	text = subject_of(d, all);
	header_add(&h, "Subject", text);
	free(text);
	header_add(&h, "Message-ID", d->message_id);
	header_add(&h, "Auto-Submitted", "auto-replied"); /* RFC 3834 5 */
	header_add(&h, DSN_MARK, mark_of(all));
	header_add(&h, "MIME-Version", "1.0");
	text = xasprintf("multipart/mixed; boundary=\"=_%s.0\"", d->boundary);
	header_add(&h, "Content-Type", text);
	free(text);
	rc = header_put(b, &h);
	header_clear(&h);
	return rc;
}

int
digest_put_head(struct buf *b, const struct digest *d)
{
	struct entries all = { NULL, 0 };
	struct buf person, part;
	size_t i;
	int rc;

	for (i = 0; i < d->nnotes; i++)
		read_note(&all, d->notes[i]);
	/* What these two have no room for, b has no room for either. */
	buf_init(&person, b->max + 1);
	buf_init(&part, 4 * b->max + 65536);
	put_person(&person, d, &all);
	prose_put_part(&part, "text/plain", person.data, person.len);
	rc = put_header(b, d, &all);
	if (rc == 0)
		rc = buf_printf(b, "\r\n--=_%s.0\r\n", d->boundary);
	if (rc == 0)
		rc = buf_append(b, part.data, part.len);
	if (rc == 0)
		rc = buf_printf(b,
		    "\r\n--=_%s.0\r\nContent-Type: multipart/digest; "
		    "boundary=\"=_%s.1\"\r\n",
		    d->boundary, d->boundary);
	buf_clear(&part);
	buf_clear(&person);
	free(all.v);
	return rc;
}

int
digest_put_next(struct buf *b, const struct digest *d)
{
	return buf_printf(b,
	    "\r\n--=_%s.1\r\nContent-Type: message/rfc822\r\n\r\n",
	    d->boundary);
}

int
digest_put_end(struct buf *b, const struct digest *d)
{
	return buf_printf(b, "\r\n--=_%s.1--\r\n\r\n--=_%s.0--\r\n",
	    d->boundary, d->boundary);
}
