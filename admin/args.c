/* SPDX-License-Identifier: ISC */
/*
 * The command line: "mailchute [-C file] verb [option | id ...]".  Pure; which
 * verb takes what is said by the table of verbs alone.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "admin/args.h"
#include "common/conf_syntax.h"
#include "common/nearest.h"
#include "common/proto_ctl.h"

#define ID_LEN     12
#define STAY_MAX_S (366 * 86400)
#define TEST_MAX_S (7 * 86400)

static int
usage(struct err *e, const char *what, const char *word)
{
	return err_set(e, ERR_LOCAL, "5.5.4", "%s \"%s\"; see mailchute --help",
	    what, word);
}

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < nverbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Of the manual's plan: named, so that nobody takes them for a slip. */
static bool
is_to_come(const char *word)
{
	static const char *const names[] = { "backup", "import-config",
		"restore", "salvage" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], word) == 0)
			return true;
	return false;
}

static int
unknown_verb(const char *word, struct err *e)
{
	struct nearest near;
	size_t i;

	if (is_to_come(word))
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "this version has no command \"%s\" yet; see mailchute "
		    "--help",
		    word);
	nearest_init(&near, word);
	for (i = 0; i < nverbs; i++)
		nearest_try(&near, verbs[i].name);
	if (near.best == NULL)
		return usage(e, "unknown command", word);
	return err_set(e, ERR_LOCAL, "5.5.4",
	    "unknown command \"%s\"; did you mean \"%s\"?", word, near.best);
}

static int
take_option(struct args *a, const char *word, struct err *e)
{
	static const struct {
		const char *name;
		unsigned takes; /* 0: any verb, or none */
		size_t flag;
	} options[] = {
		{ "--json", TAKES_JSON, offsetof(struct args, json) },
		{ "--yes", TAKES_YES, offsetof(struct args, yes) },
		{ "--body", TAKES_BODY, offsetof(struct args, body) },
		{ "--watch", TAKES_WATCH, offsetof(struct args, watch) },
		{ "--print", TAKES_SETUP, offsetof(struct args, print) },
		{ "--old", TAKES_OLD, offsetof(struct args, old) },
		{ "--delete", TAKES_LOGIN, offsetof(struct args, erase) },
		{ "--list", TAKES_LOGIN, offsetof(struct args, list) },
		{ "--help", 0, offsetof(struct args, help) },
		{ "-h", 0, offsetof(struct args, help) },
		{ "--version", 0, offsetof(struct args, version) },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, word) != 0)
			continue;
		*(bool *)((char *)a + options[i].flag) = true;
		if (options[i].takes != 0 && a->verb != NULL &&
		    (a->verb->takes & options[i].takes) == 0)
			return err_set(e, ERR_LOCAL, "5.5.4",
			    "%s does not take %s", a->verb->name, word);
		return 0;
	}
	if (strncmp(word, "-C", 2) == 0 && a->verb != NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "-C stands before the command: mailchute -C file %s",
		    a->verb->name);
	return usage(e, "unknown option", word);
}

/* Ids are shown in upper case, and may be typed in either. */
static void
add_id(struct args *a, const char *word)
{
	char id[ID_LEN + 1];
	size_t i;

	if (strlen(word) != ID_LEN ||
	    strspn(word, "0123456789abcdefABCDEF") != ID_LEN) {
		strlist_add(&a->ids, word); /* mailchuted knows none such */
		return;
	}
	for (i = 0; i <= ID_LEN; i++)
		id[i] = (char)toupper((unsigned char)word[i]);
	if (!strlist_has(&a->ids, id))
		strlist_add(&a->ids, id);
}

/* "on DURATION [ACCOUNT]", "off [ACCOUNT]": the next word of it. */
static int
take_stay(struct args *a, const char *word, struct err *e)
{
	bool is_on = a->word != NULL && strcmp(a->word, "on") == 0;

	if (a->word == NULL) {
		if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
			return usage(e, "neither on nor off:", word);
		a->word = word;
		return 0;
	}
	if (is_on && a->for_s == 0) {
		if (syntax_read_duration(word, &a->for_s) == -1 ||
		    a->for_s < 1 || a->for_s > STAY_MAX_S)
			return err_set(e, ERR_LOCAL, "5.5.4",
			    "\"%s\" is no duration from 1s to 366d, such as "
			    "24h",
			    word);
		return 0;
	}
	if (a->account != NULL || *word == '\0')
		return usage(e, "one account is enough:", word);
	a->account = word;
	return 0;
}

