/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <zlib.h>

#include "common/xalloc.h"
#include "tests/unit/queue_fixture.h"

/* Shows the reason of a failure that nobody expected. */
#define ok(call) \
	do { \
		struct err e_; \
		err_clear(&e_); \
		if ((call) == -1) \
			fail_msg("%s: %s", #call, e_.text); \
	} while (0)
#define e (&e_)

char *
fixture_directory(void)
{
	const char *tmp = getenv("TMPDIR");
	char *directory;

	directory = xasprintf("%s/queue.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(directory));
	return directory;
}

void
fixture_remove(char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    unlinkat(dirfd(d), entry->d_name, 0) == 0)
			continue;
		assert_int_equal(errno, EISDIR);
		fixture_remove(xasprintf("%s/%s", directory, entry->d_name));
	}
	closedir(d);
	assert_int_equal(rmdir(directory), 0);
	free(directory);
}

struct store *
fixture_open(const char *directory, struct store_opened *what)
{
	struct store_opened ignored;
	struct store *s = NULL;

	ok(store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
	    &s, what == NULL ? &ignored : what, e));
	return s;
}

struct store *
fixture_reopen(struct store *s, const char *directory)
{
	store_close(s);
	return fixture_open(directory, NULL);
}

int
world_set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->directory = fixture_directory();
	w->s = fixture_open(w->directory, NULL);
	*state = w;
	return 0;
}

int
world_tear_down(void **state)
{
	struct world *w = *state;

	store_close(w->s);
	fixture_remove(w->directory);
	free(w);
	return 0;
}

char *
fixture_stored(const char *directory, int version)
{
	const char *top = getenv("top_srcdir");
	char *from = xasprintf("%s/tests/data/queue-%d/queue.db.gz",
	    top == NULL ? "." : top, version);
	char *path = xasprintf("%s/queue.db", directory), octets[8192];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600), n;
	gzFile in = gzopen(from, "rb");

	assert_int_not_equal(fd, -1);
	if (in == NULL)
		fail_msg("cannot read %s", from);
	while ((n = gzread(in, octets, sizeof(octets))) > 0)
		assert_int_equal(write(fd, octets, (size_t)n), n);
	assert_int_equal(n, 0);
	assert_int_equal(gzclose(in), Z_OK);
	assert_int_equal(close(fd), 0);
	free(from);
	return path;
}

void
fixture_tamper(const char *directory, const char *sql)
{
	char *path = xasprintf("%s/queue.db", directory), *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	free(path);
}

int64_t
fixture_number(const char *directory, const char *sql)
{
	char *path = xasprintf("%s/queue.db", directory);
	sqlite3_stmt *st;
	sqlite3 *db;
	int64_t n;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	free(path);
	return n;
}

unsigned
fixture_stride(unsigned plain)
{
	return getenv("TEST_THOROUGH") == NULL ? plain : 1;
}

int
fixture_next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_int_not_equal(fd, -1);
	close(fd);
	return fd;
}

void
fixture_begin(struct store *s)
{
	ok(store_begin(s, e));
}

void
fixture_commit(struct store *s)
{
	ok(store_commit(s, e));
}

unsigned char
fixture_octet(uint64_t id, size_t at)
{
	return (unsigned char)('a' + (id * 7 + at * 31 + at / 1000) % 26);
}

static void
add_octets(struct store *s, uint64_t id, size_t octets)
{
	unsigned char *chunk = xmalloc(CHUNK_SIZE);
	size_t at, n, i;

	for (at = 0; at < octets; at += n) {
		n = octets - at < CHUNK_SIZE ? octets - at : CHUNK_SIZE;
		for (i = 0; i < n; i++)
			chunk[i] = fixture_octet(id, at + i);
		ok(store_chunk_add(s, id, chunk, n, e));
	}
	free(chunk);
}

uint64_t
fixture_add(struct store *s, struct fixture_message want)
{
	char account[16], sender[] = "sender@example.com", address[64];
	struct store_message m = {
		.uid = want.uid, .device = want.device, .kind = want.kind
	};
	struct store_rcpt r = { .address = address };
	size_t i;

	strlcpy(
	    account, want.account == NULL ? "" : want.account, sizeof(account));
	m.id = store_next_id(s, (int64_t)T0 * 1000);
	m.arrived_at = T0;
	m.account = account;
	m.sender = sender;
	fixture_begin(s);
	ok(store_message_add(s, &m, e));
	add_octets(s, m.id, want.octets == 0 ? 100 : want.octets);
	for (i = 0; i < (want.recipients == 0 ? 1 : want.recipients); i++) {
		snprintf(address, sizeof(address), "r%zu@example.com", i + 1);
		ok(store_rcpt_add(s, m.id, &r, e));
	}
	ok(store_message_queue(
	    s, m.id, want.due_at == 0 ? T0 : want.due_at, e));
	fixture_commit(s);
	return m.id;
}

void
fixture_set(struct store *s, uint64_t message, uint64_t rcpt,
    enum rcpt_state from, enum rcpt_state to, int64_t due_at)
{
	struct rcpt_change c = { .to = to, .due_at = due_at };

	fixture_begin(s);
	ok(state_set(s, message, rcpt, from, &c, e));
	fixture_commit(s);
}
