/* SPDX-License-Identifier: ISC */
/*
 * What the page size of the queue costs: the same work on queues of 4096, 8192
 * and 16384 octets a page, by turns, medians printed.  Run it in a folder on
 * the disk that counts:
 *
 *	make tests/bench/pagesize && tests/bench/pagesize [rounds]
 *
 * The work is that of the daemon: small messages committed one by one and in
 * groups, each taken, delivered and settled in two commits; large ones in
 * steps of 1 MiB, read back and deleted; and a listing.
 */
#include "config.h"

#include <sys/stat.h>

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/xalloc.h"
#include "queue/store.h"

#define T0         1700000000
#define SINGLE     400  /* messages committed one by one */
#define GROUPED    6400 /* committed 64 at a time */
#define GROUP      64
#define LARGE      4 /* of 10 MiB */
#define LARGE_SIZE (10 * 1024 * 1024)
#define ROUNDS_MAX 99

enum figure {
	F_ADD_ONE,
	F_JOURNAL_ONE,
	F_ADD_GROUP,
	F_JOURNAL_GROUP,
	F_LIST,
	F_SETTLE,
	F_JOURNAL_SETTLE,
	F_FILE,
	F_LARGE_ADD,
	F_LARGE_READ,
	F_LARGE_DELETE,
	F_COUNT
};
static const char *const figure_name[F_COUNT] = {
	[F_ADD_ONE] = "2 KiB message, a commit each, us",
	[F_JOURNAL_ONE] = "... octets of journal",
	[F_ADD_GROUP] = "2 KiB message, 64 a commit, us",
	[F_JOURNAL_GROUP] = "... octets of journal",
	[F_LIST] = "listing of 6800 messages, us",
	[F_SETTLE] = "active, delivered and gone, us",
	[F_JOURNAL_SETTLE] = "... octets of journal",
	[F_FILE] = "file of 6800 messages, octets",
	[F_LARGE_ADD] = "10 MiB message in, us",
	[F_LARGE_READ] = "... read back, us",
	[F_LARGE_DELETE] = "... deleted, us",
};
static const int sizes[] = { 4096, 8192, 16384 };
#define NSIZES 3

struct run {
	struct store *s;
	char *path;
	uint64_t ids[SINGLE + GROUPED + LARGE];
	size_t n;
	double figure[F_COUNT];
};

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
must(int rc, const struct err *e)
{
	if (rc == -1)
		errx(1, "%s", e->text);
}

/* The page size is fixed in our code, so an empty queue is made over. */
static void
set_page_size(const char *path, int size)
{
	char *sql = xasprintf("PRAGMA journal_mode = DELETE;"
			      "PRAGMA page_size = %d; VACUUM;",
	    size);
	sqlite3 *db;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", path, sqlite3_errmsg(db));
	sqlite3_close(db);
	free(sql);
}

static void
add(struct run *r, size_t octets)
{
	static char body[CHUNK_SIZE];
	char account[] = "", sender[] = "root@web01.example.com",
	     mid[] = "<20260101000000.1234.root@web01.example.com>",
	     address[] = "operations@example.com";
	struct store_message m = { .arrived_at = T0,
		.uid = 1000,
		.account = account,
		.sender = sender,
		.from = sender,
		.message_id = mid };
	struct store_rcpt rcpt = { .address = address };
	uint8_t submission[16];
	struct err e;
	size_t at;

	m.id = store_next_id(r->s, (int64_t)T0 * 1000);
	arc4random_buf(submission, sizeof(submission));
	must(store_message_add(r->s, &m, &e), &e);
	must(store_rcpt_add(r->s, m.id, &rcpt, &e), &e);
	for (at = 0; at < octets; at += CHUNK_SIZE) {
		if (at > 0 && at % (1024 * 1024) == 0) {
			must(store_commit(r->s, &e), &e);
			must(store_begin(r->s, &e), &e);
		}
		must(store_chunk_add(r->s, m.id, body,
			 octets - at < CHUNK_SIZE ? octets - at : CHUNK_SIZE,
			 &e),
		    &e);
	}
	must(store_submission_add(r->s, 1000, submission, m.id, T0, &e), &e);
	must(store_message_queue(r->s, m.id, T0, &e), &e);
	r->ids[r->n++] = m.id;
}

static void
add_many(struct run *r, size_t messages, size_t group, size_t octets,
    enum figure time, enum figure journal)
{
	struct err e;
	double start = now_us();
	size_t i;

	for (i = 0; i < messages; i++) {
		if (i % group == 0)
			must(store_begin(r->s, &e), &e);
		add(r, octets);
		if ((i + 1) % group == 0)
			must(store_commit(r->s, &e), &e);
	}
	r->figure[time] = (now_us() - start) / (double)messages;
	if (journal != F_COUNT)
		r->figure[journal] =
		    (double)store_journal_size(r->s) / (double)messages;
	must(store_checkpoint(r->s, CHECKPOINT_TRUNCATE, &e), &e);
}

static void
change(struct run *r, uint64_t id, enum rcpt_state from, enum rcpt_state to)
{
	struct rcpt_change c = { .to = to, .attempted = to == RCPT_DELIVERED };
	struct err e;

	must(state_set(r->s, id, 1, from, &c, &e), &e);
}

