/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_CHECKER_H
#define SMTPD_CHECKER_H

/*
 * "smtpd -a": compares one password with the users' file and ends
 * (common/proto_check.h).  Sandboxed before it reads what the client said.
 * Returns the exit status.
 */
int checker_run(void);

#endif
