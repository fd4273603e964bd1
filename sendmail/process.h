/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_PROCESS_H
#define SENDMAIL_PROCESS_H

/*
 * Makes a process that somebody else prepared into one that can be relied on;
 * the first thing main does.  Afterwards:
 *
 * - descriptors 0, 1 and 2 are open and no other is; what was closed of them is
 *   on /dev/null, and reading a standard input that was closed fails;
 * - signals have their default action and none is blocked or due, but for
 *   SIGPIPE and SIGXFSZ, which are ignored so that writes fail instead;
 * - the environment holds PATH, and TZ and NAME where they were set;
 * - files are made for their owner alone, no core is dumped;
 * - the process has no rights beyond its caller's.
 *
 * Ends the process with EX_OSERR where that cannot be had.
 */
void process_make_sane(void);

#endif
