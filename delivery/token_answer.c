/* SPDX-License-Identifier: ISC */
/* Reading a token endpoint's JSON. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "common/proto_job.h"
#include "mail/chars.h"
#include "mail/token_error.h"
#include "delivery/token_answer.h"

#define INTERVAL_S    5 /* RFC 8628 3.2: where none is given */
#define EXPIRES_MAX_S 3600

static int
odd(struct err *e, const char *what)
{
	return err_set(e, ERR_TEMP, "4.7.0",
	    "the server's answer makes no sense: %s", what);
}

static json_t *
load(const char *body, size_t n)
{
	json_t *o = json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

/* A text of these characters, not empty; NULL. */
static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL || s[0] == '\0' ? NULL : s;
}

/* A number, or its digits as text: Azure's own service gives the latter. */
static int
number_of(const json_t *o, const char *name, uint64_t max, uint64_t *out)
{
	const json_t *v = json_object_get(o, name);
	const char *s = json_string_value(v), *problem;

	if (s != NULL) {
		if (s[0] == '\0' || strspn(s, "0123456789") != strlen(s))
			return -1;
		*out = (uint64_t)strtonum(s, 0, INT64_MAX, &problem);
		if (problem != NULL)
			return -1;
	} else if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*out = (uint64_t)json_integer_value(v);
	} else {
		return -1;
	}
	if (*out > max)
		*out = max;
	return 0;
}

/* ---- a token ---- */

void
token_answer_init(struct token_answer *a)
{
	buf_init(&a->access, JOB_SECRET_MAX);
	buf_init(&a->refresh, JOB_SECRET_MAX);
	a->lifetime_s = 0;
}

void
token_answer_wipe(struct token_answer *a)
{
	buf_wipe(&a->access);
	buf_wipe(&a->refresh);
}

/* RFC 6750 2.1: b64token; it goes into a line of SMTP as it stands. */
static bool
is_b64token(const char *s)
{
	while (
	    char_is_alnum(*s) || (*s != '\0' && strchr("-._~+/", *s) != NULL))
		s++;
	while (*s == '=')
		s++;
	return *s == '\0';
}

static bool
is_visible(const char *s)
{
	while (*s > 0x20 && *s < 0x7f)
		s++;
	return *s == '\0';
}

static int
take_tokens(const json_t *o, struct token_answer *a, struct err *e)
{
	const char *access = text_of(o, "access_token");
	const char *refresh = text_of(o, "refresh_token");
	const char *type = text_of(o, "token_type");

	if (access == NULL)
		return odd(e, "it has no access_token");
	if (type == NULL || strcasecmp(type, "Bearer") != 0)
		return odd(e, "token_type is not Bearer");
	if (!is_b64token(access))
		return odd(e, "access_token has characters of no token");
	/* Where deliver reads it, a line end may follow. */
	if (strlen(access) + 2 > JOB_SECRET_MAX / 2 ||
	    buf_puts(&a->access, access) == -1)
		return odd(e, "access_token is too long");
	if (number_of(o, "expires_in", TOKEN_LIFETIME_MAX_S, &a->lifetime_s) ==
		-1 ||
	    a->lifetime_s == 0)
		return odd(e, "expires_in is no time");
	if (refresh == NULL)
		return 0;
	if (!is_visible(refresh))
		return odd(e, "refresh_token has characters of no token");
	if (strlen(refresh) > JOB_SECRET_MAX / 2 ||
	    buf_puts(&a->refresh, refresh) == -1)
		return odd(e, "refresh_token is too long");
	return 0;
}

int
token_answer_parse(
    const char *body, size_t n, struct token_answer *a, struct err *e)
{
	json_t *o = load(body, n);
	int rc;

	if (o == NULL)
		return odd(e, "it is no object of JSON");
	rc = take_tokens(o, a, e);
	json_decref(o);
	return rc;
}

/* ---- a device code ---- */

static int
take_code(const json_t *o, struct token_device_answer *a, struct err *e)
{
	const char *device = text_of(o, "device_code");
	const char *code = text_of(o, "user_code");
	const char *uri = text_of(o, "verification_uri");

	if (device == NULL || !is_visible(device) ||
	    buf_puts(&a->device_code, device) == -1)
		return odd(e, "it has no device_code");
	if (code == NULL || strlen(code) >= sizeof(a->code.code))
		return odd(e, "it has no user_code");
	/* A human is told to go there and to sign in. */
	if (uri == NULL || strncmp(uri, "https://", 8) != 0 ||
	    !is_visible(uri) || strlen(uri) >= sizeof(a->code.uri))
		return odd(e, "verification_uri is no https address");
	token_text_put(a->code.code, sizeof(a->code.code), code, NULL);
	token_text_put(a->code.uri, sizeof(a->code.uri), uri, NULL);
	if (number_of(o, "expires_in", EXPIRES_MAX_S, &a->code.expires_s) ==
		-1 ||
	    a->code.expires_s == 0)
		return odd(e, "expires_in is no time");
	a->code.interval_s = INTERVAL_S;
	if (json_object_get(o, "interval") != NULL &&
	    (number_of(o, "interval", EXPIRES_MAX_S, &a->code.interval_s) ==
		    -1 ||
		a->code.interval_s == 0))
		return odd(e, "interval is no time");
	return 0;
}

int
token_answer_parse_device(
    const char *body, size_t n, struct token_device_answer *a, struct err *e)
{
	json_t *o = load(body, n);
	int rc;

	if (o == NULL)
		return odd(e, "it is no object of JSON");
	rc = take_code(o, a, e);
	json_decref(o);
	return rc;
}

/* ---- a refusal ---- */

bool
token_answer_parse_refusal(const char *body, size_t n, struct token_failed *x,
    const struct token_hidden *hidden)
{
	json_t *o = load(body, n);
	const char *error = text_of(o, "error");
	const char *text = text_of(o, "error_description");
	const json_t *code;

	if (error == NULL) {
		json_decref(o);
		return false;
	}
	code = json_array_get(json_object_get(o, "error_codes"), 0);
	if (json_is_integer(code) && json_integer_value(code) > 0 &&
	    json_integer_value(code) <= UINT32_MAX)
		x->aadsts = (uint64_t)json_integer_value(code);
	else if (text != NULL)
		x->aadsts = token_error_number(text);
	token_text_put(x->error, sizeof(x->error), error, hidden);
	token_text_put(
	    x->text, sizeof(x->text), text == NULL ? error : text, hidden);
	json_decref(o);
	return true;
}
