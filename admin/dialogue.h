/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_DIALOGUE_H
#define ADMIN_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/buf.h"

/*
 * Questions to a person at a terminal.  Each has its default in brackets, which
 * an empty line takes, and explains itself on "?".  An answer that will not do
 * is told what is wrong with it, and asked for again.
 *
 * ^C, ^\, a hang-up and the end of the input end the dialogue: every question
 * then fails, at once, and what called it undoes what it has begun.  After ^Z
 * the question is asked again.
 */
struct dialogue {
	int in;
	FILE *out; /* written at each question, and by dialogue_flush */
	bool is_over;
	/* The question that waits for its answer. */
	const char *ask, *fallback;
	bool is_unseen;
};

/* 0; -1: in is no terminal, or out is none. */
int dialogue_open(struct dialogue *d, int in, FILE *out);
void dialogue_close(struct dialogue *d);

/* Somebody has pressed ^C, or it ended in another way. */
bool dialogue_is_over(const struct dialogue *d);

/* What is wrong with an answer, in words; NULL: nothing. */
typedef const char *dialogue_judge(const char *answer);

struct question {
	const char *ask;
	const char *help;     /* a paragraph, for people */
	const char *fallback; /* the default, or NULL: there is none */
	dialogue_judge *wrong;
};

/* The answer, allocated; NULL: the dialogue is over. */
char *dialogue_ask(struct dialogue *d, const struct question *q);

/* One of some, by its number; each text may be lines of its own. */
struct choice {
	const char *name;
	const char *text; /* what it means; or NULL */
};
struct choosing {
	const char *ask, *help;
	const struct choice *v;
	size_t n;
	size_t fallback;
};
/* Its index, or -1. */
int dialogue_choose(struct dialogue *d, const struct choosing *c);

/* 1 for yes, 0 for no, -1. */
int dialogue_confirm(
    struct dialogue *d, const char *ask, const char *help, bool fallback);

/* Waits for Enter: 0 or -1. */
int dialogue_pause(struct dialogue *d, const char *ask, const char *help);

/* A line that the terminal does not show, appended to out; 0 or -1. */
int dialogue_secret(
    struct dialogue *d, const char *ask, const char *help, struct buf *out);

/* Text for people, escaped but for its line ends. */
void dialogue_say(struct dialogue *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void dialogue_put(struct dialogue *d, const char *text);
void dialogue_flush(struct dialogue *d);

#endif
