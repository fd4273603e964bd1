/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_ARGS_H
#define ADMIN_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/strlist.h"

struct conf;
struct conf_problems;
struct args;

/* What a verb takes; of the rest it says that it does not. */
#define TAKES_ID    1U      /* one queue id */
#define TAKES_IDS   2U      /* queue ids, or ALL */
#define TAKES_JSON  4U      /* --json */
#define TAKES_YES   8U      /* --yes */
#define TAKES_BODY  16U     /* --body */
#define TAKES_WATCH 32U     /* --watch */
#define TAKES_WORD  64U     /* one word, as it was typed */
#define TAKES_WORDS 128U    /* all words, as they were typed */
#define TAKES_PHASE 256U    /* --phase */
#define IS_ALONE    512U    /* it needs no configuration */
#define TAKES_STAY  1024U   /* on DURATION, or off; and an account */
#define TAKES_MAIL  2048U   /* recipients, and -f sender */
#define TAKES_TEST  4096U   /* an address, --account and --timeout */
#define TAKES_SETUP 8192U   /* --print, and an account */
#define TAKES_SEND  16384U  /* --send with an address */
#define TAKES_FILE  32768U  /* --output with a file's name */
#define TAKES_OLD   65536U  /* --old */
#define TAKES_LOGIN 131072U /* a login, or --list; and whose file */

/*
 * A verb of the command.  run returns the exit status; what went wrong it has
 * said.  c may be NULL where IS_ALONE.
 */
struct verb {
	const char *name;
	unsigned takes;
	int (*run)(const struct args *a, const struct conf *c);
	const char *synopsis; /* behind the name */
	const char *help;
};
extern const struct verb verbs[];
extern const size_t nverbs;

/* The command line, taken apart. */
struct args {
	const struct verb *verb; /* NULL with help or version */
	const char *conf_path;   /* -C, or NULL */
	bool help, version;
	bool json, yes, body, watch, print, old, erase, list;
	bool all; /* "ALL" stood in place of ids */
	struct strlist ids;
	const char *word; /* of TAKES_STAY: "on" or "off"; or an address */
	struct strlist words;
	const char *phase;   /* --phase, or NULL */
	const char *timeout; /* as it was typed */
	uint64_t for_s;      /* behind "on"; 0 behind "off"; --timeout */
	const char *account; /* or NULL */
	const char *send;    /* --send, or NULL */
	const char *output;  /* --output, or NULL */
	const char *file, *listener; /* --file, --listener, or NULL */
	const char *sender;          /* -f, or NULL */
	struct strlist rcpts;
	const struct conf_problems *problems; /* of the configuration */
	/* Of main: from now on ^C says that, and exits 75, since it waits. */
	void (*at_interrupt)(const char *text);
};

/*
 * -1 with *e saying what is wrong with the command line.  The struct points
 * into argv; args_clear frees the rest, after an error too.
 */
int args_parse(struct args *a, int argc, char *const *argv, struct err *e);
void args_clear(struct args *a);

#endif
