/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DEVICE_STORE_H
#define QUEUE_DEVICE_STORE_H

#include "queue/store.h"

/*
 * Who sends by the listeners: a row for each address, by each listener, under
 * each login.  There are at most DEVICES_MAX; beyond, one goes that never sent
 * a message, and then the one that was not seen for longest.  What was not seen
 * for DEVICE_HISTORY_S is forgotten.
 */
#define DEVICES_MAX      1000
#define DEVICE_HISTORY_S ((int64_t)366 * 86400)

/* Texts are never NULL; "": there is none, or it is not known. */
struct device {
	int64_t id;
	const char *listener, *client, *login;
	const char *name;         /* by itself: its HELO */
	const char *tls, *cipher; /* of its last message */
	bool is_old;              /* that had no TLS, or one below 1.2 */
	int64_t old_at;           /* the last one that had; 0: none did */
	int64_t first_at, last_at;
	uint64_t messages, failures;
	int64_t error_at; /* 0: there was none */
	const char *error;
};

/* "" is none, and none is old. */
bool device_tls_is_old(const char *tls);

/* In the transaction of its message, which counts; of d the texts alone. */
int device_sent(
    struct store *s, const struct device *d, int64_t now, struct err *e);

/*
 * It was refused so many times (d->failures), at last for d->error at
 * d->error_at.
 */
int device_failed(struct store *s, const struct device *d, struct err *e);

int device_forget(struct store *s, int64_t before, struct err *e);

/* Up to max of them behind last, which moves on: 1 when more may come, 0, -1.
 */
typedef void device_row(void *arg, const struct device *d);
int device_each(struct store *s, int64_t *last, size_t max, device_row *row,
    void *arg, struct err *e);

#endif
