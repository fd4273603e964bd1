/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_PRIV_H
#define COMMON_CONF_PRIV_H

#include "common/conf.h"
#include "common/conf_table.h"

/* What the files of the configuration share with one another alone. */

/* Where each option was set: its line, or 0 for its default. */
struct conf_lines {
	unsigned section; /* first header of the section; of named ones only */
	unsigned option[CONF_OPTIONS_MAX]; /* as conf_options counts */
};

struct conf_origins {
	struct conf_lines global;
	struct conf_lines *account; /* one for each of conf.accounts, */
	struct conf_lines *listen;  /* and of conf.listeners */
};

/*
 * Sections of a kind: one of most, as many as were named of accounts and
 * listeners.  conf_place.c
 */
size_t conf_places(const struct conf *c, enum conf_section s);
void *conf_place(struct conf *c, enum conf_section s, size_t i);
const void *conf_place_const(
    const struct conf *c, enum conf_section s, size_t i);
struct conf_lines *conf_place_lines(
    const struct conf *c, enum conf_section s, size_t i);
const char *conf_place_name(
    const struct conf *c, enum conf_section s, size_t i);
/* An empty one, whose header stands in that line: its number. */
size_t conf_place_add(
    struct conf *c, enum conf_section s, const char *name, unsigned line);
void conf_places_free(struct conf *c);

/* Problems as they are found, in any order. */
enum conf_severity {
	CONF_ERROR,
	CONF_WARNING
};
struct conf_note {
	enum conf_severity severity;
	unsigned line; /* 0: of the whole file */
	size_t seq;
	char *text;
};
struct conf_notes {
	struct conf_note *v;
	size_t n;
	bool has_errors;
};
void conf_note(struct conf_notes *n, enum conf_severity severity, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Adds them to *p in the order of the file, and empties *n. */
void conf_notes_report(
    struct conf_notes *n, const char *path, struct conf_problems *p);

/* Takes INI text into *c; what it does not set stays as it is. */
void conf_read(struct conf *c, const char *text, size_t n, enum conf_use use,
    struct conf_notes *notes);

/* The option's own default, into an empty place. */
void conf_set_default(const struct conf_option *o, void *base);

/*
 * Readers and writers of single kinds, for the table of conf_value.c: place is
 * where the value lies.  conf_refuse says that text is not what was expected.
 */
struct err;
struct buf;
int conf_refuse(struct err *e, const char *text, const char *expected);
int conf_duration_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e);
int conf_list_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e);
bool conf_list_put(
    const struct conf_option *o, const void *place, struct buf *b);
int conf_command_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e);
bool conf_command_put(
    const struct conf_option *o, const void *place, struct buf *b);
int conf_durations_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e);
bool conf_durations_put(
    const struct conf_option *o, const void *place, struct buf *b);
size_t *conf_count_of(const struct conf_option *o, void *place);

/* The host's own names, where [local] does not say; conf_host.c. */
void conf_derive_names(
    struct conf *c, const struct conf_host *host, struct conf_notes *n);

/*
 * Defaults that depend on other options, and rules across options;
 * conf_check.c and conf_auth.c.
 */
void conf_check_queue(struct conf *c, struct conf_notes *n);
void conf_check_accounts(struct conf *c, struct conf_notes *n);
void conf_check_listeners(struct conf *c, struct conf_notes *n);

/* One account, while it is checked. */
struct conf_check {
	struct conf_account *account;
	const struct conf_lines *lines;
	struct conf_notes *notes;
};
bool conf_check_given(const struct conf_check *k, const char *option);
void conf_check_note(const struct conf_check *k, enum conf_severity severity,
    const char *option, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void conf_check_auth(const struct conf_check *k);

/* Sign-in by tokens of ours: defaults, and what is wrong; conf_grant.c. */
void conf_grant_fill(const struct conf_check *k);
void conf_grant_check(const struct conf_check *k);

#endif
