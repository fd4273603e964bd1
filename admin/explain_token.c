/* SPDX-License-Identifier: ISC */
/*
 * "mailchute explain-reply AADSTS...": what a refusal of a token endpoint
 * means, by the same table that the program token judges by.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/explain_token.h"
#include "admin/json.h"
#include "admin/text.h"
#include "mail/token_error.h"

#define LABEL "  %-8s"

#define SOURCE \
	"Microsoft, Entra authentication and authorization error codes; " \
	"RFC 6749 5.2 and RFC 8628 3.5"

/* A word of OAuth's stands alone, or begins what was copied. */
static void
take_word(const char *text, struct token_failed *x)
{
	size_t n = strcspn(text, " :,;\r\n\"");

	if (n >= sizeof(x->error))
		return;
	memcpy(x->error, text, n);
	x->error[n] = '\0';
	if (token_error_find(0, x->error) == NULL)
		x->error[0] = '\0';
}

static const char *
does(const char *action)
{
	if (strcmp(action, "hold") == 0)
		return "no token is to be had until somebody acts; the "
		       "account's mail waits, and none bounces";
	if (strcmp(action, "wait") == 0)
		return "the account's mail waits, and the token is asked for "
		       "again; none bounces";
	return "the token is asked for again by itself, ever less often; no "
	       "attempt is spent";
}

static void
put_people(const struct token_failed *x, const char *action, bool is_known)
{
	char line[256], wait[TEXT_SHORT];

	if (x->aadsts != 0)
		printf("AADSTS%llu\n", (unsigned long long)x->aadsts);
	else
		printf("%s\n", x->error);
	printf(LABEL "%s\n", "class", "account");
	text_age((int64_t)x->wait_s, wait);
	snprintf(line, sizeof(line), "%s%s%s: %s", action,
	    x->wait_s > 0 ? ", at least " : "", x->wait_s > 0 ? wait : "",
	    does(action));
	text_put_para(stdout, 2, "action", line);
	text_put_para(stdout, 2, "means", x->meaning);
	text_put_para(stdout, 2, "do", x->fix);
	text_put_para(stdout, 2, "source",
	    is_known ? SOURCE : "none: no row of the table knows it");
}

static void
put_program(const struct token_failed *x, const char *action, bool is_known,
    const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "aadsts", json_integer((json_int_t)x->aadsts));
	json_object_set_new(o, "error", json_text(x->error));
	json_object_set_new(o, "text", json_text(text));
	json_object_set_new(o, "class", json_text("account"));
	json_object_set_new(o, "action", json_text(action));
	json_object_set_new(o, "wait_s", json_integer((json_int_t)x->wait_s));
	json_object_set_new(o, "meaning", json_text(x->meaning));
	json_object_set_new(o, "fix", json_text(x->fix));
	json_object_set_new(
	    o, "source", is_known ? json_text(SOURCE) : json_null());
	json_put_line(stdout, o);
}

bool
explain_token(const char *text, bool is_json, const struct conf *c)
{
	const struct token_error_row *row;
	struct token_failed x;
	const char *action;

	memset(&x, 0, sizeof(x));
	x.aadsts = token_error_number(text);
	take_word(text, &x);
	if (x.aadsts == 0 && x.error[0] == '\0')
		return false;
	row = token_error_judge(&x);
	if (c != NULL && c->naccounts == 1)
		token_error_name(&x, c->accounts[0].tenant,
		    c->accounts[0].client_id, c->accounts[0].user);
	action = row == NULL ? "backoff" : token_error_action(row);
	if (is_json)
		put_program(&x, action, row != NULL, text);
	else
		put_people(&x, action, row != NULL);
	return true;
}
