/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_HTTP_DATE_H
#define DELIVERY_HTTP_DATE_H

#include <stdint.h>

/* Times in an HTTP answer (RFC 9110 5.6.7, 10.2.3). */

/*
 * "Sun, 06 Nov 1994 08:49:37 GMT", or one of the two older forms, as seconds
 * since 1970; -1 when it is none.
 */
int64_t http_date_parse(const char *text);

/*
 * Retry-After, of seconds or a date, as seconds from now on; 0 when it says
 * nothing that makes sense, or names a time that is past.
 */
uint64_t http_date_wait(const char *text, int64_t now);

#endif
