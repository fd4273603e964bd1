/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_PARAMS_H
#define SMTPD_PARAMS_H

#include "common/envelope.h"
#include "common/size_limit.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

/*
 * The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (6152), SMTPUTF8
 * (6531), RET, ENVID, NOTIFY, ORCPT (3461), and AUTH (4954), which is read and
 * forgotten.  -1 with *r filled when one is unknown, malformed or given twice.
 */

/* Those of MAIL go into env; SIZE is compared with the limit. */
int params_mail(const struct span *params, struct size_limit limit,
    struct envelope *env, struct reply *r);

/* The refusal of a message of more octets.  Returns -1. */
int params_too_large(struct size_limit limit, struct reply *r);

/* Those of RCPT.  orcpt is allocated, or NULL; the caller's to free. */
struct rcpt_params {
	unsigned notify;
	char *orcpt;
};
int params_rcpt(
    const struct span *params, struct rcpt_params *out, struct reply *r);

#endif
