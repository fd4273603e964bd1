/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_QUEUE_ID_H
#define QUEUE_QUEUE_ID_H

#include <stdint.h>

/*
 * A queue id is a number of 48 bits that grows with time, from 1; people see
 * 12 hex digits.  queue_id_format writes them in upper case, queue_id_parse
 * takes either, and returns -1 for anything else.
 */
#define QUEUE_ID_MAX  UINT64_C(0xffffffffffff)
#define QUEUE_ID_TEXT 13 /* with the NUL */

void queue_id_format(uint64_t id, char out[QUEUE_ID_TEXT]);
int queue_id_parse(const char *text, uint64_t *id);

#endif
