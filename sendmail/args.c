/* SPDX-License-Identifier: ISC */
/*
 * Forty years of options.  One table says of each letter whether it takes an
 * argument and what we do with it, so that a wrong guess never turns an
 * option's argument into a recipient.
 *
 * Parsed as getopt(3) does: bundles ("-ti"), arguments attached or separate,
 * "--" ends the options.  Options also end at the first operand, as with
 * Sendmail, Postfix and Exim: an address must never become an option.
 *
 * An option that changes nothing for its caller is taken and ignored; one that
 * asks for something we do not do is refused, and the message is not sent.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/dsn_value.h"
#include "sendmail/args.h"

enum takes {
	TAKES_NONE,
	TAKES_ARG,     /* "-fX" or "-f X" */
	TAKES_ATTACHED /* "-qX" or "-q", never the next word */
};

/* Follows one option; a remark in *a, or -1 with *e filled. */
typedef int option_fn(struct args *a, const char *value, struct err *e);

#define USAGE "5.5.4" /* RFC 3463: invalid command arguments */

/* Notes for the log that an option's value was passed over. */
static int
ignore_value(struct args *a, const char *option, const char *value)
{
	char *text = xasprintf("option %s: the value \"%s\" is not known and "
			       "was ignored",
	    option, value);

	strlist_add(&a->remarks, text);
	free(text);
	return 0;
}

static int
set_body(struct args *a, const char *value, struct err *e)
{
	(void)e;
	if (strcasecmp(value, "8BITMIME") == 0)
		a->body = BODY_8BITMIME;
	else if (strcasecmp(value, "7BIT") == 0)
		a->body = BODY_7BIT;
	else
		return ignore_value(a, "-B", value);
	return 0;
}

static int
set_conf(struct args *a, const char *value, struct err *e)
{
	(void)e;
	a->conf_path = value;
	return 0;
}

static int
set_sender(struct args *a, const char *value, struct err *e)
{
	(void)e;
	a->sender = value;
	return 0;
}

static int
set_full_name(struct args *a, const char *value, struct err *e)
{
	(void)e;
	a->full_name = value;
	return 0;
}

static int
set_dot_is_text(struct args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->dot_is_text = true;
	return 0;
}

static int
set_no_aliases(struct args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->no_aliases = true;
	return 0;
}

static int
set_verbose(struct args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->is_verbose = true;
	return 0;
}

static int
set_from_header(struct args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->from_header = true;
	return 0;
}

static int
set_aliases(struct args *a, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	a->mode = MODE_ALIASES;
	return 0;
}

static int
set_tag(struct args *a, const char *value, struct err *e)
{
	(void)e;
	a->tag = value;
	return 0;
}

static int
set_error_mode(struct args *a, const char *value, struct err *e)
{
	(void)e;
	switch (value[0]) {
	case 'p':
		a->errors = ERROR_PRINT;
		return 0;
	case 'm':
	case 'w': /* write(1) to a terminal: mail reaches further */
		a->errors = ERROR_MAIL;
		return 0;
	case 'q':
		a->errors = ERROR_QUIET;
		return 0;
	case 'e':
		a->errors = ERROR_EXIT;
		return 0;
	default:
		return ignore_value(a, "-oe", value);
	}
}

/* "-oX...": a letter of Sendmail's old configuration and its value. */
static int
set_letter(struct args *a, const char *value, struct err *e)
{
	if (value[0] == 'i')
		a->dot_is_text = true;
	else if (value[0] == 'e')
		return set_error_mode(a, value + 1, e);
	return 0;
}

/* "-O Name=value": the same by name. */
static int
set_named(struct args *a, const char *value, struct err *e)
{
	static const char mode[] = "ErrorMode=";

	if (strncasecmp(value, mode, sizeof(mode) - 1) == 0)
		return set_error_mode(a, value + sizeof(mode) - 1, e);
	return 0;
}

static int
set_notify(struct args *a, const char *value, struct err *e)
{
	(void)e;
	return dsn_value_notify(value, &a->notify)
		   ? 0
		   : ignore_value(a, "-N", value);
}

static int
set_ret(struct args *a, const char *value, struct err *e)
{
	(void)e;
	if (strcasecmp(value, "full") == 0)
		a->ret = RET_FULL;
	else if (strcasecmp(value, "hdrs") == 0)
		a->ret = RET_HDRS;
	else
		return ignore_value(a, "-R", value);
	return 0;
}

