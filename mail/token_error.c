/* SPDX-License-Identifier: ISC */
/* Judging a token endpoint's refusal by the rows of token_error_rows.c. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/token_error_priv.h"
#include "mail/verdict_priv.h"

#define DIGITS_MAX 9
#define AGAIN      "Nothing at first: it is asked again by itself. If it lasts, "

const struct token_error_row *
token_error_row(size_t i)
{
	return i < token_error_rows_n ? &token_error_rows[i] : NULL;
}

static bool
matches(const struct token_error_row *r, uint64_t aadsts, const char *error)
{
	if (r->aadsts != 0)
		return r->aadsts == aadsts;
	return strcmp(r->error, error) == 0;
}

const struct token_error_row *
token_error_find(uint64_t aadsts, const char *error)
{
	size_t i;

	for (i = 0; i < token_error_rows_n; i++)
		if (matches(&token_error_rows[i], aadsts, error))
			return &token_error_rows[i];
	return NULL;
}

uint64_t
token_error_number(const char *text)
{
	static const char mark[] = "AADSTS";
	const char *p = text;
	uint64_t n;
	int digits;

	while ((p = strstr(p, mark)) != NULL) {
		p += sizeof(mark) - 1;
		n = 0;
		for (digits = 0; char_is_digit(*p) && digits <= DIGITS_MAX;
		     digits++)
			n = n * 10 + (uint64_t)(*p++ - '0');
		if (digits > 0 && digits <= DIGITS_MAX)
			return n;
	}
	return 0;
}

/* Nothing knows it: the status alone tells who is to act. */
static void
judge_unknown(struct token_failed *x)
{
	const char *meaning = "The server gave no token.";
	const char *fix = AGAIN
	    "check account.tenant, account.client_id and account.token_url.";

	x->class = TOKEN_LATER;
	if (x->http == 429) {
		meaning = "The server is asked too often.";
		fix = AGAIN "look for another program that asks for tokens of "
			    "the same application.";
	} else if (x->http >= 500) {
		meaning = "The server has a temporary failure.";
		fix = AGAIN "ask whoever runs the server (Microsoft tells of "
			    "its troubles at https://status.cloud.microsoft).";
	}
	strlcpy(x->meaning, meaning, sizeof(x->meaning));
	strlcpy(x->fix, fix, sizeof(x->fix));
}

const struct token_error_row *
token_error_judge(struct token_failed *x)
{
	const struct token_error_row *r = token_error_find(x->aadsts, x->error);
	/* Who is busy or broken says little about what was asked of him. */
	bool is_weak = x->http == 429 || x->http >= 500;

	if (r == NULL || (is_weak && r->class == TOKEN_NEVER)) {
		judge_unknown(x);
		r = NULL;
	} else {
		x->class = r->class;
		x->ended = r->ended;
		if (x->wait_s < r->wait_s)
			x->wait_s = r->wait_s;
		strlcpy(x->meaning, r->meaning, sizeof(x->meaning));
		strlcpy(x->fix, r->fix, sizeof(x->fix));
	}
	strlcpy(x->status, x->class == TOKEN_NEVER ? "5.7.8" : "4.7.0",
	    sizeof(x->status));
	return r;
}

/* A tenant or a client id, as the configuration takes them. */
static bool
is_plain(const char *s)
{
	size_t n;

	for (n = 0; char_is_alnum(s[n]) || s[n] == '-' || s[n] == '.'; n++)
		;
	return n > 0 && s[n] == '\0' && s[0] != '-';
}

void
token_error_name(struct token_failed *x, const char *tenant, const char *app,
    const char *mailbox)
{
	if (tenant != NULL && is_plain(tenant))
		verdict_put_name(x->fix, sizeof(x->fix), "TENANT", tenant);
	if (app != NULL && is_plain(app))
		verdict_put_name(x->fix, sizeof(x->fix), "APP", app);
	verdict_put_address(x->fix, sizeof(x->fix), "MAILBOX", mailbox);
}

const char *
token_error_action(const struct token_error_row *r)
{
	if (r->class == TOKEN_NEVER)
		return "hold";
	return r->wait_s > 0 ? "wait" : "backoff";
}
