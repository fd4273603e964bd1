/* SPDX-License-Identifier: ISC */
#ifndef MAIL_SUFFIX_H
#define MAIL_SUFFIX_H

#include <stdbool.h>

/*
 * Do two replies say the same?  Exchange Online marks each with the server, the
 * time and a number for its support: "[SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM
 * 2026-11-23T11:12:20.123Z 08DE2A6028D26C22]", "[Hostname=...]".  Those do not
 * count; wherever a reply is kept or shown they stay.
 */
bool suffix_same(const char *a, const char *b);

#endif
