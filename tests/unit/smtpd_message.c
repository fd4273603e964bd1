/* SPDX-License-Identifier: ISC */
/* What becomes of one message, and what its text leaves on the connection. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "smtpd/message.h"
#include "smtpd/text.h"
#include "tests/smtp/stage.h"

#define IDLE_MS 3600000

#define MIB (1024 * 1024)

struct scene {
	struct stage stage;
	struct client client;
	struct conn conn;
	struct envelope env;
	struct reply reply;
};

static void
set_up(struct scene *s, const char *queue, const char *text, size_t n)
{
	struct io io;

	memset(s, 0, sizeof(*s));
	stage_open(&s->stage, queue);
	client_init(&s->client, text, n);
	io = client_io(&s->client);
	conn_init(&s->conn, &io, IDLE_MS);
	envelope_init(&s->env);
	s->env.sender = xstrdup("a@x.example");
	envelope_add(&s->env, "b@y.example");
}

static void
tear_down(struct scene *s)
{
	envelope_clear(&s->env);
	conn_clear(&s->conn);
	client_clear(&s->client);
	stage_close(&s->stage);
}

/* Reads the text to its end, as who speaks to the client does. */
static int
take(struct scene *s, bool takes_lf)
{
	struct service service;
	struct source source;
	struct text text;
	struct err e;

	text_init_data(&text, &s->conn, &patience_local, takes_lf);
	source = text_source_data(&text);
	service = service_of_site(&s->stage.site);
	if (message_take(&source, &service, &s->env, &s->reply, &e) == 0)
		return 0;
	reply_of_err(&s->reply, &e);
	return text_drain_data(&text);
}

/* What is queued is this alone; NULL: nothing. */
static void
assert_queued(struct scene *s, const char *wanted)
{
	char *found[STAGE_MAX];
	size_t n = stage_take(&s->stage, found);

	assert_int_equal(n, wanted == NULL ? 0 : 1);
	if (n == 0)
		return;
	assert_string_equal(found[0], wanted);
	free(found[0]);
}

static void
what_follows_is_left(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n";
	struct scene s;
	const char *p;

	(void)state;
	set_up(&s, "", text, sizeof(text) - 1);
	assert_int_equal(take(&s, false), 0);
	assert_int_equal(s.reply.code, 250);
	assert_string_equal(s.reply.status, "2.0.0");
	assert_int_equal(conn_read(&s.conn, &p, INT64_MAX), 6);
	assert_memory_equal(p, "QUIT\r\n", 6);
	assert_queued(&s,
	    "a@x.example > b@y.example 7bit\nSubject: x\n"
	    "From: a@x.example\nDate: {any}\nMessage-ID: {any}\n\nhello\n");
	tear_down(&s);
}

/* Every shorter text: nothing is queued, and nothing is answered. */
static void
half_a_message_is_none(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nhello\r\n.\r\n";
	struct scene s;
	size_t n;
	int error;

	(void)state;
	for (error = 0; error <= EIO; error += EIO) {
		for (n = 0; n < sizeof(text) - 1; n++) {
			set_up(&s, "", text, n);
			s.client.error = error;
			assert_int_equal(take(&s, false), -1);
			assert_int_equal(s.conn.fault,
			    error == 0 ? CONN_GONE : CONN_UNREADABLE);
			assert_queued(&s, NULL);
			tear_down(&s);
		}
	}
}

/* A text of so many MiB, with its end. */
static char *
large(size_t mib, size_t *n)
{
	char *text = xmalloc(mib * MIB + 16);
	size_t i;

	memset(text, 'x', mib * MIB);
	memcpy(text, "\r\n", 2);
	for (i = 100; i < mib * MIB - 2; i += 100)
		memcpy(text + i, "\r\n", 2);
	memcpy(text + mib * MIB, "\r\n.\r\nQUIT\r\n", 11);
	*n = mib * MIB + 11;
	return text;
}

/* Beyond memory, into the drop folder. */
static void
a_large_message(void **state)
{
	struct scene s;
	char *text, *found[STAGE_MAX];
	size_t n;

	(void)state;
	text = large(3, &n);
	set_up(&s, "", text, n);
	assert_int_equal(take(&s, false), 0);
	assert_int_equal(s.reply.code, 250);
	assert_int_equal(stage_take(&s.stage, found), 1);
	assert_true(strlen(found[0]) > 3 * MIB * 49 / 50);
	free(found[0]);
	tear_down(&s);
	/* and half of it */
	set_up(&s, "", text, n - 10);
	assert_int_equal(take(&s, false), -1);
	assert_queued(&s, NULL);
	tear_down(&s);
	free(text);
}