static int
set_envid(struct args *a, const char *value, struct err *e)
{
	(void)e;
	if (!dsn_value_is_envid(value))
		return ignore_value(a, "-V", value);
	a->envid = value;
	return 0;
}

/* "-bX": what the program shall be. */
static int
set_mode(struct args *a, const char *value, struct err *e)
{
	if (value[0] == '\0' || value[1] != '\0')
		return err_set(e, ERR_PERM, USAGE,
		    "-b%s: there is no such mode; see sendmail(8)", value);
	switch (value[0]) {
	case 'm':
		return 0;
	case 'p':
		a->mode = MODE_LIST;
		return 0;
	case 'i':
		a->mode = MODE_ALIASES;
		return 0;
	case 'v':
		a->mode = MODE_VERIFY;
		return 0;
	case 'h':
	case 'H':
		a->mode = MODE_NOTHING;
		return 0;
	case 'd':
		a->mode = MODE_DAEMON;
		a->daemon = DAEMON_BACKGROUND;
		return 0;
	case 'D':
		a->mode = MODE_DAEMON;
		a->daemon = DAEMON_FOREGROUND;
		return 0;
	case 's':
		a->mode = MODE_SMTP;
		return 0;
	default:
		return err_set(e, ERR_PERM, USAGE,
		    "-b%s: mailchute has no such mode; see sendmail(8)", value);
	}
}

/* A queue run of some kind; -bp and -bd, where given, are the stronger. */
static void
set_flush(struct args *a)
{
	if (a->mode == MODE_SUBMIT)
		a->mode = MODE_FLUSH;
}

/*
 * "-q" and its variants.  "-q!", everything but what matches, runs all: a
 * message tried too early is no harm.
 */
static int
set_queue(struct args *a, const char *value, struct err *e)
{
	if (isdigit((unsigned char)value[0]) &&
	    value[strspn(value, "0123456789smhdw")] == '\0') {
		/* An interval: mailchuted keeps its own schedule. */
		if (a->mode == MODE_SUBMIT || a->mode == MODE_FLUSH) {
			a->mode = MODE_DAEMON;
			a->daemon = DAEMON_INTERVAL;
		}
		return 0;
	}
	switch (value[0]) {
	case '\0':
	case 'f':
	case '!':
		break;
	case 'I':
		a->match_id = value + 1;
		break;
	case 'R':
		a->match_rcpt = value + 1;
		break;
	case 'S':
		a->match_sender = value + 1;
		break;
	default:
		return err_set(e, ERR_PERM, USAGE,
		    "-q%s: mailchute has no such kind of queue run; "
		    "-q, -qI, -qR and -qS are there",
		    value);
	}
	set_flush(a);
	return 0;
}

static const struct option {
	char letter;
	enum takes takes;
	option_fn *run;      /* NULL: ignored, */
	const char *refusal; /* or refused with this text */
} options[] = {
	{ 'A', TAKES_ARG, NULL, NULL }, /* which of two configurations */
	{ 'B', TAKES_ARG, set_body, NULL },
	{ 'b', TAKES_ARG, set_mode, NULL },
	{ 'C', TAKES_ARG, set_conf, NULL },
	{ 'c', TAKES_NONE, NULL, NULL },
	{ 'D', TAKES_ATTACHED, NULL, NULL }, /* debugging */
	{ 'd', TAKES_ATTACHED, NULL, NULL },
	{ 'E', TAKES_ATTACHED, NULL, NULL },
	{ 'e', TAKES_ATTACHED, set_error_mode, NULL },
	{ 'F', TAKES_ARG, set_full_name, NULL },
	{ 'f', TAKES_ARG, set_sender, NULL },
	{ 'G', TAKES_NONE, NULL, NULL }, /* gateway submission */
	{ 'h', TAKES_ARG, NULL, NULL },  /* hop count */
	{ 'I', TAKES_NONE, set_aliases, NULL },
	{ 'i', TAKES_NONE, set_dot_is_text, NULL },
	{ 'J', TAKES_ATTACHED, NULL, "mailchute has no such option" },
	{ 'L', TAKES_ARG, set_tag, NULL },
	{ 'M', TAKES_ARG, NULL,
	    "mailchute has no such option; \"sendmail -qI\" retries one "
	    "message" },
	{ 'm', TAKES_NONE, NULL, NULL }, /* "me too" of aliases */
	{ 'N', TAKES_ARG, set_notify, NULL },
	{ 'n', TAKES_NONE, set_no_aliases, NULL },
	{ 'O', TAKES_ARG, set_named, NULL },
	{ 'o', TAKES_ARG, set_letter, NULL },
	{ 'p', TAKES_ARG, NULL, NULL }, /* protocol and host it came by */
	{ 'Q', TAKES_ATTACHED, NULL,
	    "mailchute has no quarantine; \"mailchute hold\" keeps a message" },
	{ 'q', TAKES_ATTACHED, set_queue, NULL },
	{ 'R', TAKES_ARG, set_ret, NULL },
	{ 'r', TAKES_ARG, set_sender, NULL },
	{ 's', TAKES_NONE, NULL, NULL },
	{ 'T', TAKES_ATTACHED, NULL, "mailchute has no such option" },
	{ 't', TAKES_NONE, set_from_header, NULL },
	{ 'U', TAKES_NONE, NULL, NULL }, /* UTF-8: seen without being told */
	{ 'V', TAKES_ARG, set_envid, NULL },
	{ 'v', TAKES_NONE, set_verbose, NULL },
	/*
	 * A log of the traffic.  The file is never opened: whoever injects an
	 * option through a web form would write where he likes.
	 */
	{ 'X', TAKES_ARG, NULL, NULL },
	{ 'x', TAKES_NONE, NULL, NULL },
};

