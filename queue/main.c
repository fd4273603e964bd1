/* SPDX-License-Identifier: ISC */
/*
 * mailchuted: options, identity, folders, and the way into the background.
 * The order of main is the order in which rights are given up; nothing is
 * read from anyone before the last of them is gone.
 */
#include "config.h"

#include <sys/resource.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/priv.h"
#include "common/proto_ctl.h"
#include "common/xalloc.h"
#include "queue/answer.h"
#include "queue/background.h"
#include "queue/caps.h"
#include "queue/dirs.h"
#include "queue/logs.h"
#include "queue/parent.h"

#define DESCRIPTORS_MAX 65536 /* more than any configuration needs */

enum mode {
	MODE_DAEMON,
	MODE_ANSWER,
	MODE_ONCE
};

struct options {
	enum mode mode;
	bool foreground;
	bool no_commands;
	const char *config;
};

static const char usage_text[] =
    "usage: mailchuted [-f] [-C file] [--no-commands]\n"
    "       mailchuted --once [-C file] [--no-commands]\n"
    "       mailchuted --answer [-C file] [--no-commands]\n"
    "       mailchuted --version | --help\n";

static void __attribute__((noreturn)) usage(void)
{
	fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static void
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "answer", no_argument, NULL, 'a' },
		{ "once", no_argument, NULL, 'o' },
		{ "no-commands", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	memset(o, 0, sizeof(*o));
	o->config = PATH_CONF;
	while ((c = getopt_long(argc, argv, "+fC:", longs, NULL)) != -1)
		switch (c) {
		case 'f':
			o->foreground = true;
			break;
		case 'C':
			o->config = optarg;
			break;
		case 'a':
			o->mode = MODE_ANSWER;
			break;
		case 'o':
			o->mode = MODE_ONCE;
			break;
		case 'n':
			o->no_commands = true;
			break;
		case 'V':
			dprintf(
			    STDOUT_FILENO, "mailchuted %s\n", PACKAGE_VERSION);
			exit(0);
		case 'h':
			dprintf(STDOUT_FILENO, "%s", usage_text);
			exit(0);
		default:
			usage();
		}
	if (optind != argc)
		usage();
}

/* Errors end the program; warnings are for the log, once there is one. */
static struct conf *
load(const struct options *o, struct strlist *warnings)
{
	struct conf_problems p;
	char path[PATH_MAX];
	struct conf *c;
	size_t i;

	/* The daemon goes to "/": names relative to the file must hold. */
	if (realpath(o->config, path) == NULL)
		fatalx(EX_CONFIG, "%s: %s; %s", o->config, strerror(errno),
		    errno == ENOENT ? "mailchute setup makes it"
				    : "see mailchute.conf(5)");
	memset(&p, 0, sizeof(p));
	c = conf_load(path, CONF_FULL, NULL, &p);
	for (i = 0; i < p.errors.n; i++)
		fprintf(stderr, "%s\n", p.errors.v[i]);
	if (c == NULL)
		exit(EX_CONFIG);
	*warnings = p.warnings;
	p.warnings = (struct strlist){ NULL, 0 };
	conf_problems_clear(&p);
	return c;
}

/* A queue run ends with its mail: no connection is kept for more. */
static void
end_lingering(struct conf *c)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++)
		c->accounts[i].linger_s = 0;
}

/* Whoever asks where no daemon runs did not ask for these. */
static void
log_warnings(struct strlist *warnings, enum mode mode)
{
	size_t i;

	for (i = 0; mode != MODE_ANSWER && i < warnings->n; i++)
		log_event(
		    LOG_WARNING, "configuration", "text", warnings->v[i], NULL);
	strlist_clear(warnings);
}

/* With --answer, stderr is that of whoever asks, and no log. */
static void
open_log(const struct conf *c, const struct options *o)
{
	if (o->mode == MODE_ANSWER && c->log.target == CONF_LOG_STDERR) {
		log_open("mailchuted", LOG_TO_STDERR, NULL, LOG_ERR);
		return;
	}
	if (logs_open(c, !o->no_commands) == 0)
		return;
	/* Anyone may ask; whether they may look is said by the queue. */
	if (o->mode == MODE_ANSWER)
		log_open("mailchuted", LOG_TO_STDERR, NULL, LOG_ERR);
	else
		fatalx(EX_CONFIG,
		    "log.file %s cannot be written by uid %lu: "
		    "%s",
		    c->log.file, (unsigned long)geteuid(), strerror(errno));
}

