/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_GUESSES_H
#define QUEUE_GUESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/network.h"

/*
 * Wrong passwords of the listeners' clients.  A client (queue/gate.h) that has
 * had so many within the window is not heard until they are older; of all
 * clients together, more of them make each refusal take longer.  A login is
 * shut for nobody: a stranger could shut out its device by that.
 *
 * Arithmetic over a clock that is passed in; memory is bounded.
 */
#define GUESSES_CLIENTS   1024
#define GUESSES_MAX       10
#define GUESSES_WINDOW_MS (INT64_C(10) * 60 * 1000)
#define GUESSES_TOLD_MS   (INT64_C(60) * 60 * 1000)
#define GUESSES_DELAY_MS  1000 /* for each GUESSES_MAX of all, begun or not */
#define GUESSES_DELAY_MAX 10   /* times that */

struct guesses;
struct guesses *guesses_new(void);
void guesses_free(struct guesses *g);

/* How many more the client has; 0: it is shut out. */
size_t guesses_left(
    const struct guesses *g, const struct network *client, int64_t now_ms);

/*
 * A wrong one.  true: this has shut out a client, which was not told of within
 * GUESSES_TOLD_MS.
 */
bool guesses_note(
    struct guesses *g, const struct network *client, int64_t now_ms);

/* How long the next refusal takes. */
int64_t guesses_delay(const struct guesses *g, int64_t now_ms);

size_t guesses_clients(const struct guesses *g); /* remembered */

#endif
