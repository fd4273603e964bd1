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
#include "common/sandbox.h"
#include "common/site.h"
#include "smtpd/checker.h"
#include "smtpd/fork_server.h"
#include "smtpd/judge.h"
#include "smtpd/listener.h"
#include "smtpd/pipe.h"
#include "smtpd/serve.h"
#include "smtpd/service.h"
#include "smtpd/tls.h"

static const char usage[] = "usage: smtpd [-C file] [-L tag]\n"
			    "       smtpd -a | -c | -F | -f | -l\n"
			    "See smtpd(8).\n";

struct options {
	const char *conf_path, *tag;
	bool is_listener, is_judge, is_checker;
	unsigned forks_for; /* the least listen.tls_min; 0: it does not */
};

static int
read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "C:FL:acfl")) != -1) {
		switch (c) {
		case 'C':
			o->conf_path = optarg;
			break;
		case 'L':
			o->tag = optarg;
			break;
		case 'F':
			o->forks_for = 10;
			break;
		case 'f':
			o->forks_for = 12;
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

static struct sandbox_made *made; /* by the fork server, for its copies */

static int
serve_as_made(void)
{
	return listener_run(made);
}

/*
 * Ends at once: where the parent ends, too, it takes us with it
 * (PR_SET_PDEATHSIG), which would find a leak checker half-way.
 */
static void __attribute__((noreturn)) fork_for_clients(unsigned tls_min)
{
	sandbox_hide_memory();
	tls_rules_prepare(tls_min);
	made = sandbox_make();
	_exit(fork_server_run(serve_as_made));
}

int
main(int argc, char **argv)
{
	struct options o = { .tag = "smtpd" };
	struct pipe_ends ends = { STDIN_FILENO, STDOUT_FILENO, NULL };
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
		return listener_run(NULL);
	if (o.forks_for != 0)
		fork_for_clients(o.forks_for);
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
