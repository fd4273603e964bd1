/* SPDX-License-Identifier: ISC */
/*
 * A list of addresses: places lie within the text, what is read and written
 * again reads the same, and an address that passes addr_check has nothing in
 * it that could leave its SMTP command.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/chars.h"

#include "tests/fuzz/fuzz.h"

static void
checked_is_safe(const char *address)
{
	const char *p;

	if (addr_check(address, "5.1.3", NULL, NULL) == -1)
		return;
	assert(strlen(address) <= ADDR_MAX);
	for (p = address; *p != '\0'; p++)
		assert(!char_is_control(*p));
	if (address[0] != '"' && strncmp(address, "\\\"", 2) != 0)
		assert(strpbrk(address, " <>,;()\"") == NULL);
	assert(addr_match("*", address) && addr_match(address, address));
}

/* "phrase <address>" reads as one mailbox with the same address. */
static void
written_reads_the_same(const char *display, const char *address)
{
	struct mailboxes again;
	struct buf b;

	buf_init(&b, 8 * strlen(display) + strlen(address) + 200);
	assert(addr_put_phrase(&b, display) == 0);
	assert(utf8_is_ascii(b.data, b.len));
	buf_printf(&b, " <%s>", address);
	assert(mailboxes_parse(b.data, b.len, &again) == 0);
	assert(again.n == 1 && again.bad.n == 0);
	assert(strcmp(again.v[0].address, address) == 0);
	mailboxes_clear(&again);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = xstrndup((const char *)p, n);
	struct mailboxes m;
	struct mailbox *v;
	size_t i;

	mailboxes_parse((const char *)p, n, &m);
	for (i = 0; i < m.n; i++) {
		v = &m.v[i];
		assert(v->start <= v->addr_start && v->addr_end <= v->end);
		assert(v->addr_start < v->addr_end && v->end <= n);
		assert(i == 0 || m.v[i - 1].end <= v->start);
		assert(strpbrk(v->address, "\r\n") == NULL);
		checked_is_safe(v->address);
		if (addr_check(v->address, "5.1.3", NULL, NULL) == 0)
			written_reads_the_same(
			    v->display != NULL ? v->display : "", v->address);
	}
	mailboxes_clear(&m);
	checked_is_safe(text);
	written_reads_the_same(text, "a@b");
	addr_match(text, "a@b");
	free(text);
	return 0;
}
