/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_JSON_H
#define ADMIN_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "common/proto_ctl.h"

/*
 * Rows as JSON, with the keys that the manual documents: a program may rely on
 * each.  What is not known is null.  Every function returns a new reference.
 */

/* Bytes that are not UTF-8 become U+FFFD, since JSON has no other text. */
json_t *json_text(const char *s);

/* RFC 3339 in UTC; null for 0. */
json_t *json_time(int64_t at);

/*
 * A message; its recipients are added as they come.  A next try that is over is
 * now: it goes as soon as it is its turn.
 */
json_t *json_message(const struct ctl_message *m);
void json_add_recipient(
    json_t *message, const struct ctl_recipient *r, int64_t now);
void json_add_attempt(json_t *message, const struct ctl_attempt *a);

/* How a recipient's mail ended. */
json_t *json_event(const struct ctl_event *ev);

json_t *json_account(const struct ctl_account *a, int64_t now);

json_t *json_alarm(const struct ctl_alarm *a);

/* Takes over the arrays.  Figures are null unless someone gave them. */
struct json_lists {
	json_t *accounts, *alarms, *remarks, *listeners;
};
json_t *json_status(
    const struct ctl_totals *t, bool is_known, const struct json_lists *lists);

/* Writes one line and gives the reference up. */
void json_put_line(FILE *out, json_t *object);

#endif
