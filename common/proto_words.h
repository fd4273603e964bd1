/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_WORDS_H
#define COMMON_PROTO_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/frame.h"

/*
 * What an smtpd says of its client when a message comes (LISTEN_ASK), and what
 * goes along with the message as its origin (SUBMIT_ORIGIN), in fields that
 * are the same in both.  smtpd has spoken with a stranger: these are a
 * stranger's words, for headers, logs and reports, and prove nothing.  Of any
 * text here only so much is true: it is short, and printable ASCII.
 */
struct client_words {
	char tls_version[16]; /* "TLSv1.2"; empty: no TLS */
	char tls_cipher[64];  /* OpenSSL's name of it */
	char helo[256];       /* its name, by itself; empty: none was said */
	bool is_esmtp;        /* it said EHLO */
};

/*
 * Sets one of these texts: cut to its size, and '?' for what is no printable
 * ASCII.
 */
void client_words_set(char *to, size_t size, const char *p, size_t n);

bool client_words_are_same(
    const struct client_words *a, const struct client_words *b);

/* A whole frame LISTEN_ASK; -1 when b's cap is reached. */
int client_words_put(struct buf *b, const struct client_words *w);

/* -1 with *e filled. */
int client_words_get(
    const struct frame *f, struct client_words *w, struct err *e);

/* The fields alone, in another's frame. */
int client_words_put_fields(struct buf *b, const struct client_words *w);

struct client_words_reading {
	struct client_words *into; /* all zero before the first */
	uint64_t seen;
};
/* 0; -1: not one of these fields, twice, or no printable ASCII. */
int client_words_take_field(
    struct client_words_reading *r, const struct field *x);

#endif
