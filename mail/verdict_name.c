/* SPDX-License-Identifier: ISC */
/*
 * Names in a fix, so that a line can be copied into PowerShell as it stands.
 * One of them may be a stranger's (the From of a message that anybody wrote):
 * only what is plainly an address goes in, and the placeholder stays else.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/verdict_priv.h"

#define ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3, without its brackets */

/* So many octets at p are an address, and nothing else to any shell. */
static size_t
plain_address(const char *p)
{
	size_t n, at = 0;

	for (n = 0; char_is_alnum(p[n]) ||
		    (p[n] != '\0' && strchr("@._+-", p[n]) != NULL);
	     n++)
		if (p[n] == '@')
			at++;
	/* The end of a sentence is no part of it. */
	while (n > 0 && p[n - 1] == '.')
		n--;
	return at == 1 && p[0] != '-' && p[0] != '@' && p[n - 1] != '@' &&
		       n <= ADDRESS_MAX
		   ? n
		   : 0;
}

static bool
copy_address(const char *from, bool is_whole, char out[ADDRESS_MAX + 1])
{
	size_t n = from == NULL ? 0 : plain_address(from);

	if (n == 0 || (is_whole && from[n] != '\0'))
		return false;
	memcpy(out, from, n);
	out[n] = '\0';
	return true;
}

void
verdict_put_name(char *text, size_t size, const char *word, const char *name)
{
	size_t len = strlen(word), n = strlen(name), rest;
	char *at = text;

	while ((at = strstr(at, word)) != NULL) {
		rest = strlen(at + len) + 1;
		if ((at > text && char_is_alnum(at[-1])) ||
		    char_is_alnum(at[len]) ||
		    (size_t)(at - text) + n + rest > size) {
			at += len;
			continue;
		}
		memmove(at + n, at + len, rest);
		memcpy(at, name, n);
		at += n;
	}
}

void
verdict_put_address(
    char *text, size_t size, const char *word, const char *address)
{
	char name[ADDRESS_MAX + 1];

	if (copy_address(address, true, name))
		verdict_put_name(text, size, word, name);
}

void
verdict_name(struct job_result *r, const char *mailbox, const char *from)
{
	static const char denied[] = "not allowed to send as ";
	const char *said = strstr(r->text, denied);
	char name[ADDRESS_MAX + 1];

	verdict_put_address(r->fix, sizeof(r->fix), "MAILBOX", mailbox);
	if (said != NULL)
		said += sizeof(denied) - 1;
	if (copy_address(said, false, name) || copy_address(from, true, name))
		verdict_put_name(r->fix, sizeof(r->fix), "FROM", name);
}
