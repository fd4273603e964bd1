/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_ARGS_H
#define SENDMAIL_ARGS_H

#include <stdbool.h>

#include "common/envelope.h"
#include "common/err.h"
#include "common/strlist.h"

/*
 * The command line as sendmail has always been called (sendmail(8)).  Strings
 * point into argv; only remarks is allocated.
 */

enum mode {
	MODE_SUBMIT,
	MODE_LIST,    /* mailq, -bp */
	MODE_FLUSH,   /* -q and its variants */
	MODE_DAEMON,  /* -bd, -bD, -q30m */
	MODE_ALIASES, /* newaliases, -bi, -I */
	MODE_VERIFY,  /* -bv */
	MODE_SMTP,    /* -bs */
	MODE_NOTHING, /* -bh, -bH: host status, which we do not keep */
	MODE_VERSION,
	MODE_HELP
};

enum daemon_how {
	DAEMON_BACKGROUND, /* -bd */
	DAEMON_FOREGROUND, /* -bD */
	DAEMON_INTERVAL    /* -q30m alone */
};

/* What becomes of an error found before the message is queued (-oe). */
enum error_mode {
	ERROR_PRINT, /* p: text on stderr, and the exit status */
	ERROR_MAIL,  /* m, w: a notice to the sender as well */
	ERROR_QUIET, /* q: the exit status alone */
	ERROR_EXIT   /* e: a notice to the sender, exit 0 when it is queued */
};

struct args {
	const char *program; /* "sendmail", "mailq" or "newaliases" */
	enum mode mode;
	enum daemon_how daemon;
	const char *conf_path; /* -C, or NULL */
	bool from_header;      /* -t */
	bool dot_is_text;      /* -i */
	bool no_aliases;       /* -n */
	const char *sender;    /* -f, -r; NULL: not given */
	const char *full_name; /* -F */
	enum body_type body;   /* -B */
	unsigned notify;       /* -N */
	enum dsn_ret ret;      /* -R */
	const char *envid;     /* -V */
	const char *tag;       /* -L */
	bool is_verbose;       /* -v */
	enum error_mode errors;
	const char *match_id, *match_rcpt, *match_sender; /* -qI, -qR, -qS */
	char **operands;
	int noperands;
	struct strlist remarks; /* what was passed over, for the log */
};

/*
 * Reads the command line; argv[0]'s last component chooses the mode first.
 * -1 with *e filled when it cannot be followed: exit 64.  args_clear it in
 * either case.
 */
int args_parse(int argc, char **argv, struct args *out, struct err *e);
void args_clear(struct args *a);

#endif
