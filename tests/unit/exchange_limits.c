/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/unit/exchange_limits.h"

#define MINUTE_MS  60000
#define DAY_MS     (24LL * 3600 * 1000)
#define HELD_MS    5000 /* a refusal is held back so long */
#define CONNECT_MS 200

const char *const exchange_how_names[EXCHANGE_HOWS] = {
	[EXCHANGE_UP] = "up",
	[EXCHANGE_REFUSES] = "connections refused",
	[EXCHANGE_HANGS] = "silence",
	[EXCHANGE_SAYS_421] = "421 4.3.2 as its greeting",
	[EXCHANGE_SAYS_432] = "432 4.3.2 to the sign-in",
	[EXCHANGE_432_AT_DOT] = "432 4.3.2 to the message",
	[EXCHANGE_WRONG_SECRET] = "535",
};

void
exchange_init(struct exchange *x, uint64_t seed)
{
	memset(x, 0, sizeof(*x));
	x->dice = seed * 2 + 1;
}

void
exchange_clear(struct exchange *x)
{
	free(x->taken);
	memset(x, 0, sizeof(*x));
}

/* Uniform, both included; the same in each run. */
static int64_t
between(struct exchange *x, int64_t lo, int64_t hi)
{
	x->dice = x->dice * 6364136223846793005u + 1442695040888963407u;
	return lo + (int64_t)((x->dice >> 33) % (uint64_t)(hi - lo + 1));
}

static void
say(struct exchange_answer *a, enum phase phase, const char *line)
{
	a->phase = phase;
	a->line = line;
	a->after_ms += HELD_MS;
}

void
exchange_connect(struct exchange *x, struct exchange_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->phase = PHASE_CONNECT;
	a->after_ms = between(x, CONNECT_MS / 4, CONNECT_MS);
	if (x->how == EXCHANGE_REFUSES) {
		a->is_refused = true;
		return;
	}
	if (++x->open > x->open_max)
		x->open_max = x->open;
	a->phase = PHASE_GREETING;
	if (x->how == EXCHANGE_HANGS) {
		a->is_silent = true;
		a->after_ms += phase_limit_ms(PHASE_GREETING);
		return;
	}
	if (x->how == EXCHANGE_SAYS_421) {
		a->line = "421 4.3.2 Service not active "
			  "[SY5P282CA0097.outlook.office365.com]";
		return;
	}
	/* TLS, and the sign-in. */
	a->after_ms += between(x, CONNECT_MS, 6 * CONNECT_MS);
	x->sign_ins++;
	if (x->how == EXCHANGE_WRONG_SECRET) {
		say(a, PHASE_AUTH,
		    "535 5.7.139 Authentication unsuccessful, the user "
		    "credentials were incorrect.");
		return;
	}
	if (x->open > EXCHANGE_CONNECTIONS)
		x->crowded++;
	if (x->how == EXCHANGE_SAYS_432 || x->open > EXCHANGE_CONNECTIONS)
		say(a, PHASE_AUTH,
		    "432 4.3.2 Concurrent connections limit exceeded. Visit "
		    "https://aka.ms/concurrent_sending for more information.");
}

void
exchange_left(struct exchange *x)
{
	assert_true(x->open > 0);
	x->open--;
}

int64_t
exchange_delay(struct exchange *x)
{
	/* Mostly quick, and now and then not at all. */
	return between(x, 1, 20) == 1 ? between(x, 1000, 4000)
				      : between(x, 150, 900);
}

static void
move_windows(struct exchange *x, int64_t now_ms)
{
	while (x->minute < x->ntaken &&
	       x->taken[x->minute].at_ms <= now_ms - MINUTE_MS)
		x->minute++;
	while (x->day < x->ntaken && x->taken[x->day].at_ms <= now_ms - DAY_MS)
		x->day_rcpts -= x->taken[x->day++].rcpts;
}

static void
note(struct exchange *x, int64_t now_ms, unsigned rcpts)
{
	if (x->ntaken == x->room) {
		x->room = x->room == 0 ? 1024 : x->room * 2;
		x->taken = xreallocarray(x->taken, x->room, sizeof(*x->taken));
	}
	x->taken[x->ntaken++] = (struct exchange_taken){ now_ms, rcpts };
	x->day_rcpts += rcpts;
	if (x->ntaken - x->minute > x->minute_max)
		x->minute_max = (unsigned)(x->ntaken - x->minute);
	if (x->day_rcpts > x->day_max)
		x->day_max = x->day_rcpts;
}

void
exchange_take(struct exchange *x, int64_t now_ms, unsigned rcpts,
    struct exchange_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->phase = PHASE_FINAL;
	move_windows(x, now_ms);
	if (x->how == EXCHANGE_432_AT_DOT) {
		a->line = "432 4.3.2 STOREDRV.ClientSubmit; sender thread "
			  "limit exceeded";
		return;
	}
	/* It went down while the message was on its way. */
	if (x->how != EXCHANGE_UP) {
		a->line = "421 4.3.2 Service not active";
		return;
	}
	if (x->ntaken - x->minute >= EXCHANGE_RATE) {
		x->hurried++;
		a->line = "421 4.4.2 Message submission rate for this client "
			  "has exceeded the configured limit";
		return;
	}
	if (x->day_rcpts + rcpts > EXCHANGE_DAY) {
		x->overdrawn++;
		a->line = "554 5.2.0 STOREDRV.Submission.Exception:"
			  "SubmissionQuotaExceededException";
		return;
	}
	note(x, now_ms, rcpts);
}
