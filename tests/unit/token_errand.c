/* SPDX-License-Identifier: ISC */
/* One process of the program token; the test is that process. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/parts.h"
#include "queue/token_errand.h"
#include "tests/unit/dispatch_rig.h"

#define ACCOUNT \
	OFFICE_ADMIN "[account]\nhost = 127.0.0.1\nuser = a@contoso.com\n" \
		     "tenant = t.example\nclient_id = " \
		     "11111111-2222-3333-4444-555555555555\n" \
		     "client_secret_file = /s\n"

static struct {
	unsigned granted, failed, gone;
	char text[ERR_TEXT_MAX];
	enum token_class class;
} told;

static void
on_granted(void *arg, const struct token_granted *g)
{
	(void)arg;
	told.granted++;
	assert_int_equal(g->lifetime_s, 3600);
}

static void
on_failed(void *arg, const struct token_failed *x)
{
	(void)arg;
	told.failed++;
	told.class = x->class;
	strlcpy(told.text, x->text, sizeof(told.text));
}

static void
on_gone(void *arg)
{
	(void)arg;
	told.gone++;
}

static const struct token_errand_calls calls = { on_granted, on_failed,
	on_gone };

static struct token_errand *
start(void)
{
	const struct token_errand_parts parts = { rig.o.parts.base,
		rig.o.parts.ask, rig.o.conf };

	return token_errand_start(&parts, 0, &calls, NULL, &rig.o.e);
}

static struct token_errand *
begin(struct deliver *t)
{
	struct token_errand *r;
	struct frame f;

	memset(&told, 0, sizeof(told));
	rig_up(ACCOUNT);
	will_start(t);
	r = start();
	assert_non_null(r);
	asked(ASK_TOKEN);
	hears_any(t, &f);
	assert_int_equal(f.type, TOKEN_ASK);
	return r;
}

static void
say(struct deliver *t, struct buf *b)
{
	assert_int_equal(
	    send(t->fd, buf_data(b), b->len, MSG_NOSIGNAL), b->len);
	buf_clear(b);
	office_run(&rig.o);
}

static void
grant(struct deliver *t)
{
	struct token_granted g;
	struct buf b;

	memset(&g, 0, sizeof(g));
	g.lifetime_s = 3600;
	buf_init(&b, FRAME_MAX);
	assert_int_equal(token_put_granted(&b, &g), 0);
	say(t, &b);
}

static void
an_answer_is_told_at_once_and_the_end_later(void **state)
{
	struct deliver t;

	(void)state;
	begin(&t);
	grant(&t);
	assert_int_equal(told.granted, 1);
	assert_int_equal(told.gone, 0);
	hangs_up(&t);
	assert_int_equal(told.failed, 0);
	assert_int_equal(told.gone, 1);
	rig_down();
}

static void
an_end_without_a_word_is_a_failure_that_may_pass(void **state)
{
	struct deliver t;

	(void)state;
	begin(&t);
	hangs_up(&t);
	assert_int_equal(told.failed, 1);
	assert_int_equal(told.class, TOKEN_LATER);
	assert_non_null(strstr(told.text, "without a word"));
	assert_int_equal(told.gone, 1);
	rig_down();
}

/* The program on disk was upgraded. */
static void
what_it_does_not_understand_it_says_in_its_words(void **state)
{
	struct deliver t;
	struct buf b;

	(void)state;
	begin(&t);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(token_put_refused(&b, "restart mailchuted"), 0);
	say(&t, &b);
	assert_string_equal(told.text, "restart mailchuted");
	assert_int_equal(told.class, TOKEN_LATER);
	hangs_up(&t);
	assert_int_equal(told.failed, 1);
	rig_down();
}

static void
ends(struct deliver *t, const void *bytes, size_t n)
{
	struct buf b;

	buf_init(&b, FRAME_MAX);
	buf_append(&b, bytes, n);
	say(t, &b);
	asked(ASK_KILL);
	hangs_up(t);
	assert_int_equal(told.gone, 1);
}

static void
what_breaks_the_contract_is_ended(void **state)
{
	static const uint8_t unknown[] = { 99, 0, 0, 0, 0 },
			     huge[] = { TOKEN_GRANTED, 0xff, 0, 0, 0 },
			     empty[] = { TOKEN_GRANTED, 0, 0, 0, 0 },
			     code[] = { TOKEN_CODE, 0, 0, 0, 0 };
	static const struct {
		const uint8_t *bytes;
		size_t n;
	} cases[] = { { unknown, sizeof(unknown) }, { huge, sizeof(huge) },
		{ empty, sizeof(empty) }, { code, sizeof(code) } };
	struct deliver t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&t);
		ends(&t, cases[i].bytes, cases[i].n);
		assert_int_equal(told.failed, 1);
		assert_int_equal(told.class, TOKEN_LATER);
		rig_down();
	}
}

/* The first answer holds, and is told once. */
static void
a_second_answer_changes_nothing(void **state)
{
	struct token_failed x;
	struct deliver t;
	struct buf b;

	(void)state;
	begin(&t);
	grant(&t);
	memset(&x, 0, sizeof(x));
	x.class = TOKEN_NEVER;
	buf_init(&b, FRAME_MAX);
	assert_int_equal(token_put_failed(&b, &x), 0);
	ends(&t, buf_data(&b), b.len);
	buf_clear(&b);
	assert_int_equal(told.granted, 1);
	assert_int_equal(told.failed, 0);
	rig_down();
}

static void
one_that_cannot_be_started_says_why(void **state)
{
	struct token_failed x;

	(void)state;
	rig_up(ACCOUNT);
	will_refuse("no more processes");
	assert_null(start());
	token_errand_no(&x, &rig.o.e);
	assert_string_equal(x.text, "no more processes");
	assert_int_equal(x.class, TOKEN_LATER);
	assert_true(x.meaning[0] != '\0' && x.fix[0] != '\0');
	rig_down();
}

static void
given_up_it_hangs_up_and_tells_nothing(void **state)
{
	struct token_errand *r;
	struct deliver t;
	char c;

	(void)state;
	r = begin(&t);
	token_errand_free(r);
	assert_int_equal(recv(t.fd, &c, 1, MSG_DONTWAIT), 0);
	hangs_up(&t);
	assert_int_equal(told.granted + told.failed + told.gone, 0);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_told_at_once_and_the_end_later),
		cmocka_unit_test(
		    an_end_without_a_word_is_a_failure_that_may_pass),
		cmocka_unit_test(
		    what_it_does_not_understand_it_says_in_its_words),
		cmocka_unit_test(what_breaks_the_contract_is_ended),
		cmocka_unit_test(a_second_answer_changes_nothing),
		cmocka_unit_test(one_that_cannot_be_started_says_why),
		cmocka_unit_test(given_up_it_hangs_up_and_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