static int
take_account(struct args *a, const char *word, struct err *e)
{
	if (a->account != NULL || !syntax_is_id(word))
		return usage(e, "one account by its name is enough:", word);
	a->account = word;
	return 0;
}

static int
take_operand(struct args *a, const char *word, struct err *e)
{
	if (a->verb == NULL) {
		if (strcmp(word, "help") == 0) {
			a->help = true;
			return 0;
		}
		a->verb = find_verb(word);
		return a->verb == NULL ? unknown_verb(word, e) : 0;
	}
	if ((a->verb->takes & TAKES_WORDS) != 0) {
		strlist_add(&a->words, word);
		return 0;
	}
	if ((a->verb->takes & TAKES_WORD) != 0 && a->word == NULL) {
		a->word = word;
		return *word == '\0' ? usage(e, "nothing is found by", word)
				     : 0;
	}
	if ((a->verb->takes & TAKES_STAY) != 0)
		return take_stay(a, word, e);
	if ((a->verb->takes & TAKES_SETUP) != 0)
		return take_account(a, word, e);
	if ((a->verb->takes & TAKES_LOGIN) != 0) {
		if (a->word != NULL)
			/* It may be a password: not said again. */
			return err_set(e, ERR_LOCAL, "5.5.4",
			    "%s takes one login; the password is asked for, or "
			    "is a line of the standard input",
			    a->verb->name);
		a->word = word;
		return 0;
	}
	if ((a->verb->takes & TAKES_MAIL) != 0) {
		strlist_add(&a->rcpts, word);
		return 0;
	}
	if ((a->verb->takes & TAKES_TEST) != 0) {
		if (a->word != NULL || *word == '\0')
			return usage(e, "one address is tested, not", word);
		a->word = word;
		return 0;
	}
	if ((a->verb->takes & (TAKES_ID | TAKES_IDS)) == 0)
		return err_set(e, ERR_LOCAL, "5.5.4", "%s takes no \"%s\"",
		    a->verb->name, word);
	if (*word == '\0')
		return usage(e, "a queue id cannot be", word);
	if ((a->verb->takes & TAKES_IDS) == 0 || strcasecmp(word, "ALL") != 0)
		add_id(a, word);
	else if (strcmp(word, "ALL") == 0)
		a->all = true;
	else
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "\"%s\" is no queue id; did you mean ALL?", word);
	return 0;
}

/* Options with a value that belong to other verbs. */
static int
check_valued(const struct args *a, struct err *e)
{
	unsigned takes = a->verb->takes;
	const char *wrong = NULL;

	if (a->phase != NULL && (takes & TAKES_PHASE) == 0)
		wrong = "--phase";
	else if (a->timeout != NULL && (takes & TAKES_TEST) == 0)
		wrong = "--timeout";
	else if (a->account != NULL &&
		 (takes & (TAKES_TEST | TAKES_STAY | TAKES_SETUP)) == 0)
		wrong = "--account";
	else if (a->send != NULL && (takes & TAKES_SEND) == 0)
		wrong = "--send";
	else if (a->output != NULL && (takes & TAKES_FILE) == 0)
		wrong = "--output";
	else if ((a->file != NULL || a->listener != NULL) &&
		 (takes & TAKES_LOGIN) == 0)
		wrong = a->file != NULL ? "--file" : "--listener";
	if (wrong == NULL)
		return 0;
	return err_set(
	    e, ERR_LOCAL, "5.5.4", "%s does not take %s", a->verb->name, wrong);
}

static int
check_login(const struct args *a, struct err *e)
{
	if (a->file != NULL && a->listener != NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "either --file or --listener says whose file it is");
	if (a->list ? a->word != NULL || a->erase : a->word == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes one login, or --list", a->verb->name);
	return 0;
}

/* What the words say together. */
static int
check(const struct args *a, struct err *e)
{
	const struct verb *v = a->verb;
	size_t n = a->ids.n;

	if (a->help || a->version)
		return 0;
	if (v == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "no command is given; see mailchute --help");
	if ((a->json && (v->takes & TAKES_JSON) == 0) ||
	    (a->yes && (v->takes & TAKES_YES) == 0) ||
	    (a->body && (v->takes & TAKES_BODY) == 0) ||
	    (a->watch && (v->takes & TAKES_WATCH) == 0) ||
	    (a->print && (v->takes & TAKES_SETUP) == 0) ||
	    ((a->erase || a->list) && (v->takes & TAKES_LOGIN) == 0) ||
	    (a->old && (v->takes & TAKES_OLD) == 0))
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s does not take an option that stands before it",
		    v->name);
	if ((v->takes & TAKES_WORD) != 0 && a->word == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes a queue id, a Message-ID or an address", v->name);
	if (check_valued(a, e) == -1)
		return -1;
	if ((v->takes & TAKES_LOGIN) != 0 && check_login(a, e) == -1)
		return -1;
	if ((v->takes & TAKES_TEST) != 0 && a->word == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes the address that a message is sent to", v->name);
	if ((v->takes & TAKES_WORDS) != 0 && a->words.n == 0)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes what a server replied, such as \"550 5.1.1 User "
		    "unknown\"",
		    v->name);
	if ((v->takes & TAKES_STAY) != 0 &&
	    (a->word == NULL || (strcmp(a->word, "on") == 0 && a->for_s == 0)))
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes on and for how long, such as on 24h, or off",
		    v->name);
	if ((v->takes & TAKES_ID) != 0 && n != 1)
		return err_set(
		    e, ERR_LOCAL, "5.5.4", "%s takes one queue id", v->name);
	if ((v->takes & TAKES_IDS) != 0 && (n == 0) != a->all)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "%s takes queue ids, or ALL", v->name);
	if (n > CTL_IDS_MAX)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "more than %d queue ids; take them in parts, or ALL",
		    CTL_IDS_MAX);
	return 0;
}