static void
too_large_is_eaten_and_refused(void **state)
{
	struct scene s;
	const char *p;
	char *text;
	size_t n;

	(void)state;
	text = large(3, &n);
	set_up(&s, "message_size_max = 2M", text, n);
	assert_int_equal(take(&s, false), 0);
	assert_int_equal(s.reply.code, 552);
	assert_string_equal(s.reply.status, "5.3.4");
	assert_int_equal(conn_read(&s.conn, &p, INT64_MAX), 6);
	assert_memory_equal(p, "QUIT\r\n", 6);
	assert_queued(&s, NULL);
	tear_down(&s);
	free(text);
}

static void
without_a_place_it_is_refused_for_now(void **state)
{
	static const char text[] = "\r\nhello\r\n.\r\n";
	struct scene s;

	(void)state;
	set_up(&s, "", text, sizeof(text) - 1);
	assert_int_equal(rmdir(s.stage.folder), 0);
	assert_int_equal(take(&s, false), 0);
	assert_int_equal(s.reply.code, 451);
	assert_int_equal(s.reply.status[0], '4');
	assert_non_null(strstr(s.reply.text, "was not queued"));
	/* tear_down looks into it */
	assert_int_equal(mkdir(s.stage.folder, 0700), 0);
	tear_down(&s);
}

static void
lf_ends_for_those_who_write_it(void **state)
{
	static const char text[] = "\nhello\n.\nQUIT\n";
	struct scene s;

	(void)state;
	set_up(&s, "", text, sizeof(text) - 1);
	assert_int_equal(take(&s, true), 0);
	assert_queued(&s,
	    "a@x.example > b@y.example 7bit\n"
	    "From: a@x.example\nDate: {any}\nMessage-ID: {any}\n\nhello\n");
	tear_down(&s);
	set_up(&s, "", text, sizeof(text) - 1);
	assert_int_equal(take(&s, false), -1);
	assert_queued(&s, NULL);
	tear_down(&s);
}

/* ---- who else has written it ---- */

/* Keeps what the envelope says of authors: "?" for what is no address. */
static int
keep_authors(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	const struct scene *s = arg;
	const struct authors *a = &s->env.authors;
	size_t i;

	(void)p;
	(void)out;
	err_set(e, ERR_PERM, "5.7.1", "%s", "");
	for (i = 0; i < a->others.n; i++) {
		strlcat(e->text, a->others.v[i], sizeof(e->text));
		strlcat(e->text, " ", sizeof(e->text));
	}
	strlcat(e->text, a->has_unread ? "?" : "", sizeof(e->text));
	return -1;
}

/* A stranger's are judged, and so they are told; of a user of this host none.
 */
static void
authors_are_told_of_strangers(void **state)
{
	static const struct {
		const char *text;
		bool is_public;
		const char *from; /* NULL: none is told */
		const char *told;
	} cases[] = {
		{ "From: a@b, c@d\r\nSender: e@f\r\n\r\n.\r\n", true, "a@b",
		    "c@d e@f " },
		{ "From: a@b, c@d\r\nSender: e@f\r\n\r\n.\r\n", false, "a@b",
		    "" },
		{ "From: a@b\r\n\r\n.\r\n", true, "a@b", "" },
		{ "From: a@b, c@d\r\nSender: <e\r\n\r\n.\r\n", true, "a@b",
		    "c@d ?" },
		{ "From: a@b, <e\r\n\r\n.\r\n", false, "a@b", "" },
		/* no contract takes it: it is no address that anybody has */
		{ "From: a@b, \"c\x7f\"@d\r\n\r\n.\r\n", true, "a@b", "?" },
		{ "From: \"c\x7f\"@d\r\n\r\n.\r\n", true, NULL, "?" },
		{ "From: \"c\x7f\"@d\r\n\r\n.\r\n", false, NULL, "" },
		/* nobody: it is of who stands in the envelope */
		{ "From: <>\r\n\r\n.\r\n", true, "a@x.example", "" },
		{ "From: <>\r\n\r\n.\r\n", false, NULL, "" },
	};
	struct service service;
	struct source source;
	struct text text;
	struct scene s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s, "", cases[i].text, strlen(cases[i].text));
		text_init_data(&text, &s.conn, &patience_local, false);
		source = text_source_data(&text);
		service = service_of_site(&s.stage.site);
		service.is_public = cases[i].is_public;
		service.hand_over = keep_authors;
		service.arg = &s;
		assert_int_equal(
		    message_take(&source, &service, &s.env, &s.reply, &e), -1);
		assert_string_equal(e.text, cases[i].told);
		assert_string_equal(s.env.from == NULL ? "" : s.env.from,
		    cases[i].from == NULL ? "" : cases[i].from);
		tear_down(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows_is_left),
		cmocka_unit_test(half_a_message_is_none),
		cmocka_unit_test(a_large_message),
		cmocka_unit_test(too_large_is_eaten_and_refused),
		cmocka_unit_test(without_a_place_it_is_refused_for_now),
		cmocka_unit_test(lf_ends_for_those_who_write_it),
		cmocka_unit_test(authors_are_told_of_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
