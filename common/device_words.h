/* SPDX-License-Identifier: ISC */
#ifndef COMMON_DEVICE_WORDS_H
#define COMMON_DEVICE_WORDS_H

#include <stddef.h>

/*
 * What a client of a listener is told when it is refused something.  A copier
 * shows two lines of some 40 characters, and whoever stands before it wants to
 * know what to do; the reason, and which option to change, is for the log.
 * docs/device-replies.md lists them all.
 */
#define DEVICE_WORDS_MAX 80

struct device_words {
	unsigned code;
	const char *status;
	const char *has; /* in the reason, where a code has several; or NULL */
	const char *words; /* for the device */
	const char *fix;   /* for the log; NAME is the listener's */
};
extern const struct device_words device_words[];
extern const size_t ndevice_words;

/* Never NULL: what no row knows has words by its first digit. */
const struct device_words *device_words_find(
    unsigned code, const char *status, const char *reason);

/* The fix for a listener; cut to the size. */
void device_words_fix(
    const struct device_words *w, const char *listener, char *out, size_t size);

#endif
