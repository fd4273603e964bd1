/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_IDN_H
#define DELIVERY_IDN_H

#include <stdbool.h>

/* Does s hold anything beyond ASCII? */
bool idn_is_needed(const char *s);

/*
 * The domain in A-labels (RFC 5890), "xn--...", allocated; a domain of ASCII
 * comes back as it is.  NULL when it cannot be said so.
 */
char *idn_to_ascii(const char *domain);

#endif
