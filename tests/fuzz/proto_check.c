/* SPDX-License-Identifier: ISC */
/* A frame of any payload: what is read is written so that it is read again. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_check.h"
#include "common/users.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1024 * 1024)

static void
of_login(const struct frame *f)
{
	struct check_login l;
	struct frame again;
	struct err e;
	struct buf b;

	if (check_get_login(f, &l, &e) == -1)
		return;
	buf_init(&b, OUT_MAX);
	assert(check_put_login(&b, &l) == 0);
	check_login_clear(&l);
	assert(frame_parse(b.data, b.len, &again) == (ssize_t)b.len);
	assert(check_get_login(&again, &l, &e) == 0);
	check_login_clear(&l);
	buf_clear(&b);
}

static void
of_outcome(const struct frame *f)
{
	struct check_outcome o;
	struct frame again;
	struct err e;
	struct buf b;

	if (check_get_outcome(f, &o, &e) == -1)
		return;
	assert(o.result != CHECK_RIGHT || o.login != NULL);
	assert(o.login == NULL || users_is_login(o.login, strlen(o.login)));
	buf_init(&b, OUT_MAX);
	assert(check_put_outcome(&b, &o) == 0);
	check_outcome_clear(&o);
	assert(frame_parse(b.data, b.len, &again) == (ssize_t)b.len);
	assert(check_get_outcome(&again, &o, &e) == 0);
	check_outcome_clear(&o);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct check_setup s;
	struct frame f;
	struct err e;

	if (frame_parse(p, n, &f) <= 0)
		return 0;
	(void)check_get_setup(&f, &s, &e);
	of_login(&f);
	of_outcome(&f);
	return 0;
}
