/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/siphash.h"

/* The vectors of its authors: key and text are 00 01 02 and so on. */
static const struct {
	size_t n;
	uint64_t wanted;
} vectors[] = {
	{ 0, UINT64_C(0x726fdb47dd0e0e31) },
	{ 1, UINT64_C(0x74f839c593dc67fd) },
	{ 7, UINT64_C(0xab0200f58b01d137) },
	{ 8, UINT64_C(0x93f5f5799a932462) },
	{ 9, UINT64_C(0x9e0082df0ba9e4b0) },
	{ 15, UINT64_C(0xa129ca6149be45e5) },
	{ 16, UINT64_C(0x3f2acc7f57c29bdb) },
	{ 63, UINT64_C(0x958a324ceb064572) },
};

static void
known_texts(void **state)
{
	uint8_t key[SIPHASH_KEY], text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(
		    siphash(key, text, vectors[i].n), vectors[i].wanted);
}

static void
the_key_counts(void **state)
{
	uint8_t key[SIPHASH_KEY] = { 0 };
	uint64_t first = siphash(key, "root", 4);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(key); i++) {
		key[i] = 1;
		assert_int_not_equal(siphash(key, "root", 4), first);
		key[i] = 0;
	}
	assert_int_equal(siphash(key, "root", 4), first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(the_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
