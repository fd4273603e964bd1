/* SPDX-License-Identifier: ISC */
/*
 * sendmail, mailq and newaliases: chooses what to do by name and options.
 * Nothing is decided here that a test would want to see.
 */
#include "config.h"

#include <stdio.h>
#include <sysexits.h>

#include "sendmail/aliases.h"
#include "sendmail/args.h"
#include "sendmail/ask.h"
#include "sendmail/process.h"
#include "sendmail/report.h"
#include "sendmail/send.h"
#include "sendmail/smtp.h"
#include "sendmail/start.h"
#include "sendmail/verify.h"

static const char help[] =
    "usage: sendmail [-t] [-i] [-f sender] [-F name] [recipient ...]\n"
    "       sendmail -q | -bp | -bs | -bv address ... | -bi | -bd\n"
    "       mailq\n"
    "       newaliases\n"
    "See sendmail(8) for all options.\n";

static int
run(const struct args *a)
{
	switch (a->mode) {
	case MODE_SUBMIT:
		return send_message(a);
	case MODE_LIST:
		return ask_list(a);
	case MODE_FLUSH:
		return ask_flush(a);
	case MODE_DAEMON:
		return start_daemon(a);
	case MODE_ALIASES:
		return aliases_check(a);
	case MODE_VERIFY:
		return verify_addresses(a);
	case MODE_SMTP:
		return smtp_speak(a);
	case MODE_NOTHING:
		return EX_OK;
	case MODE_VERSION:
		puts(PACKAGE_STRING);
		return EX_OK;
	case MODE_HELP:
		fputs(help, stdout);
		return EX_OK;
	}
	return EX_SOFTWARE;
}

int
main(int argc, char **argv)
{
	struct report report;
	struct args args;
	struct err e;
	int status;

	process_make_sane();
	if (args_parse(argc, argv, &args, &e) == 0) {
		status = run(&args);
	} else {
		report_init(&report, NULL, args.errors == ERROR_QUIET);
		report.program = args.program;
		report_error(&report, "%s", e.text);
		status = EX_USAGE;
	}
	args_clear(&args);
	return status;
}
