/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_AUTH_H
#define SMTPD_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/users.h"
#include "smtpd/reply.h"

/*
 * The dialogue of AUTH (RFC 4954) by PLAIN (RFC 4616) or LOGIN: what the client
 * says goes in line by line, login and password come out.  Lenient with what
 * old devices do and no password can hold: NULs at an end, padding that is
 * missing.
 */
enum auth_step {
	AUTH_IDLE,
	AUTH_PLAIN_ALL,
	AUTH_LOGIN_NAME,
	AUTH_LOGIN_PASSWORD
};

struct auth {
	enum auth_step step; /* what the next line is */
	char login[USERS_LOGIN_MAX + 1];
	char password[USERS_PASSWORD_MAX + 1];
	bool is_hopeless; /* nobody has such a login or password */
};

enum auth_next {
	AUTH_MORE,   /* *r is the challenge, for a line that auth_line takes */
	AUTH_READY,  /* login and password are there; no reply yet */
	AUTH_REFUSED /* *r says why */
};

/* What a checker says of them. */
enum sign_in_result {
	SIGN_IN_YES,
	SIGN_IN_NO,
	SIGN_IN_LATER /* nobody could tell */
};

/* The argument of the command. */
enum auth_next auth_begin(
    struct auth *a, const char *p, size_t n, struct reply *r);
enum auth_next auth_line(
    struct auth *a, const char *p, size_t n, struct reply *r);

/* Wipes what was said, and is idle. */
void auth_clear(struct auth *a);

/* The refusal of a wrong password, in the same words for every reason. */
int auth_wrong(struct reply *r);

#endif
