/* SPDX-License-Identifier: ISC */
/* AUTH: credentials are copied once, into struct auth, and wiped there. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/base64.h"
#include "mail/chars.h"
#include "smtpd/auth.h"

/* Two logins and a password, NULs, and some of them at the end. */
#define DECODED_MAX (2 * USERS_LOGIN_MAX + USERS_PASSWORD_MAX + 64)
#define ENCODED_MAX (DECODED_MAX / 3 * 4 + 8)

void
auth_clear(struct auth *a)
{
	explicit_bzero(a, sizeof(*a));
}

int
auth_wrong(struct reply *r)
{
	return reply_set(r, 535, "5.7.8", "wrong user name or password");
}

static enum auth_next
refuse(struct auth *a)
{
	auth_clear(a);
	return AUTH_REFUSED;
}

static enum auth_next
refuse_malformed(struct auth *a, struct reply *r)
{
	reply_set(r, 501, "5.5.2", "that is not what AUTH takes in base64");
	return refuse(a);
}

static enum auth_next
more(struct auth *a, enum auth_step step, struct reply *r)
{
	/* "Username:", "Password:" */
	static const char *const challenges[] = {
		[AUTH_IDLE] = "",
		[AUTH_PLAIN_ALL] = "",
		[AUTH_LOGIN_NAME] = "VXNlcm5hbWU6",
		[AUTH_LOGIN_PASSWORD] = "UGFzc3dvcmQ6",
	};

	a->step = step;
	reply_set(r, 334, "", "%s", challenges[step]);
	return AUTH_MORE;
}

static bool
is_padding(char c)
{
	return c == '\0' || char_is_blank(c);
}

/* What p is the base64 of; the caller wipes it, after a failure too. */
static int
decode(struct buf *out, const char *p, size_t n)
{
	char padded[ENCODED_MAX];
	int rc;

	while (n > 0 && is_padding(p[n - 1]))
		n--;
	if (n + 4 > sizeof(padded))
		return -1;
	if (n > 0)
		memcpy(padded, p, n);
	for (; n % 4 != 0; n++)
		padded[n] = '=';
	rc = base64_decode(out, padded, n);
	explicit_bzero(padded, sizeof(padded));
	return rc;
}

/* A text of at least one octet without NUL; anything else is nobody's. */
static void
keep(struct auth *a, char *to, size_t size, const char *p, size_t n)
{
	if (n == 0 || n >= size || memchr(p, '\0', n) != NULL ||
	    !utf8_is_valid(p, n)) {
		a->is_hopeless = true;
		return;
	}
	memcpy(to, p, n);
	to[n] = '\0';
}

static void
keep_login(struct auth *a, const char *p, size_t n)
{
	keep(a, a->login, sizeof(a->login), p, n);
	if (!users_is_login(p, n))
		a->is_hopeless = true;
}

static void
keep_password(struct auth *a, const char *p, size_t n)
{
	keep(a, a->password, sizeof(a->password), p, n);
}

static enum auth_next
finish(struct auth *a, struct reply *r)
{
	a->step = AUTH_IDLE;
	if (!a->is_hopeless)
		return AUTH_READY;
	auth_wrong(r);
	return refuse(a);
}

static size_t
without_nuls(const char *p, size_t n)
{
	while (n > 0 && p[n - 1] == '\0')
		n--;
	return n;
}

/* "[authzid] NUL authcid NUL passwd": who acts for another may not. */
static enum auth_next
take_plain(struct auth *a, const char *p, size_t n, struct reply *r)
{
	const char *login, *password, *end;

	end = p + n;
	if ((login = memchr(p, '\0', n)) == NULL)
		return refuse_malformed(a, r);
	login++;
	password = memchr(login, '\0', (size_t)(end - login));
	if (password == NULL)
		return refuse_malformed(a, r);
	keep_login(a, login, (size_t)(password - login));
	if (login - p > 1 &&
	    (login - p != password - login + 1 ||
		memcmp(p, login, (size_t)(password - login)) != 0))
		a->is_hopeless = true;
	password++;
	keep_password(
	    a, password, without_nuls(password, (size_t)(end - password)));
	return finish(a, r);
}

static enum auth_next
take_decoded(struct auth *a, const char *p, size_t n, struct reply *r)
{
	switch (a->step) {
	case AUTH_PLAIN_ALL:
		return take_plain(a, p, n, r);
	case AUTH_LOGIN_NAME:
		keep_login(a, p, without_nuls(p, n));
		return more(a, AUTH_LOGIN_PASSWORD, r);
	case AUTH_LOGIN_PASSWORD:
		keep_password(a, p, without_nuls(p, n));
		return finish(a, r);
	case AUTH_IDLE:
		break;
	}
	return refuse_malformed(a, r);
}

static enum auth_next
take(struct auth *a, const char *p, size_t n, struct reply *r)
{
	enum auth_next next;
	struct buf plain;

	buf_init(&plain, DECODED_MAX);
	if (decode(&plain, p, n) == -1)
		next = refuse_malformed(a, r);
	else
		next = take_decoded(a, buf_data(&plain), plain.len, r);
	buf_wipe(&plain);
	return next;
}

enum auth_next
auth_line(struct auth *a, const char *p, size_t n, struct reply *r)
{
	if (n == 1 && p[0] == '*') {
		reply_set(r, 501, "5.7.0", "cancelled");
		return refuse(a);
	}
	return take(a, p, n, r);
}

enum auth_next
auth_begin(struct auth *a, const char *p, size_t n, struct reply *r)
{
	size_t word = 0;

	auth_clear(a);
	while (word < n && !char_is_blank(p[word]))
		word++;
	if (word == 5 && strncasecmp(p, "PLAIN", word) == 0)
		a->step = AUTH_PLAIN_ALL;
	else if (word == 5 && strncasecmp(p, "LOGIN", word) == 0)
		a->step = AUTH_LOGIN_NAME;
	else if (word == 0)
		reply_set(r, 501, "5.5.4", "AUTH PLAIN or AUTH LOGIN");
	else
		reply_set(r, 504, "5.5.4", "AUTH PLAIN or LOGIN, no other");
	if (a->step == AUTH_IDLE)
		return AUTH_REFUSED;
	while (word < n && char_is_blank(p[word]))
		word++;
	if (word == n)
		return more(a, a->step, r);
	/* "=" is an answer that is empty. */
	if (n - word == 1 && p[word] == '=')
		n = word;
	return take(a, p + word, n - word, r);
}
