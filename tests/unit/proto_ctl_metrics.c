/* SPDX-License-Identifier: ISC */
/* Figures for metrics, on the control channel. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_ctl.h"

#define OUT_MAX 65536
#define S(text) (char *)(uintptr_t)(text)

static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
a_depth_comes_back(void **state)
{
	struct ctl_depth out, in = { .account = S("shop"),
		.state = S("held"),
		.messages = 3,
		.octets = UINT64_MAX };
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_depth(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_depth(&f, &out, &e), 0);
	assert_string_equal(out.account, "shop");
	assert_string_equal(out.state, "held");
	assert_true(out.messages == 3 && out.octets == UINT64_MAX);
	ctl_depth_clear(&out);
	/* That of the whole queue; and one of no state is none. */
	in.account = NULL;
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_depth(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_depth(&f, &out, &e), 0);
	assert_null(out.account);
	ctl_depth_clear(&out);
	in.state = NULL;
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_depth(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_depth(&f, &out, &e), -1);
	buf_clear(&b);
}

static void
a_ledger_comes_back(void **state)
{
	struct ctl_ledger out, in = { .account = S("shop"),
		.delivered = 1,
		.deferred = 2,
		.uncertain = 3,
		.bounced = 4,
		.expired = 5,
		.removed = 6 };
	struct ctl_depth depth;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_ledger(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_ledger(&f, &out, &e), 0);
	assert_string_equal(out.account, "shop");
	assert_true(out.delivered == 1 && out.deferred == 2 &&
		    out.uncertain == 3 && out.bounced == 4 &&
		    out.expired == 5 && out.removed == 6);
	ctl_ledger_clear(&out);
	assert_int_equal(ctl_get_depth(&f, &depth, &e), -1);
	buf_clear(&b);
}

static void
a_host_comes_back(void **state)
{
	struct ctl_host out, in = { .started_at = 1,
		.queue_size = 2,
		.queue_free = 3,
		.drop_size = 4,
		.drop_free = 5,
		.free_min = 6,
		.has_drops = true,
		.drops_waiting = 7,
		.drops_aside = 8 };
	struct ctl_ledger ledger;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_host(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_host(&f, &out, &e), 0);
	assert_true(out.started_at == 1 && out.queue_size == 2 &&
		    out.queue_free == 3 && out.drop_size == 4 &&
		    out.drop_free == 5 && out.free_min == 6 && out.has_drops &&
		    out.drops_waiting == 7 && out.drops_aside == 8);
	assert_int_equal(ctl_get_ledger(&f, &ledger, &e), -1);
	buf_clear(&b);
}

/* A row that has no room is left out as a whole. */
static void
a_row_is_there_whole_or_not_at_all(void **state)
{
	const struct ctl_ledger in = { .account = S("shop") };
	struct buf b;

	(void)state;
	buf_init(&b, 40);
	assert_int_equal(ctl_put_ledger(&b, &in), -1);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_depth_comes_back),
		cmocka_unit_test(a_ledger_comes_back),
		cmocka_unit_test(a_host_comes_back),
		cmocka_unit_test(a_row_is_there_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name(
	    "proto_ctl_metrics", tests, NULL, NULL);
}
