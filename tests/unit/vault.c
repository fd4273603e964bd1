/* SPDX-License-Identifier: ISC */
/* The access tokens that the parent keeps. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memfile.h"
#include "common/proto_job.h"
#include "queue/vault.h"

#include "tests/unit/conf_help.h"

#define GUID "00000000-0000-4000-8000-00000000000f"
#define ONE \
	"[account]\nuser = a@contoso.com\ntenant = t.example\n" \
	"client_id = " GUID "\nclient_secret_file = s\n"
#define TWO \
	"[account two]\nuser = b@contoso.com\ntenant = t.example\n" \
	"client_id = " GUID "\nclient_secret_file = s\n"

static int
token(const char *text)
{
	struct err e;
	int fd = memfile_new("test", &e);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(memfile_seal(fd, &e), 0);
	return fd;
}

static void
assert_token(const struct vault *v, uint32_t account, const char *want)
{
	char text[64];
	struct err e;
	ssize_t n;
	int fd = vault_fd(v, account, &e);

	if (want == NULL) {
		assert_int_equal(fd, -1);
		assert_int_equal(e.class, ERR_TEMP);
		return;
	}
	assert_int_not_equal(fd, -1);
	n = pread(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, want);
}

static void
keeps_the_last_one(void **state)
{
	struct conf *c = good(ONE TWO);
	struct vault *v = vault_new(c);
	struct err e;

	(void)state;
	assert_token(v, 0, NULL);
	assert_int_equal(vault_keep(v, 0, token("first"), &e), 0);
	assert_token(v, 0, "first");
	assert_token(v, 1, NULL);
	assert_int_equal(vault_keep(v, 0, token("second"), &e), 0);
	assert_token(v, 0, "second");
	assert_token(v, 0, "second");
	vault_close(v);
	assert_token(v, 0, NULL);
	vault_free(v);
	conf_free(c);
}

static void
takes_only_what_is_one(void **state)
{
	struct conf *c = good(ONE);
	struct vault *v = vault_new(c);
	static char large[JOB_SECRET_MAX + 2];
	struct err e;
	int fd;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	fd = token("");
	assert_int_equal(vault_keep(v, 0, fd, &e), -1);
	close(fd);
	fd = token(large);
	assert_int_equal(vault_keep(v, 0, fd, &e), -1);
	close(fd);
#ifdef HAVE_MEMFD_CREATE
	fd = memfile_new("test", &e);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(vault_keep(v, 0, fd, &e), -1);
	close(fd);
#endif
	assert_token(v, 0, NULL);
	vault_free(v);
	conf_free(c);
}

static void
what_is_said_is_of_that_token(void **state)
{
	struct conf *c = good(ONE);
	struct vault *v = vault_new(c);
	struct token_granted g = { .until = time(NULL) + 1000 }, got;
	struct err e;

	(void)state;
	vault_note(v, 0, &g); /* of none */
	assert_int_equal(vault_known(v, 0, &got, &e), -1);
	assert_int_equal(vault_keep(v, 0, token("first"), &e), 0);
	assert_int_equal(vault_known(v, 0, &got, &e), -1);
	vault_note(v, 0, &g);
	assert_int_equal(vault_known(v, 0, &got, &e), 0);
	assert_memory_equal(&g, &got, sizeof(g));
	assert_int_equal(vault_keep(v, 0, token("second"), &e), 0);
	assert_int_equal(vault_known(v, 0, &got, &e), -1);
	/* One that is over is not handed out. */
	assert_token(v, 0, "second");
	g.until = time(NULL) - 1;
	vault_note(v, 0, &g);
	assert_token(v, 0, NULL);
	vault_free(v);
	conf_free(c);
}

/* Before: ONE with a token "one", TWO with "two". */
static const struct {
	const char *text;
	const char *want[2]; /* of the accounts in it */
} reloads[] = {
	{ ONE TWO, { "one", "two" } },
	{ TWO ONE, { "two", "one" } },
	{ ONE "linger = 20s\n" TWO "connections = 1\n", { "one", "two" } },
	{ ONE "scope = other\n" TWO, { NULL, "two" } },
	{ ONE TWO "app_rbac = yes\n", { "one", NULL } },
	{ ONE "proxy = http://x\n" TWO "token_url = https://x/\n",
	    { "one", NULL } },
	{ "[account]\nuser = c@contoso.com\ntenant = t.example\n"
	  "client_id = " GUID "\nclient_secret_file = s\n" TWO,
	    { NULL, "two" } },
	{ "[account]\nuser = a@contoso.com\npassword_file = s\n" TWO,
	    { NULL, "two" } },
	{ ONE, { "one", NULL } },
};

static void
a_reload_keeps_what_it_does_not_concern(void **state)
{
	struct conf *c = good(ONE TWO), *next;
	struct token_granted g = { .until = time(NULL) + 1000 };
	struct vault *v;
	struct err e;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(reloads) / sizeof(reloads[0]); i++) {
		v = vault_new(c);
		assert_int_equal(vault_keep(v, 0, token("one"), &e), 0);
		vault_note(v, 0, &g);
		assert_int_equal(vault_keep(v, 1, token("two"), &e), 0);
		next = good(reloads[i].text);
		vault_set_conf(v, next);
		for (k = 0; k < next->naccounts; k++) {
			assert_token(v, (uint32_t)k, reloads[i].want[k]);
			assert_int_equal(vault_known(v, (uint32_t)k, &g, &e),
			    reloads[i].want[k] != NULL &&
				    strcmp(reloads[i].want[k], "one") == 0
				? 0
				: -1);
		}
		vault_free(v);
		conf_free(next);
	}
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_last_one),
		cmocka_unit_test(takes_only_what_is_one),
		cmocka_unit_test(what_is_said_is_of_that_token),
		cmocka_unit_test(a_reload_keeps_what_it_does_not_concern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
