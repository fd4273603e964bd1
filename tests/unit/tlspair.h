/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_TLSPAIR_H
#define TESTS_UNIT_TLSPAIR_H

#include <stdbool.h>

#include "common/proto_pair.h"

/* A certificate that has signed itself, with its key, as files would hold them.
 */
struct tlspair {
	bool is_ec; /* P-256; else RSA */
	int bits;   /* of RSA */
	bool is_expired;
	bool is_encrypted; /* the key, by the password "x" */
};

/* Ends the program when OpenSSL cannot.  To be wiped by pair_wipe. */
void tlspair_make(struct pair *out, const struct tlspair *how);

#endif