static int
status_of(const struct err *e)
{
	switch (e->class) {
	case ERR_TEMP:
		return EX_TEMPFAIL;
	case ERR_PERM:
		return EX_NOPERM;
	case ERR_NONE:
	case ERR_LOCAL:
		break;
	}
	return EX_CONFIG;
}

/*
 * Clients and connections are limited by numbers of our own, which the usual
 * soft limit may not even reach; a limit that was set hard is kept.
 */
static void
raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return;
	if (r.rlim_cur >= r.rlim_max || r.rlim_cur >= DESCRIPTORS_MAX)
		return;
	r.rlim_cur =
	    r.rlim_max < DESCRIPTORS_MAX ? r.rlim_max : DESCRIPTORS_MAX;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1)
		log_text(
		    LOG_WARNING, "limit", "RLIMIT_NOFILE: %s", strerror(errno));
}

/* Said before a file of the queue is tried that is not the caller's. */
static void
check_right(const struct conf *c)
{
	if (access(c->queue.directory, R_OK | W_OK | X_OK) == -1 &&
	    errno == EACCES)
		fatalx(EX_NOPERM,
		    "%s: %s; only root and the queue's own user may make a "
		    "queue run",
		    c->queue.directory, strerror(errno));
}

/*
 * Who the daemon becomes, and its folders.  0, or what to exit with: whoever
 * only asks is answered.
 */
static int
find_place(struct conf *c, const struct options *o, struct identity *id)
{
	struct err e;

	if (identity_find(c, id, &e) == -1 || dirs_make(c, id, &e) == -1) {
		if (o->mode != MODE_ANSWER)
			fatalx(status_of(&e), "%s", e.text);
		return answer_refuse(c, status_of(&e), &e);
	}
	if (o->mode == MODE_DAEMON && !o->no_commands)
		dirs_mend(c, id);
	if (!o->no_commands)
		logs_make_file(c, id);
	return 0;
}

/* What a service manager lent is kept; nothing else that was inherited is. */
static void
sort_descriptors(
    const struct options *o, struct manager *m, struct parent_options *po)
{
	struct err e;

	if (o->mode != MODE_DAEMON)
		priv_close_from(o->mode == MODE_ANSWER ? CTL_FD + 1 : 3);
	else if (manager_meet(m, &po->sockets, doors_lent(po->doors), &e) == -1)
		fatalx(EX_CONFIG, "%s", e.text);
}

/* The listeners' ports may be low ones: the last that root is needed for. */
static void
give_up_root(const struct conf *c, const struct options *o,
    const struct identity *id, struct doors *doors)
{
	struct err e;

	if (o->mode == MODE_DAEMON && !o->no_commands)
		doors_set_conf(doors, c);
	if (priv_drop(id->uid, id->gid, &e) == -1 || caps_keep(&e) == -1)
		fatalx(EX_OSERR, "%s", e.text);
}

int
main(int argc, char **argv)
{
	struct parent_options po = { .ready_fd = -1 };
	struct manager manager = { NULL, 0 };
	struct strlist warnings;
	struct identity id;
	struct options o;
	struct conf *c;
	struct err e;
	int status;

	if (priv_std_fds(&e) == -1)
		return EX_OSERR;
	log_open("mailchuted", LOG_TO_STDERR, NULL, LOG_INFO);
	parse_options(argc, argv, &o);
	sockets_init(&po.sockets);
	po.doors = doors_new();
	sort_descriptors(&o, &manager, &po);
	umask(077);
	raise_descriptors();
	c = load(&o, &warnings);
	if ((status = find_place(c, &o, &id)) != 0) {
		strlist_clear(&warnings);
		doors_free(po.doors);
		conf_free(c);
		return status;
	}
	if (o.mode == MODE_DAEMON && !o.foreground)
		po.ready_fd = background_enter();
	give_up_root(c, &o, &id, po.doors);
	if (o.mode == MODE_ONCE) {
		check_right(c);
		end_lingering(c);
	}
	open_log(c, &o);
	log_warnings(&warnings, o.mode);
	if (chdir("/") == -1)
		fatalx(EX_OSERR, "/: %s", strerror(errno));
	po.check = o.mode == MODE_ANSWER && answer_is_check();
	po.once = o.mode == MODE_ONCE || po.check;
	po.no_commands = o.no_commands;
	po.identity = &id;
	if (o.mode == MODE_ANSWER && !po.check) {
		status = answer_run(c, &id);
		doors_free(po.doors);
		conf_free(c);
	} else {
		po.manager = &manager;
		status = parent_run(c, &po);
	}
	manager_clear(&manager);
	return status;
}
