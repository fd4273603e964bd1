/* SPDX-License-Identifier: ISC */
/* The text of a message as a source, in both of its forms. */
#include "config.h"

#include <string.h>

#include "common/clock.h"
#include "smtpd/text.h"

#define SCRATCH 4096

static void
init(struct text *t, struct conn *c, const struct patience *p)
{
	memset(t, 0, sizeof(*t));
	t->conn = c;
	t->patience = p;
	t->since_ms = clock_mono_ms();
}

/* What has come of it, at least an octet; -1. */
static ssize_t
read_some(struct text *t, const char **from)
{
	return conn_read(
	    t->conn, from, patience_text(t->patience, t->since_ms, t->octets));
}

static void
used(struct text *t, size_t n)
{
	conn_used(t->conn, n);
	t->octets += n;
}

static int
no_end(struct err *e)
{
	return err_set(
	    e, ERR_TEMP, "4.4.2", "the message did not come to its end");
}

static int
text_rewind(void *arg, struct err *e)
{
	(void)arg;
	return err_set(
	    e, ERR_TEMP, "4.3.0", "what was said by SMTP cannot be read again");
}

/*
 * Does a CR or LF stand alone in what comes from the client?  Looked at as it
 * came, before anything is made of it; said once.
 */
static bool
is_bare(struct text *t, const char *p, size_t n)
{
	bool is_lf, found = false;
	size_t i;

	if (!t->refuses_bare)
		return false;
	for (i = 0; i < n && !found; i++) {
		is_lf = p[i] == '\n';
		found = t->had_cr != is_lf;
		t->had_cr = p[i] == '\r';
	}
	t->refuses_bare = !found;
	return found;
}

static int
refuse_bare(struct err *e)
{
	return err_set(
	    e, ERR_PERM, "5.6.0", "a line of the message does not end in CRLF");
}

/* Refused at since, after so many octets: is the rest of it listened to? */
static bool
reads_on(const struct text *t, uint64_t before, int64_t since)
{
	return patience_reads_on(
	    t->patience, clock_mono_ms() - since, t->octets - before);
}

/* ---- DATA ---- */

void
text_init_data(
    struct text *t, struct conn *c, const struct patience *p, bool takes_lf)
{
	init(t, c, p);
	data_init(&t->data, takes_lf);
}

static ssize_t
read_data(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;
	size_t taken, len = 0;
	const char *from;
	ssize_t got;

	while (len == 0 && !t->data.ended) {
		if ((got = read_some(t, &from)) == -1)
			return no_end(e);
		taken = (size_t)got;
		if (DATA_ROOM(taken) > n)
			taken = n - DATA_ROOM(0);
		taken = data_take(&t->data, from, taken, p, &len);
		used(t, taken);
		if (is_bare(t, from, taken))
			return refuse_bare(e);
	}
	return (ssize_t)len;
}

struct source
text_source_data(struct text *t)
{
	const struct source source = { read_data, text_rewind, t };

	return source;
}

int
text_drain_data(struct text *t)
{
	uint64_t before = t->octets;
	char scratch[SCRATCH];
	int64_t since = clock_mono_ms();
	ssize_t n;

	/* It has its refusal, and a second one would look like no end. */
	t->refuses_bare = false;
	do
		n = read_data(t, scratch, sizeof(scratch), NULL);
	while (n > 0 && reads_on(t, before, since));
	return n > 0 ? 1 : (int)n;
}

/* ---- BDAT ---- */

void
text_init_chunks(struct text *t, struct conn *c, const struct patience *p)
{
	init(t, c, p);
}

/* Octets of this chunk, of which there are some left; -1. */
static ssize_t
read_chunk(struct text *t, const char **from)
{
	ssize_t got = read_some(t, from);

	return got > 0 && (uint64_t)got > t->left ? (ssize_t)t->left : got;
}

static void
used_chunk(struct text *t, size_t n)
{
	used(t, n);
	t->left -= n;
}

static ssize_t
read_chunks(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;
	const char *from;
	ssize_t got;

	while (t->left == 0 && !t->is_last)
		if (t->next_chunk(t->arg, t) == -1)
			return no_end(e);
	if (t->left == 0)
		/* A CR that was the last of it has no LF any more. */
		return t->refuses_bare && t->had_cr ? refuse_bare(e) : 0;
	if ((got = read_chunk(t, &from)) == -1)
		return no_end(e);
	if ((size_t)got < n)
		n = (size_t)got;
	memcpy(p, from, n);
	used_chunk(t, n);
	return is_bare(t, from, n) ? refuse_bare(e) : (ssize_t)n;
}

struct source
text_source_chunks(struct text *t)
{
	const struct source source = { read_chunks, text_rewind, t };

	return source;
}

int
text_drain_chunk(struct text *t)
{
	uint64_t before = t->octets;
	int64_t since = clock_mono_ms();
	const char *from;
	ssize_t got;

	while (t->left > 0 && reads_on(t, before, since)) {
		if ((got = read_chunk(t, &from)) == -1)
			return -1;
		used_chunk(t, (size_t)got);
	}
	return t->left > 0 ? 1 : 0;
}
