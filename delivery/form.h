/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_FORM_H
#define DELIVERY_FORM_H

#include <stddef.h>

#include "common/buf.h"

/*
 * What is sent as application/x-www-form-urlencoded, or behind the "?" of an
 * address: octets other than letters, digits and "-._~" become %XX.
 */

/* Appends name=value, and "&" before it unless it is the first. */
int form_put(struct buf *b, const char *name, const char *value);
int form_put_octets(struct buf *b, const char *name, const void *p, size_t n);

/* How one octet stands there: 1 or 3 characters. */
size_t form_octet(unsigned char c, char out[3]);

#endif
