/* SPDX-License-Identifier: ISC */
/* What it means that there is no token, and what to do. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/url.h"
#include "mail/token_error.h"
#include "delivery/http_date.h"
#include "delivery/token_answer.h"
#include "delivery/token_trouble.h"

#define CLOCKS_APART_S 300 /* an assertion is taken that far off */

#define AGAIN TOKEN_FIX_AGAIN
#define MEND  TOKEN_FIX_MEND

static const struct {
	const char *name, *meaning, *fix;
} phases[] = {
	[TOKEN_PHASE_SECRET] = { "secret",
	    "What the account asks for its token with cannot be used, and "
	    "nobody was asked.",
	    MEND },
	[TOKEN_PHASE_CONNECT] = { "connect",
	    "The token endpoint could not be reached.",
	    AGAIN "If it lasts, check the network, the name service, "
		  "account.proxy, and that the firewall lets this host's "
		  "connections out to port 443." },
	[TOKEN_PHASE_TLS] = { "TLS",
	    "No safe connection (TLS) to the token endpoint came about, and no "
	    "secret was sent.",
	    AGAIN "If it lasts, check the clock and account.tls_ca_file, and "
		  "look for a proxy between here and the server that reads "
		  "along." },
	[TOKEN_PHASE_ANSWER] = { "answer",
	    "The token endpoint gave no answer that makes sense.",
	    AGAIN "If it lasts, check account.token_url and account.proxy, and "
		  "look for a proxy between here and the server." },
	[TOKEN_PHASE_STORE] = { "store",
	    "A token came, and could not be kept on this host.",
	    AGAIN "If it lasts, check queue.directory: its space, and the "
		  "owner and mode of the folder tokens in it." },
};

void
token_trouble_local(
    struct token_failed *x, enum token_phase phase, const struct err *e)
{
	x->class = e->class == ERR_LOCAL ? TOKEN_NEVER : TOKEN_LATER;
	strlcpy(x->status, e->status, sizeof(x->status));
	strlcpy(x->phase, phases[phase].name, sizeof(x->phase));
	token_text_put(x->text, sizeof(x->text), e->text, NULL);
	strlcpy(x->meaning, phases[phase].meaning, sizeof(x->meaning));
	strlcpy(x->fix, x->class == TOKEN_NEVER ? MEND : phases[phase].fix,
	    sizeof(x->fix));
}

/* No refusal in JSON: a redirect, a page for humans, nothing. */
static void
describe(struct token_failed *x, const struct token_http_answer *a,
    const char *host, const struct token_hidden *hidden)
{
	char where[256];

	token_text_put(where, sizeof(where), a->location, hidden);
	if (a->status >= 300 && a->status <= 399)
		snprintf(x->text, sizeof(x->text),
		    "HTTP %u of %.128s, a redirect%s%s, which is not followed: "
		    "a "
		    "secret goes to the configured address alone",
		    a->status, host, where[0] == '\0' ? "" : " to ", where);
	else
		snprintf(x->text, sizeof(x->text),
		    "HTTP %u of %s, and what came with it is no answer of a "
		    "token endpoint",
		    a->status, host);
	strlcpy(
	    x->meaning, phases[TOKEN_PHASE_ANSWER].meaning, sizeof(x->meaning));
	strlcpy(x->fix, phases[TOKEN_PHASE_ANSWER].fix, sizeof(x->fix));
}

void
token_trouble_answer(struct token_failed *x, const struct token_http_answer *a,
    const struct token_ask *ask, const struct token_hidden *hidden, int64_t now)
{
	struct url url;
	struct err e;

	x->http = a->status;
	x->server_at = a->server_at;
	x->wait_s = http_date_wait(a->retry_after, now);
	if (x->wait_s > TOKEN_WAIT_MAX_S)
		x->wait_s = TOKEN_WAIT_MAX_S;
	strlcpy(x->phase, phases[TOKEN_PHASE_ANSWER].name, sizeof(x->phase));
	if (token_answer_parse_refusal(
		buf_data(&a->body), a->body.len, x, hidden)) {
		token_error_judge(x);
		/* What no refresh token was used for did not end one. */
		if (x->ended == TOKEN_ENDED_REFRESH &&
		    ask->grant != GRANT_REFRESH_TOKEN)
			x->ended = TOKEN_ENDED_NOTHING;
	} else {
		token_error_judge(x);
		if (url_parse(ask->token_url, &url, &e) == -1)
			strlcpy(url.host, "the server", sizeof(url.host));
		if (a->status < 429)
			describe(x, a, url.host, hidden);
		else
			snprintf(x->text, sizeof(x->text), "HTTP %u of %s",
			    a->status, url.host);
	}
	token_error_name(x, ask->tenant, ask->client_id, ask->user);
}

void
token_trouble_clock(struct token_failed *x)
{
	int64_t apart = x->asked_at - x->server_at;
	size_t n = strlen(x->meaning);

	if (x->server_at == 0 || x->asked_at == 0 ||
	    (apart < CLOCKS_APART_S && apart > -CLOCKS_APART_S))
		return;
	snprintf(x->meaning + n, sizeof(x->meaning) - n,
	    "%sThis host's clock is %lld s %s the server's.", n == 0 ? "" : " ",
	    (long long)(apart < 0 ? -apart : apart),
	    apart < 0 ? "behind" : "ahead of");
}
