/* SPDX-License-Identifier: ISC */
/*
 * Starts a command many times, several at once, each with the same message on
 * stdin, and prints what that cost: the load for tests/bench/quick.py.
 *
 *	load -n RUNS -c AT-ONCE -s OCTETS -- command...
 *
 * Wall time is from fork to reaped; processor time and memory come from wait4
 * and are those of the command and of children it waited for.  The message
 * lies in memory, so that the load itself does no disk I/O.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct load {
	unsigned runs, at_once;
	unsigned started, ended, failed;
	struct child {
		pid_t pid;
		double began;
	} * children; /* at_once of them; pid 0 is free */
	double *wall_ms;
	double cpu_ms;
	long rss_kib;
};

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
cpu_ms(const struct rusage *ru)
{
	return (double)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * 1e3 +
	       (double)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A message of about the given size; returns its descriptor. */
static int
make_message(size_t octets)
{
	static const char head[] = "From: bench@contoso.example\n"
				   "To: rcpt@fabrikam.example\n"
				   "Subject: load\n\n";
	static const char line[] =
	    "The quick brown fox jumps over the lazy dog and goes home.\n";
	int fd = memfd_create("message", MFD_CLOEXEC);
	size_t done;

	if (fd == -1 || write(fd, head, sizeof(head) - 1) == -1)
		err(1, "memfd");
	for (done = sizeof(head); done < octets; done += sizeof(line) - 1)
		if (write(fd, line, sizeof(line) - 1) == -1)
			err(1, "memfd");
	return fd;
}

static pid_t
start(char *const *argv, int message)
{
	char path[64];
	pid_t pid;
	int in, out;

	if ((pid = fork()) != 0)
		return pid;
	/* Opened anew: the children must not share one offset. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", message);
	in = open(path, O_RDONLY);
	out = open("/dev/null", O_WRONLY);
	if (in == -1 || out == -1 || dup2(in, 0) == -1 || dup2(out, 1) == -1)
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

static struct child *
find_child(struct load *l, pid_t pid)
{
	unsigned i;

	for (i = 0; i < l->at_once; i++)
		if (l->children[i].pid == pid)
			return &l->children[i];
	return NULL;
}

static void
fill_up(struct load *l, char *const *argv, int message)
{
	struct child *c;

	while (l->started < l->runs && (c = find_child(l, 0)) != NULL) {
		c->began = now_ms();
		if ((c->pid = start(argv, message)) == -1)
			err(1, "fork");
		l->started++;
	}
}

static void
reap(struct load *l)
{
	struct child *c;
	struct rusage ru;
	int status;
	pid_t pid = wait4(-1, &status, 0, &ru);

	if (pid == -1 || (c = find_child(l, pid)) == NULL)
		err(1, "wait4");
	l->wall_ms[l->ended++] = now_ms() - c->began;
	l->cpu_ms += cpu_ms(&ru);
	if (ru.ru_maxrss > l->rss_kib)
		l->rss_kib = ru.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		l->failed++;
	c->pid = 0;
}

static void
report(struct load *l, double total_ms)
{
	double *w = l->wall_ms;

	qsort(w, l->ended, sizeof(*w), by_value);
	printf("{\"runs\": %u, \"failed\": %u, \"wall_ms\": %.3f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_ms\": %.3f, "
	       "\"rss_kib\": %ld}\n",
	    l->ended, l->failed, total_ms, w[l->ended / 2],
	    w[l->ended * 99 / 100], l->cpu_ms / l->ended, l->rss_kib);
}

static unsigned
number(const char *text)
{
	const char *why;
	unsigned n = (unsigned)strtonum(text, 1, 1000000000, &why);

	if (why != NULL)
		errx(64, "%s: %s", text, why);
	return n;
}

int
main(int argc, char **argv)
{
	struct load l = { .runs = 100, .at_once = 1 };
	unsigned octets = 2048;
	double began;
	int c, message;

	while ((c = getopt(argc, argv, "+n:c:s:")) != -1) {
		if (c == 'n')
			l.runs = number(optarg);
		else if (c == 'c')
			l.at_once = number(optarg);
		else if (c == 's')
			octets = number(optarg);
		else
			return 64;
	}
	if (optind == argc)
		errx(64, "load [-n runs] [-c at-once] [-s octets] -- command");
	l.children = calloc(l.at_once, sizeof(*l.children));
	l.wall_ms = calloc(l.runs, sizeof(*l.wall_ms));
	if (l.children == NULL || l.wall_ms == NULL)
		err(1, "calloc");
	message = make_message(octets);
	began = now_ms();
	while (l.ended < l.runs) {
		fill_up(&l, argv + optind, message);
		reap(&l);
	}
	report(&l, now_ms() - began);
	free(l.children);
	free(l.wall_ms);
	return l.failed == 0 ? 0 : 1;
}
