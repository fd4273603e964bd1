/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ALARM_PRIV_H
#define QUEUE_ALARM_PRIV_H

#include "common/buf.h"
#include "queue/alarm.h"
#include "queue/ask.h"
#include "queue/stall.h"

/*
 * For the files that are the alarms: alarm.c remembers and tells them,
 * alarm_kind.c knows when each kind lasts and what it says, alarm_text.c
 * writes that for the program and for the mail (queue/letter.h).
 */
enum alarm_kind {
	/* In this order: a stall is none while the account is held. */
	ALARM_ACCOUNT_HELD,
	ALARM_STALL,
	ALARM_MAIL_HELD,
	ALARM_SHARE,
	ALARM_QUEUE_REPLACED,
	ALARM_DISK_FULL,
	ALARM_KINDS
};

#define ALARM_MESSAGES_MAX 16 /* held messages that are watched */

struct alarm {
	enum alarm_kind kind;
	size_t account; /* index in conf->accounts; of ALARM_OF_ACCOUNT kinds */
	bool is_on;
	int64_t since;
	int64_t told_at;
	bool is_mailed;
	/* what the kind keeps to judge by */
	struct stall stall;
	uint64_t messages[ALARM_MESSAGES_MAX];
	size_t nmessages;
	bool has_notice; /* one of them is a notice of ours, or an alarm */
	int64_t full_at; /* the disk was found full; 0: it is not */
	/* on their way to the disk */
	bool wants_look, wants_telling, wants_mail, has_ended;
	bool is_dirty;    /* not as it was remembered */
	bool is_written;  /* by the transaction under way */
	bool is_repeated; /* it was told before */
	uint64_t mail_id;
	size_t mail_octets;
};

struct alarms {
	struct alarm_parts parts;
	struct alarm *v;
	size_t n;
	struct event *look; /* judges those that want a look */
	bool is_saving;
	struct expanded *readers; /* of the mail to be written */
};

/* ---- alarm_kind.c ---- */

enum alarm_judged {
	ALARM_COME, /* or lasts */
	ALARM_OVER,
	ALARM_AS_BEFORE
};

const char *alarm_kind_name(enum alarm_kind kind);
bool alarm_is_of_account(enum alarm_kind kind);
bool alarm_is_critical(enum alarm_kind kind);

/* How it stands; *since is when it came, where that is known, else now. */
enum alarm_judged alarm_judge(
    struct alarms *a, struct alarm *m, int64_t now, int64_t *since);

struct alarm_words {
	char *title; /* a few words of ours */
	char *text;  /* the title, and what was said */
	char *meaning;
	char *fix;
	uint64_t waiting; /* messages; 0: that is not the matter */
};
void alarm_describe(
    struct alarms *a, const struct alarm *m, struct alarm_words *w);
void alarm_words_clear(struct alarm_words *w);

/* Of the same account, or of none. */
struct alarm *alarm_find(
    struct alarms *a, enum alarm_kind kind, size_t account);

/* ---- alarm_text.c ---- */

/* The whole alarm: a headline, an empty line, and one line a fact. */
#define ALARM_TEXT_MAX ASK_TEXT_MAX
void alarm_text(
    struct alarms *a, const struct alarm *m, char out[ALARM_TEXT_MAX]);

/* Writes its mail, to a->readers, inside the running transaction. */
int alarm_mail(struct alarms *a, struct alarm *m, int64_t now, struct err *e);

#endif
