/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_JUDGE_H
#define SMTPD_JUDGE_H

/*
 * smtpd -c: looks at a listener's certificate and key for mailchuted's parent,
 * by what it then uses them with, and says whether they can serve.  Returns the
 * exit status.
 */
int judge_run(void);

#endif
