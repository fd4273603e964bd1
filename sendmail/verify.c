/* SPDX-License-Identifier: ISC */
/* What -bv tells of addresses. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/utf8.h"
#include "mail/addr.h"
#include "mail/recipients.h"
#include "sendmail/report.h"
#include "mail/sender.h"
#include "sendmail/verify.h"

static void
print_line(const char *address, const char *verdict)
{
	struct buf b;

	buf_init(&b, 8192);
	utf8_put_safe(&b, address);
	printf("%s%s\n", buf_data(&b), verdict);
	buf_clear(&b);
}

static void
print_verdicts(const struct recipients *r)
{
	size_t i;

	for (i = 0; i < r->env->nrcpts; i++)
		print_line(r->env->rcpts[i].address,
		    r->env->rcpts[i].is_local
			? "... a local name: its alias, or local.admin"
			: "... well-formed: goes out by an account, unless "
			  "its domain is local");
	for (i = 0; i < r->bad.n; i++)
		print_line(r->bad.v[i], "... not deliverable");
}

int
verify_addresses(const struct args *a)
{
	struct envelope env;
	struct recipients r;
	struct report report;
	struct err e;
	int i, status = EX_OK;

	report_init(&report, a->tag, false);
	envelope_init(&env);
	recipients_init(&r, &env, 0);
	err_clear(&e);
	for (i = 0; i < a->noperands && e.class == ERR_NONE; i++)
		if (sender_check_argument("an address", a->operands[i], &e) ==
		    0)
			(void)recipients_add(&r, a->operands[i], &e);
	if (e.class != ERR_NONE || (env.nrcpts == 0 && r.bad.n == 0)) {
		report_error(&report, "%s",
		    e.class == ERR_NONE ? "-bv needs an address" : e.text);
		status = e.class == ERR_NONE ? EX_USAGE : EX_DATAERR;
	} else {
		print_verdicts(&r);
		if (r.bad.n > 0)
			status = EX_DATAERR;
	}
	recipients_clear(&r);
	envelope_clear(&env);
	return status;
}