/* The value of an option that has one, in its word or in the next. */
static const char *
value_of(const char *word, const char *name, char *const *argv, int *i)
{
	size_t n = strlen(name);

	if (strncmp(word, name, n) != 0)
		return NULL;
	if (word[n] == '=')
		return word + n + 1;
	if (word[n] != '\0')
		return NULL;
	return argv[*i + 1] == NULL ? "" : argv[++*i];
}

/* 1 with a value taken, 0: it is no such option, -1. */
static int
take_valued(
    struct args *a, const char *word, char *const *argv, int *i, struct err *e)
{
	const char *value;

	if ((value = value_of(word, "--phase", argv, i)) != NULL)
		a->phase = value;
	else if ((value = value_of(word, "--account", argv, i)) != NULL)
		a->account = value;
	else if ((value = value_of(word, "--listener", argv, i)) != NULL)
		a->listener = value;
	else if ((value = value_of(word, "--file", argv, i)) != NULL) {
		a->file = value;
		if (*value == '\0')
			return usage(e, "no file has the name", value);
	} else if ((value = value_of(word, "--send", argv, i)) != NULL) {
		a->send = value;
		if (*value == '\0')
			return usage(e, "a message is sent to no", value);
	} else if ((value = value_of(word, "--output", argv, i)) != NULL) {
		a->output = value;
		if (*value == '\0')
			return usage(e, "no file is called", value);
	} else if ((value = value_of(word, "--timeout", argv, i)) != NULL) {
		a->timeout = value;
		if (syntax_read_duration(value, &a->for_s) == -1 ||
		    a->for_s < 1 || a->for_s > TEST_MAX_S)
			return err_set(e, ERR_LOCAL, "5.5.4",
			    "\"%s\" is no duration from 1s to 7d, such as 5m",
			    value);
	}
	return value == NULL ? 0 : 1;
}

int
args_parse(struct args *a, int argc, char *const *argv, struct err *e)
{
	bool words_only = false;
	int i;

	memset(a, 0, sizeof(*a));
	for (i = 1; i < argc; i++) {
		const char *word = argv[i];
		int rc = 0;

		if (!words_only && strcmp(word, "--") == 0)
			words_only = true;
		else if (words_only || word[0] != '-' || word[1] == '\0')
			rc = take_operand(a, word, e);
		else if (strncmp(word, "-C", 2) == 0 && a->verb == NULL) {
			a->conf_path = word[2] != '\0' ? word + 2 : argv[++i];
			if (a->conf_path == NULL || *a->conf_path == '\0')
				return err_set(e, ERR_LOCAL, "5.5.4",
				    "-C needs the name of a file");
		} else if ((rc = take_valued(a, word, argv, &i, e)) != 0)
			rc = rc == -1 ? -1 : 0;
		else if (strncmp(word, "-f", 2) == 0 && a->verb != NULL &&
			 (a->verb->takes & TAKES_MAIL) != 0) {
			a->sender = word[2] != '\0' ? word + 2 : argv[++i];
			if (a->sender == NULL)
				return err_set(
				    e, ERR_LOCAL, "5.5.4", "-f needs a sender");
		} else
			rc = take_option(a, word, e);
		if (rc == -1)
			return -1;
	}
	return check(a, e);
}

void
args_clear(struct args *a)
{
	strlist_clear(&a->ids);
	strlist_clear(&a->words);
	strlist_clear(&a->rcpts);
}
