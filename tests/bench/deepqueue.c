/* SPDX-License-Identifier: ISC */
/*
 * What the store's questions cost on a deep queue, in a folder on the disk
 * that counts:
 *
 *	make tests/bench/deepqueue && tests/bench/deepqueue [messages]
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/store.h"

#define T0    1700000000
#define GROUP 1000
#define UIDS  5
#define ASKED 1000

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
must(int rc, const struct err *e)
{
	if (rc == -1)
		errx(1, "%s", e->text);
}

static long
memory_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static struct store *
open_timed(const char *directory, const char *what)
{
	struct store_opened opened;
	struct store *s;
	struct err e;
	double start = now_ms();

	must(store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		 &s, &opened, &e),
	    &e);
	printf("%-44s %10.1f ms\n", what, now_ms() - start);
	return s;
}

static void
fill(struct store *s, size_t messages)
{
	static char body[2048];
	char account[] = "", sender[] = "root@web01.example.com",
	     mid[] = "<20260101000000.1234.root@web01.example.com>",
	     address[] = "operations@example.com";
	struct store_message m = { .arrived_at = T0,
		.account = account,
		.sender = sender,
		.from = sender,
		.message_id = mid };
	struct store_rcpt r = { .address = address };
	struct err e;
	size_t i;

	for (i = 0; i < messages; i++) {
		if (i % GROUP == 0)
			must(store_begin(s, &e), &e);
		m.id = store_next_id(s, (int64_t)T0 * 1000);
		m.uid = (uid_t)(1000 + i % UIDS);
		must(store_message_add(s, &m, &e), &e);
		must(store_rcpt_add(s, m.id, &r, &e), &e);
		must(store_chunk_add(s, m.id, body, sizeof(body), &e), &e);
		must(store_message_queue(
			 s, m.id, T0 + (int64_t)(i * 7919 % 100000), &e),
		    &e);
		if (i % GROUP == GROUP - 1 || i + 1 == messages) {
			must(store_commit(s, &e), &e);
			must(store_checkpoint(s, CHECKPOINT_PASSIVE, &e), &e);
		}
	}
}

static void
count_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)m;
	(void)r;
	++*(size_t *)arg;
}

static void
list(struct store *s)
{
	double start = now_ms();
	size_t rows = 0, before;
	struct store_walk walk = { .max = 500 };
	struct err e;

	do {
		before = rows;
		must(store_list(s, &walk, count_row, &rows, &e), &e);
	} while (rows > before);
	printf(
	    "%-44s %10.1f ms, %zu rows\n", "listing", now_ms() - start, rows);
}

static void
ask_due(struct store *s)
{
	double start = now_ms();
	uint64_t skip[3] = { 0, 0, 0 };
	struct store_due due = {
		.account = "",
		.now = T0 + 100000,
		.skip = skip,
		.nskip = 3,
	};
	struct err e;
	size_t i;

	for (i = 0; i < ASKED; i++) {
		must(store_due_next(s, &due, &e), &e);
		due.after = due.uid;
		skip[i % 3] = due.id;
	}
	printf("%-44s %10.1f us\n", "next due message",
	    (now_ms() - start) * 1000 / ASKED);
	due = (struct store_due){ .account = "", .now = T0 - 1 };
	start = now_ms();
	for (i = 0; i < ASKED; i++)
		must(store_due_next(s, &due, &e), &e);
	printf("%-44s %10.1f us\n", "none is due, and when the next will be",
	    (now_ms() - start) * 1000 / ASKED);
}

static void
usage(void *arg, uint64_t who, uint64_t messages, uint64_t octets)
{
	(void)who;
	(void)octets;
	*(uint64_t *)arg += messages;
}

static void
ask_totals(struct store *s)
{
	struct store_totals t;
	struct err e;
	uint64_t n = 0;
	double start = now_ms();

	must(store_totals(s, &t, &e), &e);
	printf("%-44s %10.3f ms\n", "totals", now_ms() - start);
	start = now_ms();
	must(store_account_waiting(s, "", &n, &e), &e);
	printf("%-44s %10.3f ms\n", "waiting for an account", now_ms() - start);
	start = now_ms();
	n = 0;
	must(store_usage_each(s, usage, &n, &e), &e);
	printf("%-44s %10.1f ms\n", "usage of each uid", now_ms() - start);
}

/* A process that has the queue open, and ends without a word. */
static void
crash(const char *directory)
{
	struct store_opened what;
	struct store *s;
	struct err e;
	int status;
	pid_t pid;

	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0)
		_exit(store_open(&(struct store_place){ directory, STORE_WRITE,
				     T0, T0 },
			  &s, &what, &e) == -1);
	if (waitpid(pid, &status, 0) == -1 || status != 0)
		errx(1, "the crash failed");
}

static void
clean_up(const char *directory)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm" };
	char *path;
	size_t i;

	for (i = 0; i < 3; i++) {
		path = xasprintf("%s/%s", directory, names[i]);
		(void)unlink(path);
		free(path);
	}
	(void)rmdir(directory);
}

int
main(int argc, char **argv)
{
	char directory[] = "deepqueue.XXXXXX";
	const char *why = NULL;
	size_t messages = 10000;
	struct store *s;

	if (argc > 1)
		messages = (size_t)strtonum(argv[1], 1, 10000000, &why);
	if (why != NULL)
		errx(64, "messages: %s", why);
	if (mkdtemp(directory) == NULL)
		err(1, "%s", directory);
	s = open_timed(directory, "open, new");
	fill(s, messages);
	store_close(s);
	s = open_timed(directory, "open after a clean stop");
	list(s);
	ask_due(s);
	ask_totals(s);
	store_close(s);
	crash(directory);
	s = open_timed(directory, "open after a crash");
	store_close(s);
	printf("%-44s %10ld KiB\n", "largest resident size", memory_kib());
	clean_up(directory);
	return 0;
}
