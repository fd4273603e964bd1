/* SPDX-License-Identifier: ISC */
#ifndef MAIL_GREETING_H
#define MAIL_GREETING_H

#include <stdint.h>

/*
 * The time that a server tells in its greeting, as most do: "... Microsoft
 * ESMTP MAIL Service ready at Mon, 23 Nov 2026 23:57:32 +0000 [...]".  0: it
 * tells none, or none that can be meant.
 */
int64_t greeting_time(const char *text);

#endif
