/* SPDX-License-Identifier: ISC */
/*
 * A header that can travel: which fields cannot, what kind each is of, and how
 * it is written anew.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/fold.h"
#include "mail/look.h"
#include "mail/tidy_priv.h"

/*
 * What a value may become: an octet an address, an address an encoded word.
 * The whole header has a cap of its own.
 */
#define ROOM(n)   (16 * (n) + 1000)
#define VALUE_MAX (4 * HEADER_MAX)

enum kind {
	KIND_TEXT, /* of every field that is not in the table */
	KIND_ADDRESSES,
	KIND_PARAMS,
	KIND_TOKENS
};

/* RFC 5322 3.6, RFC 2045, RFC 2369 and what else is no text. */
static const struct {
	const char *name;
	enum kind kind;
} kinds[] = {
	{ "From", KIND_ADDRESSES },
	{ "Sender", KIND_ADDRESSES },
	{ "Reply-To", KIND_ADDRESSES },
	{ "To", KIND_ADDRESSES },
	{ "Cc", KIND_ADDRESSES },
	{ "Bcc", KIND_ADDRESSES },
	{ "Errors-To", KIND_ADDRESSES },
	{ "Mail-Followup-To", KIND_ADDRESSES },
	{ "Mail-Reply-To", KIND_ADDRESSES },
	{ "Disposition-Notification-To", KIND_ADDRESSES },
	{ "Return-Receipt-To", KIND_ADDRESSES },
	{ "Return-Path", KIND_ADDRESSES },
	{ "Delivered-To", KIND_ADDRESSES },
	{ "X-Original-To", KIND_ADDRESSES },
	{ "List-ID", KIND_ADDRESSES },
	{ "Content-Type", KIND_PARAMS },
	{ "Content-Disposition", KIND_PARAMS },
	{ "Content-Transfer-Encoding", KIND_TOKENS },
	{ "Content-ID", KIND_TOKENS },
	{ "Content-Location", KIND_TOKENS },
	{ "Content-Base", KIND_TOKENS },
	{ "Content-Language", KIND_TOKENS },
	{ "Content-Length", KIND_TOKENS },
	{ "Content-MD5", KIND_TOKENS },
	{ "MIME-Version", KIND_TOKENS },
	{ "Date", KIND_TOKENS },
	{ "Message-ID", KIND_TOKENS },
	{ "In-Reply-To", KIND_TOKENS },
	{ "References", KIND_TOKENS },
	{ "Received", KIND_TOKENS },
	{ "Received-SPF", KIND_TOKENS },
	{ "DKIM-Signature", KIND_TOKENS },
	{ "ARC-Seal", KIND_TOKENS },
	{ "ARC-Message-Signature", KIND_TOKENS },
	{ "ARC-Authentication-Results", KIND_TOKENS },
	{ "Authentication-Results", KIND_TOKENS },
	{ "Autocrypt", KIND_TOKENS },
	{ "List-Help", KIND_TOKENS },
	{ "List-Unsubscribe", KIND_TOKENS },
	{ "List-Unsubscribe-Post", KIND_TOKENS },
	{ "List-Subscribe", KIND_TOKENS },
	{ "List-Post", KIND_TOKENS },
	{ "List-Owner", KIND_TOKENS },
	{ "List-Archive", KIND_TOKENS },
	{ "Auto-Submitted", KIND_TOKENS },
	{ "Precedence", KIND_TOKENS },
	{ "Importance", KIND_TOKENS },
	{ "X-Priority", KIND_TOKENS },
	{ "Thread-Index", KIND_TOKENS },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum kind
kind_of(const char *name)
{
	size_t i;

	if (strncasecmp(name, "Resent-", 7) == 0)
		name += 7;
	for (i = 0; i < COUNT(kinds); i++)
		if (strcasecmp(name, kinds[i].name) == 0)
			return kinds[i].kind;
	return KIND_TEXT;
}

/* What of a text cannot stay. */
struct trouble {
	bool octets, lines;
};

static struct trouble
find_trouble(const struct tidy *t, const char *text, size_t n)
{
	struct trouble found = { false, false };
	struct look l;

	look_init(&l);
	look_put(&l, text, n);
	look_end(&l);
	found.lines = l.long_at > 0;
	if (t->keep == TIDY_ASCII)
		found.octets = l.eight_at > 0;
	else if (t->keep == TIDY_UTF8)
		found.octets = l.wrong_at > 0;
	return found;
}

bool
tidy_is_needed(const struct tidy *t, const char *text, size_t n)
{
	struct trouble found = find_trouble(t, text, n);

	return found.octets || found.lines;
}

static int
put_value(struct buf *b, const struct header_field *f, const char *value,
    bool encode, const struct tidy *t)
{
	switch (kind_of(f->name)) {
	case KIND_TEXT:
		return tidy_text(b, value, encode);
	case KIND_PARAMS:
		return tidy_params(b, value, encode);
	case KIND_ADDRESSES:
		if (encode)
			return tidy_addresses(b, value, t);
		break;
	case KIND_TOKENS:
		if (encode)
			return tidy_tokens(b, value, strlen(value));
		break;
	}
	return buf_puts(b, value);
}

/* A name that leaves no room beside it is nobody's: it becomes text. */
static void
shorten_name(struct header_field *f)
{
	char *value;

	if (strlen(f->name) <= FOLD_GAP)
		return;
	value = xasprintf("%s: %s", f->name, f->value);
	free(f->name);
	free(f->value);
	f->name = xstrdup("X-Long-Name");
	f->value = value;
}

static int
tidy_field(struct header_field *f, bool encode, const struct tidy *t)
{
	struct buf value, cut, raw;
	size_t room;
	int rc = -1;

	shorten_name(f);
	room = ROOM(strlen(f->value));
	buf_init(&value, room < VALUE_MAX ? room : VALUE_MAX);
	buf_init(&cut, VALUE_MAX);
	buf_init(&raw, VALUE_MAX);
	if (put_value(&value, f, f->value, encode, t) == -1 ||
	    fold_cut(&cut, buf_data(&value)) == -1 ||
	    fold_put(&raw, f->name, buf_data(&cut)) == -1)
		goto out;
	free(f->raw);
	free(f->value);
	f->raw = buf_steal(&raw);
	f->value = xstrdup(buf_data(&cut));
	rc = 0;
out:
	buf_clear(&value);
	buf_clear(&cut);
	buf_clear(&raw);
	return rc;
}

int
header_tidy(struct header *h, const struct tidy *t)
{
	struct trouble found;
	int changed = 0;
	size_t i;

	for (i = 0; i < h->n; i++) {
		found = find_trouble(t, h->v[i].raw, strlen(h->v[i].raw));
		if (!found.octets && !found.lines)
			continue;
		if (tidy_field(&h->v[i], found.octets, t) == -1)
			return -1;
		changed = 1;
	}
	return changed;
}
