/* SPDX-License-Identifier: ISC */
/* What a hostile server may offer. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "delivery/ehlo.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ehlo out;

	ehlo_parse((const char *)p, n, &out);
	assert(memchr(out.mech_names, '\0', sizeof(out.mech_names)) != NULL);
	assert(out.mechs == 0 || (out.offers & EHLO_AUTH) != 0);
	assert(out.size_max == 0 || (out.offers & EHLO_SIZE) != 0);
	return 0;
}