static const struct option *
option_find(char letter)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

static int
unknown(char letter, struct err *e)
{
	if (letter > ' ' && letter <= '~')
		return err_set(e, ERR_PERM, USAGE,
		    "unknown option -%c; see sendmail(8)", letter);
	return err_set(e, ERR_PERM, USAGE,
	    "unknown option, a byte of value %u; see sendmail(8)",
	    (unsigned)(unsigned char)letter);
}

/*
 * Follows one word of options, "-ti" or "-fX".  next is the word after it, or
 * NULL; *used tells whether it was taken as an argument.
 */
static int
parse_word(struct args *a, const char *word, const char *next, bool *used,
    struct err *e)
{
	const struct option *o;
	const char *p, *value;

	*used = false;
	for (p = word + 1; *p != '\0'; p++) {
		if ((o = option_find(*p)) == NULL)
			return unknown(*p, e);
		value = "";
		if (o->takes != TAKES_NONE) {
			value = p + 1;
			p += strlen(p) - 1;
		}
		if (o->takes == TAKES_ARG && *value == '\0') {
			if (next == NULL)
				return err_set(e, ERR_PERM, USAGE,
				    "option -%c needs an argument", o->letter);
			value = next;
			*used = true;
		}
		if (o->refusal != NULL)
			return err_set(e, ERR_PERM, USAGE, "-%c: %s", o->letter,
			    o->refusal);
		if (o->run != NULL && o->run(a, value, e) == -1)
			return -1;
	}
	return 0;
}

/* The name we were called by. */
static void
set_by_name(struct args *a, const char *name)
{
	const char *slash;

	if (name == NULL)
		return;
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	if (strcmp(name, "mailq") == 0) {
		a->program = "mailq";
		a->mode = MODE_LIST;
	} else if (strcmp(name, "newaliases") == 0) {
		a->program = "newaliases";
		a->mode = MODE_ALIASES;
	} else if (strcmp(name, "hoststat") == 0 ||
		   strcmp(name, "purgestat") == 0) {
		a->mode = MODE_NOTHING;
	}
}

int
args_parse(int argc, char **argv, struct args *out, struct err *e)
{
	bool used;
	int i;

	memset(out, 0, sizeof(*out));
	out->program = "sendmail";
	if (argc < 1) /* execve(2) allows it */
		return err_set(
		    e, ERR_PERM, USAGE, "called without so much as a name");
	set_by_name(out, argv[0]);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		out->mode = MODE_VERSION;
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		out->mode = MODE_HELP;
		return 0;
	}
	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			break;
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (parse_word(out, argv[i], argv[i + 1], &used, e) == -1)
			return -1;
		if (used)
			i++;
	}
	out->operands = argv + i;
	out->noperands = argc - i;
	return 0;
}

void
args_clear(struct args *a)
{
	strlist_clear(&a->remarks);
}
