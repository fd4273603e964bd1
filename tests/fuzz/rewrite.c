/* SPDX-License-Identifier: ISC */
/*
 * Sender rewriting of any header: afterwards there is one From with one
 * mailbox that the account may send as, in ASCII where it was written anew, no
 * Sender beside a new From, and a second pass finds nothing left to do.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/rewrite.h"

#include "tests/fuzz/fuzz.h"

static void
one_permitted_from(const struct rewrite_rules *r, const struct header *h)
{
	const struct header_field *f = header_find(h, "From", NULL);
	struct mailboxes m;

	assert(f != NULL && header_find(h, "From", f) == NULL);
	assert(mailboxes_parse(f->value, strlen(f->value), &m) == 0);
	assert(m.n == 1 && m.bad.n == 0);
	assert(addr_equal(m.v[0].address, r->user) ||
	       (r->mode == REWRITE_AUTO &&
		   addr_match_any(r->senders, m.v[0].address)));
	mailboxes_clear(&m);
}

static void
nothing_left_to_do(const struct rewrite_rules *r, const struct header *h)
{
	struct header again = { 0 };
	struct buf b;

	buf_init(&b, 4 * HEADER_MAX);
	assert(header_put(&b, h) == 0);
	header_parse(b.data, b.len, &again);
	assert(again.n == h->n);
	assert(!rewrite_header(r, &again));
	header_clear(&again);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char user[] = "a@b.c", domain[] = "@d.e";
	static char loopback[] = "localhost", host[] = "host.example";
	static char *patterns[] = { user, domain };
	static char *names[] = { loopback, host };
	const struct strlist senders = { .v = patterns, .n = 2 };
	const struct strlist locals = { .v = names, .n = 2 };
	struct rewrite_rules r = { .user = "a@b.c",
		.senders = &senders,
		.original_from = true,
		.local_names = &locals,
		.hostname = "host.example",
		.domain = "d.e" };
	struct header h = { 0 };
	char *text = xstrndup((const char *)p, n), *sender;
	bool has_blank, changed;
	ssize_t span;

	r.mode = n % 2 == 0 ? REWRITE_AUTO : REWRITE_ALWAYS;
	span = header_span((const char *)p, n, true, &has_blank);
	header_parse((const char *)p, (size_t)span, &h);
	changed = rewrite_header(&r, &h);
	one_permitted_from(&r, &h);
	if (changed)
		nothing_left_to_do(&r, &h);
	header_clear(&h);
	sender = rewrite_sender(&r, text);
	assert(addr_equal(sender, r.user) || addr_match_any(&senders, sender));
	free(sender);
	free(text);
	return 0;
}
