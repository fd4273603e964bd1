/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_TOKEN_RIG_H
#define TESTS_UNIT_TOKEN_RIG_H

#include "common/proto_token.h"
#include "tests/unit/dispatch_rig.h"

/*
 * Accounts that get their own access tokens; the parent and the programs that
 * it starts are the test, and token is a deliver that speaks another language.
 */
#define ACCOUNT(name, more) \
	"[account" name "]\nhost = 127.0.0.1\nuser = a@contoso.com\n" \
	"tenant = t.example\nclient_id = " \
	"11111111-2222-3333-4444-555555555555\n" more
#define SECRET  "client_secret_file = /s\n"
#define REFRESH "grant = refresh_token\n"
#define APP     OFFICE_ADMIN ACCOUNT("", SECRET)
#define OTHER \
	ACCOUNT(" b", SECRET "senders = b@contoso.com\n") \
	ACCOUNT(" c", SECRET "senders = c@contoso.com\n")

/* The parent will start token, or has no token of the time before. */
void will_ask(struct deliver *t);
void knows_none(void);
void hears_ask(struct deliver *t);
struct token_granted token_of(int64_t lifetime_s);
void grants(struct deliver *t, const struct token_granted *g);
void grants_an_hour(struct deliver *t);
void fails(struct deliver *t, enum token_class class, uint64_t wait_s);
void holds(struct deliver *t);
void begins(const char *options, struct deliver *d);
void refuses_535(struct deliver *d, const char *status);

#endif
