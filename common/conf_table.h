/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_TABLE_H
#define COMMON_CONF_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one list of options.  The reader, "mailchute config" and the manual
 * mailchute.conf(5) all follow it; tests/lint/options.sh compares the last.
 */

enum conf_section {
	SECTION_LOCAL,
	SECTION_QUEUE,
	SECTION_ACCOUNT, /* [account] and [account NAME] */
	SECTION_SANDBOX,
	SECTION_LOG,
	SECTION_LISTEN /* [listen NAME] */
};
#define SECTIONS 6

/* What a value is; common/conf_value.c knows how each is read and written. */
enum conf_kind {
	VALUE_TEXT,     /* any text; char * as all single texts */
	VALUE_HOSTNAME, /* a name, with or without dot, or "[1.2.3.4]" */
	VALUE_DOMAIN,
	VALUE_ADDRESS, /* user@domain */
	VALUE_LOGIN,   /* what a mailbox signs in with: no blanks */
	VALUE_USER,    /* a system user or group */
	VALUE_PATH,    /* absolute */
	VALUE_SECRET,  /* a file; relative to the configuration */
	VALUE_ID,      /* tenant and client: letters, digits, "-", "." */
	VALUE_URL,
	VALUE_HOSTPORT,
	VALUE_IP,        /* an address of IPv4 or IPv6 */
	VALUE_DATE,      /* 2026-12-31 */
	VALUE_WORD,      /* one of words; an enum */
	VALUE_BOOL,      /* one of words; a bool */
	VALUE_DURATION,  /* int64_t, seconds */
	VALUE_NUMBER,    /* unsigned */
	VALUE_COUNT,     /* uint64_t */
	VALUE_SIZE,      /* uint64_t, octets */
	VALUE_RATE,      /* struct rate */
	VALUE_DOMAINS,   /* lists: struct strlist */
	VALUE_USERS,     /* system users and @groups */
	VALUE_HOSTS,     /* host or host:port */
	VALUE_PATTERNS,  /* address patterns */
	VALUE_SENDERS,   /* address patterns, some for a network alone */
	VALUE_NETWORKS,  /* 192.0.2.0/24 */
	VALUE_COMMAND,   /* program and arguments */
	VALUE_DURATIONS, /* int64_t * with its size_t at count_offset */
	VALUE_KINDS
};

#define OPTION_SECRET  1U /* names a file or command that gives a secret */
#define OPTION_RESTART 2U /* a reload does not change it */

struct conf_word {
	const char *name; /* NULL ends the list */
	unsigned value;
};

struct conf_option {
	enum conf_section section;
	const char *name;
	enum conf_kind kind;
	size_t offset; /* in struct conf, conf_account or conf_listen */
	const char *help;
	const char *def;   /* default as one would write it; NULL: none */
	const char *shown; /* the default in words, where it is computed */
	const char *none;  /* the word that stands for zero or nothing */
	const struct conf_word *words;
	uint64_t min, max;   /* bounds of a number; max 0: not bounded */
	size_t count_offset; /* VALUE_DURATIONS: of the number of them */
	unsigned flags;
};

extern const struct conf_option conf_options[];
extern const size_t conf_noptions;
#define CONF_OPTIONS_MAX 128 /* conf_noptions is less; a test sees to it */

/* "local", "queue", ... */
const char *conf_section_name(enum conf_section s);

/* NULL when the section has no such option. */
const struct conf_option *conf_option_find(
    enum conf_section s, const char *name);

#endif
