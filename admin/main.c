/* SPDX-License-Identifier: ISC */
/*
 * mailchute: the administrator's command.  It asks mailchuted over its control
 * socket and prints the answer; it opens neither the queue nor a secret.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/run.h"
#include "common/xalloc.h"

#define HELP_COLUMN 33

/* In the handler of a signal nothing can be composed. */
static char parting[160];

static void
on_interrupt(int sig)
{
	(void)sig;
	if (write(STDERR_FILENO, parting, strlen(parting)) == -1)
		_exit(EX_TEMPFAIL);
	_exit(EX_TEMPFAIL);
}

static void
say_when_interrupted(const char *text)
{
	struct sigaction leave = { .sa_handler = on_interrupt };

	strlcpy(parting, text, sizeof(parting));
	sigaction(SIGINT, &leave, NULL);
	sigaction(SIGTERM, &leave, NULL);
}

static void
print_help(void)
{
	size_t i;
	int n;

	printf("usage: mailchute [-C file] command [option | id ...]\n\n");
	for (i = 0; i < nverbs; i++) {
		n = printf("  %-8s %s", verbs[i].name, verbs[i].synopsis);
		printf("%*s %s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 0, "",
		    verbs[i].help);
	}
	printf("\nmailchute(1) says more.\n");
}

/* As compilers do, so that an editor finds the line: nothing stands before. */
static void
print_problems(const struct strlist *l, size_t first)
{
	size_t i;

	for (i = first; i < l->n; i++)
		fprintf(stderr, "%s\n", l->v[i]);
}

static bool
may_not_read(const char *path)
{
	return access(path, R_OK) == -1 && errno == EACCES;
}

/* The verdict alone may be all that somebody reads: it names the first. */
static int
status_of_errors(
    const struct args *a, const char *path, const struct strlist *errors)
{
	bool is_hidden = may_not_read(path);
	char more[64] = "", *why;
	int status;

	if (errors->n > 1)
		snprintf(more, sizeof(more), "; and %zu more", errors->n - 1);
	if (is_hidden)
		why = xasprintf("the configuration %s may not be read", path);
	else
		why = xasprintf("the configuration has errors: %s%s",
		    errors->n == 0 ? path : errors->v[0], more);
	status =
	    status_without_conf(a, is_hidden ? "unknown" : "critical", why);
	free(why);
	return status;
}

static int
run(struct args *a)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	const char *path = a->conf_path == NULL ? PATH_CONF : a->conf_path;
	bool is_alone = (a->verb->takes & IS_ALONE) != 0;
	struct conf *c;
	int status = EX_CONFIG;

	c = conf_load(path, CONF_FULL, NULL, &p);
	a->problems = &p;
	/* What the verdict of status says is not said twice. */
	if (!is_alone)
		print_problems(&p.errors, a->verb->run == run_status ? 1 : 0);
	/* mailchuted logs the warnings; here they belong to one verb. */
	if (a->verb->run == run_config)
		print_problems(&p.warnings, 0);
	if (c != NULL || is_alone)
		status = a->verb->run(a, c);
	else if (a->verb->run == run_status)
		status = status_of_errors(a, path, &p.errors);
	else if (a->verb->run == run_metrics)
		status = metrics_without_conf(
		    a, may_not_read(path) ? "unknown" : "critical");
	a->problems = NULL;
	conf_problems_clear(&p);
	conf_free(c);
	return status;
}

int
main(int argc, char **argv)
{
	struct args a;
	struct err e;
	int status = 0;

	if (args_parse(&a, argc, argv, &e) == -1) {
		complain(e.text);
		status = EX_USAGE;
	} else if (a.version) {
		printf("mailchute %s\n", PACKAGE_VERSION);
	} else if (a.help) {
		print_help();
	} else {
		a.at_interrupt = say_when_interrupted;
		status = run(&a);
	}
	args_clear(&a);
	if (fflush(stdout) != 0 && status == 0) {
		complain("the output cannot be written");
		status = EX_IOERR;
	}
	return status;
}
