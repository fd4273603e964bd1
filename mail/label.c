/* SPDX-License-Identifier: ISC */
/* Content-Type and Content-Transfer-Encoding, read and written. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/chars.h"
#include "mail/label.h"
#include "mail/params.h"

static const char *const encodings[] = {
	[ENCODING_7BIT] = "7bit",
	[ENCODING_8BIT] = "8bit",
	[ENCODING_BINARY] = "binary",
	[ENCODING_QP] = "quoted-printable",
	[ENCODING_BASE64] = "base64",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
is_word(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

/* The one word of the field; comments behind it say nothing. */
static enum label_encoding
read_encoding(const char *value)
{
	size_t n = strcspn(value, " \t(;"), i;

	if (value[0] == '\0')
		return ENCODING_NONE;
	for (i = ENCODING_7BIT; i < COUNT(encodings); i++)
		if (is_word(value, n, encodings[i]))
			return (enum label_encoding)i;
	return ENCODING_OTHER;
}

/*
 * A blank at its end could not be seen in the lines of the body.  One beyond
 * ASCII would have to be changed there, too.
 */
static void
read_boundary(struct label *l, const struct param *p)
{
	struct buf b;

	buf_init(&b, BOUNDARY_MAX);
	if (param_value(&b, p) == 0 && utf8_is_ascii(buf_data(&b), b.len)) {
		while (b.len > 0 && char_is_blank(b.data[b.len - 1]))
			b.len--;
		memcpy(l->boundary, buf_data(&b), b.len);
		l->nboundary = b.len;
	}
	buf_clear(&b);
}

/* "type/subtype" of [p, p + n), without blanks around the slash. */
static void
read_type(struct label *l, const char *p, size_t n)
{
	const char *slash = memchr(p, '/', n), *sub;
	size_t type, nsub;

	if (slash == NULL)
		return; /* unreadable is text (RFC 2045 5.2) */
	type = (size_t)(slash - p);
	while (type > 0 && char_is_blank(p[type - 1]))
		type--;
	sub = slash + 1;
	nsub = n - (size_t)(sub - p);
	while (nsub > 0 && char_is_blank(*sub)) {
		sub++;
		nsub--;
	}
	nsub = strcspn(sub, " \t(;") < nsub ? strcspn(sub, " \t(;") : nsub;
	if (is_word(p, type, "multipart")) {
		l->type = LABEL_MULTIPART;
		l->is_digest = is_word(sub, nsub, "digest");
		l->is_signed = is_word(sub, nsub, "signed");
	} else if (is_word(p, type, "message")) {
		if (is_word(sub, nsub, "rfc822") ||
		    is_word(sub, nsub, "global"))
			l->type = LABEL_MESSAGE;
	} else if (!is_word(p, type, "text"))
		l->type = LABEL_OTHER;
}

void
label_read(struct label *l, const struct header *h, bool in_digest)
{
	const struct header_field *f;
	struct params w;
	struct param p;

	memset(l, 0, sizeof(*l));
	l->type = in_digest ? LABEL_MESSAGE : LABEL_TEXT;
	f = header_find(h, "Content-Transfer-Encoding", NULL);
	if (f != NULL)
		l->encoding = read_encoding(f->value);
	f = header_find(h, "Content-Type", NULL);
	if (f == NULL || f->value[0] == '\0')
		return;
	l->has_type = true;
	l->type = LABEL_TEXT;
	params_init(&w, f->value, strlen(f->value));
	if (params_next(&w, &p))
		read_type(l, p.p, p.n);
	while (l->type == LABEL_MULTIPART && l->nboundary == 0 &&
	       params_next(&w, &p))
		if (param_is(&p, "boundary"))
			read_boundary(l, &p);
}

bool
label_is_plain(const struct label *l)
{
	return l->encoding != ENCODING_QP && l->encoding != ENCODING_BASE64;
}

/* ---- writing ---- */

static void
set_one(struct header *h, const char *name, const char *value)
{
	struct header_field *f = header_find(h, name, NULL);

	if (f != NULL && header_find(h, name, f) == NULL) {
		header_set(f, value);
		return;
	}
	header_remove(h, name);
	header_add(h, name, value);
}

void
label_set_encoding(struct header *h, enum label_encoding encoding)
{
	set_one(h, "Content-Transfer-Encoding", encodings[encoding]);
}

void
label_set_text(struct header *h, const char *charset)
{
	char value[80] = "text/plain; charset=";

	strlcat(value, charset, sizeof(value));
	set_one(h, "Content-Type", value);
}

bool
label_set_version(struct header *h)
{
	if (header_find(h, "MIME-Version", NULL) != NULL)
		return false;
	header_add(h, "MIME-Version", "1.0");
	return true;
}
