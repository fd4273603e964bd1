/* SPDX-License-Identifier: ISC */
/* A users' file with one line changed, and what a password must not be. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "admin/passwd.h"
#include "common/users.h"
#include "common/utf8.h"

#define PASSWORD_MIN 8

const char *
passwd_fault(const char *login, const struct buf *password)
{
	const char *p = buf_data(password);
	size_t i;

	if (password->len < PASSWORD_MIN)
		return "the password has fewer than 8 octets";
	if (password->len > USERS_PASSWORD_MAX)
		return "the password has more than 511 octets";
	for (i = 0; i < password->len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return "the password holds a control character";
	if (!utf8_is_valid(p, password->len))
		return "the password is not UTF-8";
	if (strcasecmp(p, login) == 0)
		return "the password is the login itself";
	return NULL;
}

static void
put_line(struct buf *out, const struct users_part *login, const char *hash,
    const struct users_part *senders)
{
	buf_append(out, login->p, login->n);
	buf_putc(out, ':');
	buf_puts(out, hash);
	if (senders->p != NULL) {
		buf_putc(out, ':');
		buf_append(out, senders->p, senders->n);
	}
	buf_putc(out, '\n');
}

bool
passwd_edit(struct buf *out, const char *text, size_t n, const char *login,
    const char *hash)
{
	const struct users_part none = { NULL, 0 };
	const struct users_part its = { login, strlen(login) };
	const char *p = text, *end = text + n, *stop;
	struct users_entry one;
	bool is_found = false;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if (users_parse_line(p, (size_t)(stop - p), &one, NULL) == 1 &&
		    users_is_same(&one.login, its.p, its.n)) {
			is_found = true;
			if (hash != NULL)
				put_line(out, &one.login, hash, &one.senders);
			continue;
		}
		buf_append(out, p, (size_t)(stop - p));
		buf_putc(out, '\n');
	}
	if (!is_found && hash != NULL)
		put_line(out, &its, hash, &none);
	return is_found;
}
