/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_START_H
#define SENDMAIL_START_H

#include "sendmail/args.h"

/*
 * "sendmail -bd", "-bD" and "-q30m", as start scripts of other programs call
 * them: becomes mailchuted where the caller may, or returns an exit status.
 */
int start_daemon(const struct args *a);

#endif
