/* SPDX-License-Identifier: ISC */
/*
 * smtpd: SMTP on standard input and output, for "sendmail -bs".  It runs as
 * its caller and has no rights to give up; sendmail/process.c has made the
 * process sane before sendmail became this one.
 */
#include "config.h"

#include <sys/stat.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/site.h"
#include "smtpd/checker.h"
#include "smtpd/judge.h"
#include "smtpd/listener.h"
#include "smtpd/pipe.h"
#include "smtpd/serve.h"
#include "smtpd/service.h"

static const char usage[] = "usage: smtpd [-C file] [-L tag]\n"
			    "       smtpd -a | -c | -l\n"
			    "See smtpd(8).\n";

struct options {
	const char *conf_path, *tag;
	bool is_listener, is_judge, is_checker;
};

static int
read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "C:L:acl")) != -1) {
		switch (c) {
		case 'C':
			o->conf_path = optarg;
			break;
		case 'L':
			o->tag = optarg;
			break;
		case 'l':
			o->is_listener = true;
			break;
		case 'a':
			o->is_checker = true;
			break;
		case 'c':
			o->is_judge = true;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

/* A client that closes early must not end us while a message is on its way. */
static void
ignore_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
}

int
main(int argc, char **argv)
{
	struct options o = { NULL, "smtpd", false, false, false };
	struct pipe_ends ends = { STDIN_FILENO, STDOUT_FILENO };
	struct service service;
	struct site site;
	struct io io;
	size_t i;
	int status;

	if (read_options(argc, argv, &o) == -1) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	umask(077);
	ignore_signals();
	if (o.is_judge)
		return judge_run();
	if (o.is_listener)
		return listener_run();
	if (o.is_checker)
		return checker_run();
	log_open(o.tag, LOG_TO_SYSLOG, NULL, LOG_INFO);
	site_open(&site, o.conf_path);
	for (i = 0; i < site.remarks.n; i++)
		log_text(LOG_WARNING, "smtpd", "%s", site.remarks.v[i]);
	service = service_of_site(&site);
	io = pipe_io(&ends);
	status = serve(&io, &service);
	site_close(&site);
	return status;
}
