/* SPDX-License-Identifier: ISC */
/* Whatever a server says, in whatever phase, some rules hold. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "mail/reply.h"
#include "mail/suffix.h"
#include "mail/verdict.h"

#include "tests/fuzz/fuzz.h"

static bool
has_not_opted(const struct reply *r)
{
	return strcmp(r->status, "5.7.67") == 0 ||
	       strstr(buf_data(&r->text), "5.7.67") != NULL;
}

static void
check(enum phase at, const struct reply *r)
{
	struct job_result out;

	verdict_reply(at, r, &out);
	verdict_name(&out, "alerts@contoso.com", buf_data(&r->text));
	assert(out.outcome == JOB_DEFERRED || out.outcome == JOB_REJECTED);
	if (at < PHASE_MAIL)
		assert(out.scope == JOB_SCOPE_CONNECTION ||
		       out.scope == JOB_SCOPE_ACCOUNT);
	if (out.scope == JOB_SCOPE_CONNECTION)
		assert(out.outcome == JOB_DEFERRED);
	if (out.scope == JOB_SCOPE_RECIPIENT)
		assert(at == PHASE_RCPT);
	if (reply_class(r) == 4)
		assert(out.outcome == JOB_DEFERRED ||
		       out.scope == JOB_SCOPE_ACCOUNT);
	/* A tenant that has not opted in is the account's, whatever the code.
	 */
	if (at == PHASE_STARTTLS || (r->code == 421 && !has_not_opted(r)))
		assert(out.scope == JOB_SCOPE_CONNECTION);
	assert(out.status[0] == (char)('0' + reply_class(r)));
	assert(strlen(out.text) < sizeof(out.text));
	assert(out.meaning[0] != '\0' && out.fix[0] != '\0');
	assert(strlen(out.fix) < sizeof(out.fix));
	assert(strpbrk(out.fix, "`|&{") == NULL);
	assert(suffix_same(out.text, out.text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct reply r;
	int at;

	reply_init(&r);
	if (reply_parse_line(&r, (const char *)p, n, NULL) == 1 &&
	    reply_class(&r) >= 4)
		for (at = PHASE_GREETING; at <= PHASE_QUIT; at++)
			check((enum phase)at, &r);
	reply_clear(&r);
	return 0;
}
