/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LEGACY_HINT_H
#define QUEUE_LEGACY_HINT_H

#include "queue/legacy.h"

/*
 * What an administrator is to do about a sign of old TLS, given what followed
 * from it; false: nothing beyond what is said already.  Pure.
 */
#define LEGACY_HINT_MAX 512
bool legacy_hint(const struct conf_account *a, enum legacy_event sign,
    enum legacy_move move, char out[LEGACY_HINT_MAX]);

#endif