static void
settle(struct run *r, uint64_t id)
{
	struct store_attempt a = { .message = id,
		.rcpt = 1,
		.at = T0,
		.outcome = "delivered",
		.relay = "smtp.office365.com",
		.tls = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.code = 250,
		.status = "2.0.0",
		.text = "2.0.0 OK <1@example.com> [Hostname=A.PROD.OUTLOOK]" };
	struct store_event ev = { .at = T0,
		.what = "delivered",
		.message = id,
		.uid = 1000,
		.sender = "root@web01.example.com",
		.recipient = "operations@example.com",
		.code = 250,
		.text = a.text,
		.relay = a.relay,
		.size = 2048 };
	struct err e;

	must(store_begin(r->s, &e), &e);
	change(r, id, RCPT_QUEUED, RCPT_ACTIVE);
	must(store_commit(r->s, &e), &e);
	must(store_begin(r->s, &e), &e);
	change(r, id, RCPT_ACTIVE, RCPT_DELIVERED);
	must(store_attempt_add(r->s, &a, &e), &e);
	must(store_event_add(r->s, &ev, &e), &e);
	must(store_budget_add(r->s, "", T0, 1, 1, &e), &e);
	must(store_message_delete(r->s, id, &e), &e);
	must(store_commit(r->s, &e), &e);
}

static void
settle_many(struct run *r, size_t n)
{
	struct err e;
	double start = now_us();
	size_t i;

	for (i = 0; i < n; i++)
		settle(r, r->ids[i]);
	r->figure[F_SETTLE] = (now_us() - start) / (double)n;
	r->figure[F_JOURNAL_SETTLE] =
	    (double)store_journal_size(r->s) / (double)n;
	must(store_checkpoint(r->s, CHECKPOINT_TRUNCATE, &e), &e);
}

static void
count_row(
    void *arg, const struct store_message *m, const struct store_rcpt *rcpt)
{
	(void)m;
	(void)rcpt;
	++*(size_t *)arg;
}

static void
list_all(struct run *r)
{
	struct err e;
	double start = now_us();
	size_t rows = 0, before;
	struct store_walk walk = { .max = 500 };

	do {
		before = rows;
		must(store_list(r->s, &walk, count_row, &rows, &e), &e);
	} while (rows > before);
	if (rows != r->n)
		errx(1, "%zu rows of %zu", rows, r->n);
	r->figure[F_LIST] = now_us() - start;
}

static void
read_and_delete(struct run *r, uint64_t id)
{
	struct buf b;
	struct err e;
	double start = now_us();
	uint32_t seq;
	int more;

	buf_init(&b, CHUNK_SIZE);
	for (seq = 0; (more = store_chunk_get(r->s, id, seq, &b, &e)) == 1;)
		seq++;
	must(more, &e);
	buf_clear(&b);
	r->figure[F_LARGE_READ] += (now_us() - start) / LARGE;
	start = now_us();
	must(store_begin(r->s, &e), &e);
	must(store_message_delete(r->s, id, &e), &e);
	must(store_commit(r->s, &e), &e);
	r->figure[F_LARGE_DELETE] += (now_us() - start) / LARGE;
	must(store_checkpoint(r->s, CHECKPOINT_TRUNCATE, &e), &e);
}

static void
run(struct run *r, const char *directory, int page_size)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm" };
	struct store_opened what;
	struct stat st;
	struct err e;
	char *path;
	size_t i;

	memset(r, 0, sizeof(*r));
	path = xasprintf("%s/queue.db", directory);
	must(store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		 &r->s, &what, &e),
	    &e);
	store_close(r->s);
	set_page_size(path, page_size);
	must(store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		 &r->s, &what, &e),
	    &e);
	must(store_checkpoint(r->s, CHECKPOINT_TRUNCATE, &e), &e);

	add_many(r, SINGLE, 1, 2048, F_ADD_ONE, F_JOURNAL_ONE);
	add_many(r, GROUPED, GROUP, 2048, F_ADD_GROUP, F_JOURNAL_GROUP);
	if (stat(path, &st) == -1)
		err(1, "%s", path);
	r->figure[F_FILE] = (double)st.st_size;
	list_all(r);
	settle_many(r, SINGLE);
	r->n = 0;
	add_many(r, LARGE, 1, LARGE_SIZE, F_LARGE_ADD, F_COUNT);
	for (i = 0; i < LARGE; i++)
		read_and_delete(r, r->ids[i]);

	store_close(r->s);
	free(path);
	for (i = 0; i < 3; i++) {
		path = xasprintf("%s/%s", directory, names[i]);
		(void)unlink(path);
		free(path);
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static double all[NSIZES][F_COUNT][ROUNDS_MAX];
	static struct run r;
	const char *why = NULL;
	char directory[] = "pagesize.XXXXXX";
	int rounds = 5, round, size, f;

	if (argc > 1)
		rounds = (int)strtonum(argv[1], 1, ROUNDS_MAX, &why);
	if (why != NULL)
		errx(64, "rounds: %s", why);
	if (mkdtemp(directory) == NULL)
		err(1, "%s", directory);
	for (round = 0; round < rounds; round++)
		for (size = 0; size < NSIZES; size++) {
			run(&r, directory, sizes[size]);
			for (f = 0; f < F_COUNT; f++)
				all[size][f][round] = r.figure[f];
		}
	(void)rmdir(directory);
	printf("%-34s %12d %12d %12d\n", "page size", sizes[0], sizes[1],
	    sizes[2]);
	for (f = 0; f < F_COUNT; f++) {
		printf("%-34s", figure_name[f]);
		for (size = 0; size < NSIZES; size++) {
			qsort(all[size][f], (size_t)rounds, sizeof(double),
			    compare);
			printf(" %12.0f", all[size][f][rounds / 2]);
		}
		printf("\n");
	}
	return 0;
}
