/* SPDX-License-Identifier: ISC */
/*
 * Address fields said in ASCII: mailboxes that have something beyond it are
 * written anew, and what stands between mailboxes, names of groups and what
 * could not be read, becomes phrases.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/lex.h"
#include "mail/tidy_priv.h"

/* ---- between mailboxes ---- */

static bool
is_phrase(const char *p, const struct token *t)
{
	return t->kind == TOKEN_ATOM || t->kind == TOKEN_QUOTED ||
	       t->kind == TOKEN_BLANK || t->kind == TOKEN_BROKEN ||
	       (t->kind == TOKEN_SPECIAL && p[t->start] == '.');
}

/* The words gathered in *words, whose text begins at start. */
static int
put_words(
    struct buf *b, const char *p, size_t start, size_t end, struct buf *words)
{
	size_t gap = strspn(p + start, " \t"), n = end - start;
	int rc;

	if (utf8_is_ascii(p + start, n))
		rc = buf_append(b, p + start, n);
	else {
		rc = buf_append(b, p + start, gap < n ? gap : n);
		if (rc == 0)
			rc = addr_put_phrase(b, buf_data(words));
		if (rc == 0 && n > 0 && strchr(" \t", p[end - 1]) != NULL)
			rc = buf_putc(b, ' ');
	}
	buf_truncate(words, 0);
	return rc;
}

static int
gather(struct buf *words, const char *p, const struct token *t)
{
	return t->kind == TOKEN_QUOTED
		   ? token_text(words, p, t)
		   : buf_append(words, p + t->start, t->end - t->start);
}

static int
put_between(struct buf *b, const char *p, size_t n)
{
	struct buf words;
	struct lexer lex;
	struct token t;
	size_t start = 0;
	int rc = 0;

	buf_init(&words, n);
	lexer_init(&lex, p, n);
	do {
		t = lexer_next(&lex);
		if (is_phrase(p, &t)) {
			rc = gather(&words, p, &t);
			continue;
		}
		rc = put_words(b, p, start, t.start, &words);
		if (rc == 0 && t.kind != TOKEN_END)
			rc = tidy_tokens(b, p + t.start, t.end - t.start);
		start = t.end;
	} while (rc == 0 && t.kind != TOKEN_END);
	buf_clear(&words);
	return rc;
}

/* ---- mailboxes ---- */

/* The address in ASCII, allocated, or NULL. */
static char *
say_address(const char *address, const struct tidy *t)
{
	const char *domain = addr_domain(address);
	char *ascii, *whole = NULL;
	size_t local = strlen(address);

	if (utf8_is_ascii(address, local))
		return xstrdup(address);
	if (domain == NULL || t->to_ascii == NULL)
		return NULL;
	local = (size_t)(domain - address);
	if (!utf8_is_ascii(address, local) ||
	    (ascii = t->to_ascii(domain)) == NULL)
		return NULL;
	if (utf8_is_ascii(ascii, strlen(ascii)))
		whole = xasprintf("%.*s%s", (int)local, address, ascii);
	free(ascii);
	return whole;
}

/* "name address" as the name of a group without members. */
static int
put_group(struct buf *b, const char *name, const char *address)
{
	char *text =
	    name == NULL ? xstrdup(address) : xasprintf("%s %s", name, address);
	int rc = addr_put_phrase(b, text);

	free(text);
	return rc == -1 ? -1 : buf_puts(b, " :;");
}

static int
put_mailbox(struct buf *b, const struct mailbox *m, const struct tidy *t)
{
	char *address = say_address(m->address, t);
	int rc;

	if (address == NULL)
		return put_group(b,
		    m->display != NULL ? m->display : m->comment, m->address);
	if (m->display == NULL)
		rc = buf_puts(b, address);
	else if ((rc = addr_put_phrase(b, m->display)) == 0)
		rc = buf_printf(b, " <%s>", address);
	if (rc == 0 && m->comment != NULL && (rc = buf_putc(b, ' ')) == 0)
		rc = tidy_comment(b, m->comment, strlen(m->comment));
	free(address);
	return rc;
}

int
tidy_addresses(struct buf *b, const char *value, const struct tidy *t)
{
	const struct mailbox *m;
	struct mailboxes list;
	size_t at = 0, i;
	int rc = 0;

	/* Beyond so many mailboxes the rest is as what could not be read. */
	(void)mailboxes_parse(value, strlen(value), &list);
	for (i = 0; i < list.n && rc == 0; i++) {
		m = &list.v[i];
		rc = put_between(b, value + at, m->start - at);
		if (rc == 0 &&
		    utf8_is_ascii(value + m->start, m->end - m->start))
			rc = buf_append(b, value + m->start, m->end - m->start);
		else if (rc == 0)
			rc = put_mailbox(b, m, t);
		at = m->end;
	}
	if (rc == 0)
		rc = put_between(b, value + at, strlen(value + at));
	mailboxes_clear(&list);
	return rc;
}
