/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ALARM_H
#define QUEUE_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

struct ask;
struct batch;
struct dispatch;
struct event_base;
struct expand;
struct identity;
struct limits;
struct store;
struct times;

/*
 * Alarms: what an administrator must hear of, though mail may not be able to
 * tell it.  This is the one place that raises and ends them.
 *
 * An alarm follows from how things stand, which is looked at each minute and
 * whenever an account's health changes.  One that has come is remembered as a
 * fact in the store, so that each occurrence is told once, whatever restarts;
 * while it lasts it is told again once a day.  To tell it means: a line in the
 * log, local.alarm_command by the parent, and a mail of kind alarm to
 * local.admin where mail can help.  It ends with its cause, by a line in the
 * log.
 *
 * Mail goes by the default account.  It is not written about that account's
 * own hold or stall, nor while one of these lasts, since it could not leave;
 * nor while a notice or an alarm that local.admin did not take is held.  What
 * could not be written then is written as soon as it can help, if the alarm
 * lasts still.
 */
struct alarms;

struct alarm_parts {
	struct event_base *base;
	const struct conf *conf;
	const struct identity *identity;
	struct times *times;
	struct store *store;
	struct batch *batch;
	struct ask *ask;
	struct limits *limits;
	struct expand *expand;
	struct dispatch *dispatch;
};

/* Reads what was remembered; nothing is raised before alarm_watch. */
struct alarms *alarm_new(const struct alarm_parts *parts, struct err *e);
void alarm_free(struct alarms *a); /* NULL is fine */

/* From now on alarms come and go. */
void alarm_watch(struct alarms *a);

/* Looks at everything now; what follows is told when it is on disk. */
void alarm_look(struct alarms *a);

/* May mail to local.admin leave now, and be read?  See above. */
bool alarm_can_mail(struct alarms *a);

/* The clock was set, and the store has moved what it knows. */
void alarm_move_times(struct alarms *a, int64_t by_s);

/* Those that last.  What a view points at lives until the row returns. */
struct alarm_view {
	const char *kind;    /* "account-held" */
	const char *account; /* as people know it; NULL: of none */
	int64_t since;
	const char *text;
	const char *fix;
	bool is_critical; /* no mail goes; else it is a warning */
};
typedef void alarm_row(void *arg, const struct alarm_view *v);
void alarm_each(struct alarms *a, alarm_row *row, void *arg);

#endif
