/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LETTER_H
#define QUEUE_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

struct expanded;
struct identity;
struct store;

/*
 * A mail of ours to local.admin that answers nothing: an alarm, or a word on
 * what ends.  It is of kind alarm, so that it goes first, and by the default
 * account.
 */
struct letter {
	const struct conf *conf;
	const struct identity *identity;
	struct store *store;
	const struct expanded *readers;
	const char *title; /* of the subject, behind the host's name */
	const char *text;  /* lines end in a line feed */
	int64_t now;
};

#define LETTER_TEXT_MAX 4096

/* Writes it inside the running transaction; *id and *octets are its. */
int letter_insert(
    const struct letter *l, uint64_t *id, size_t *octets, struct err *e);

#endif
