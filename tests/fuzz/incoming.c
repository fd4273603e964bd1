/* SPDX-License-Identifier: ISC */
/*
 * The octets of a submission, as any local user may send them, through
 * admission into a real store, in two pieces cut where the first octet says.
 * What is taken is in the queue and canonical; what is refused is not there.
 * Then once more, as a drop file's that is refused for ever: whatever it holds,
 * its bounce is canonical.
 */
#include "config.h"

#include <sys/stat.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/incoming.h"
#include "queue/limits.h"
#include "queue/parts.h"
#include "queue/refuse.h"
#include "queue/store.h"

#include "tests/fuzz/fuzz.h"

#define UID 1000

static struct {
	char *folder;
	struct conf *conf;
	struct identity identity;
	struct parts parts;
	bool has_ended, is_taken;
	uint64_t id;
} office;

static void
take_down(void)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm", "ballast" };
	size_t i;

	parts_close(&office.parts);
	conf_free(office.conf);
	if (chdir(office.folder) == 0)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			unlink(names[i]);
	rmdir(office.folder);
	free(office.folder);
}

static void
set_up(void)
{
	static const struct conf_host host = { "web01.contoso.com",
		"contoso.com", "192.0.2.7" };
	const char *tmp = getenv("TMPDIR");
	struct conf_problems p;
	struct err e;
	char *text;

	log_open("fuzz", LOG_TO_STDERR, NULL, LOG_EMERG);
	office.folder =
	    xasprintf("%s/fuzz-queue.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert(mkdtemp(office.folder) != NULL);
	text = xasprintf("[local]\nadmin = it@contoso.com\n"
			 "[queue]\ndirectory = %s\nfree_space_min = 0\n"
			 "message_size_max = 4M\n"
			 "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
			 "tls = none\n",
	    office.folder);
	memset(&p, 0, sizeof(p));
	office.conf =
	    conf_parse("fuzz", text, strlen(text), CONF_FULL, &host, &p);
	assert(office.conf != NULL);
	conf_problems_clear(&p);
	free(text);
	assert(parts_open(&office.parts, office.conf, &office.identity,
		   ask_new_alone(office.conf), &e) == 0);
	atexit(take_down);
}

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	(void)arg;
	assert(!office.has_ended);
	office.has_ended = true;
	office.is_taken = why == NULL;
	office.id = queue_id;
}

static void
on_room(void *arg)
{
	(void)arg;
}

static void
run(void)
{
	int i;

	for (i = 0; i < 4; i++)
		event_base_loop(office.parts.base, EVLOOP_NONBLOCK);
}

/* All that a client sends; -1 when it is refused. */
static int
feed(struct incoming *s, const uint8_t *p, size_t n)
{
	struct buf in;
	struct err e;
	size_t before = 0;
	int rc = 0;

	buf_init(&in, n + 1);
	assert(buf_append(&in, p, n) == 0);
	do {
		before = in.len;
		rc = incoming_feed(s, &in, &e);
		run();
	} while (rc == 0 && in.len < before && in.len > 0);
	buf_clear(&in);
	return rc;
}

static void
check_canonical(uint64_t id)
{
	struct buf chunk;
	struct err e;
	uint32_t seq = 0;
	char last = '\n';
	size_t i;

	buf_init(&chunk, CHUNK_SIZE);
	while (store_chunk_get(office.parts.store, id, seq++, &chunk, &e) == 1)
		for (i = 0; i < chunk.len; i++) {
			assert(chunk.data[i] != '\0');
			assert((last == '\r') == (chunk.data[i] == '\n'));
			last = chunk.data[i];
		}
	assert(last != '\r');
	buf_clear(&chunk);
}

/* Takes away a message that was judged, and all ids. */
static void
sweep(uint64_t id, uint64_t octets)
{
	struct err e;

	assert(store_begin(office.parts.store, &e) == 0);
	assert(store_message_delete(office.parts.store, id, &e) == 0);
	assert(store_submission_forget(office.parts.store, INT64_MAX, &e) == 0);
	assert(store_commit(office.parts.store, &e) == 0);
	limits_remove(office.parts.limits, UID, 1, octets);
}

static void
judge(void)
{
	struct store_message m;
	struct err e;
	uint64_t size;

	memset(&m, 0, sizeof(m));
	assert(store_message_get(office.parts.store, office.id, &m, &e) == 1);
	assert(m.uid == UID && m.state == RCPT_QUEUED);
	size = m.size;
	store_message_clear(&m);
	check_canonical(office.id);
	sweep(office.id, size);
}

/* ---- the same octets, refused for ever ---- */

static void
on_refused(void *arg, uint64_t queue_id, const struct err *failed)
{
	(void)arg;
	(void)queue_id;
	(void)failed;
}

static void
note_one(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	struct store_message *one = arg;

	assert(r->state == RCPT_QUEUED);
	one->id = m->id;
	one->size = m->size;
	one->kind = m->kind;
}

/* What is left is nothing, or notices that are fit to be sent. */
static void
refuse(const uint8_t *p, size_t n)
{
	struct err e, why;
	struct refusal *l;
	struct store_walk walk;
	struct store_message one;
	struct buf in;

	err_set(&why, ERR_PERM, "5.7.1", "no account may be used");
	l = refusal_new(office.parts.refuse, UID, &why, on_refused, NULL);
	buf_init(&in, n + 1);
	buf_append(&in, p, n);
	refusal_feed(l, &in, &e);
	run();
	refusal_drop(l);
	run();
	buf_clear(&in);
	for (;;) {
		walk = (struct store_walk){ .max = 1 };
		memset(&one, 0, sizeof(one));
		assert(store_list(
			   office.parts.store, &walk, note_one, &one, &e) == 0);
		if (one.id == 0)
			break;
		assert(one.kind == KIND_BOUNCE);
		check_canonical(one.id);
		sweep(one.id, one.size);
	}
	assert(store_begin(office.parts.store, &e) == 0);
	assert(store_submission_forget(office.parts.store, INT64_MAX, &e) == 0);
	assert(store_commit(office.parts.store, &e) == 0);
}

/* In two pieces; what was left of the first goes before the second. */
static void
feed_in_two(struct incoming *s, const uint8_t *p, size_t n, size_t cut)
{
	struct buf in;
	struct err e;

	office.has_ended = false;
	buf_init(&in, n + 1);
	buf_append(&in, p, cut);
	if (incoming_feed(s, &in, &e) == 0) {
		run();
		buf_append(&in, p + cut, n - cut);
		if (feed(s, (const uint8_t *)buf_data(&in), in.len) == -1)
			assert(!office.has_ended || !office.is_taken);
	}
	run();
	buf_clear(&in);
}

/* Whatever the one before was, the next begins as it did, and is the same. */
static void
feed_again(struct incoming *s, const uint8_t *p, size_t n, size_t cut)
{
	uint64_t id = office.id;

	incoming_next(s);
	feed_in_two(s, p, n, cut);
	assert(office.has_ended && office.is_taken && office.id == id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct admission_caller caller = { UID, on_end, on_room, NULL,
		NULL };
	struct incoming *s;
	size_t cut;

	if (office.conf == NULL)
		set_up();
	if (n == 0)
		return 0;
	cut = p[0] < n - 1 ? p[0] : n - 1;
	s = incoming_new(office.parts.admit, &caller);
	feed_in_two(s, p + 1, n - 1, cut);
	if (office.has_ended && office.is_taken)
		feed_again(s, p + 1, n - 1, cut);
	incoming_free(s);
	run();
	if (office.has_ended && office.is_taken)
		judge();
	refuse(p + 1, n - 1);
	return 0;
}
