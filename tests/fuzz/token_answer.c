/* SPDX-License-Identifier: ISC */
/* The JSON of a hostile token endpoint. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_job.h"
#include "delivery/token_answer.h"

#include "tests/fuzz/fuzz.h"

static void
check_token(const char *p, size_t n)
{
	struct token_answer a;
	size_t i;

	token_answer_init(&a);
	if (token_answer_parse(p, n, &a, NULL) == 0) {
		assert(a.access.len > 0 && a.access.len < JOB_SECRET_MAX);
		for (i = 0; i < a.access.len; i++)
			assert(
			    a.access.data[i] > 0x20 && a.access.data[i] < 0x7f);
		for (i = 0; i < a.refresh.len; i++)
			assert(a.refresh.data[i] > 0x20 &&
			       a.refresh.data[i] < 0x7f);
		assert(
		    a.lifetime_s > 0 && a.lifetime_s <= TOKEN_LIFETIME_MAX_S);
	}
	token_answer_wipe(&a);
}

static void
check_device(const char *p, size_t n)
{
	struct token_device_answer d;
	struct buf b;

	memset(&d, 0, sizeof(d));
	buf_init(&d.device_code, 64 * 1024);
	buf_init(&b, 2 * FRAME_MAX);
	if (token_answer_parse_device(p, n, &d, NULL) == 0) {
		assert(strncmp(d.code.uri, "https://", 8) == 0);
		assert(d.code.interval_s > 0 && d.code.expires_s > 0);
		assert(token_put_code(&b, &d.code) == 0);
	}
	buf_clear(&d.device_code);
	buf_clear(&b);
}

static void
check_refusal(const char *p, size_t n)
{
	struct token_hidden hidden;
	struct token_failed x;
	struct buf secret;

	memset(&x, 0, sizeof(x));
	buf_init(&secret, 100);
	buf_puts(&secret, "hunter2+hunter2");
	hidden = (struct token_hidden){ { &secret }, 1 };
	if (token_answer_parse_refusal(p, n, &x, &hidden)) {
		assert(strpbrk(x.text, "\r\n\t\x1b") == NULL);
		assert(strstr(x.text, "hunter2+") == NULL);
		assert(strstr(x.error, "hunter2+") == NULL);
	}
	buf_clear(&secret);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	check_token((const char *)p, n);
	check_device((const char *)p, n);
	check_refusal((const char *)p, n);
	return 0;
}
