/* SPDX-License-Identifier: ISC */
/* The doctor looks at the clock, by which certificates and tokens are judged.
 */
#include "config.h"

#include <stdint.h>

#ifdef __linux__
#include <sys/timex.h>
#endif

#include "admin/check.h"
#include "admin/text.h"
#include "common/clock.h"

/* No certificate of today was good before. */
#define CLOCK_FLOOR INT64_C(1735689600) /* 2025-01-01 */

/* Entra takes 5 minutes; a network may take some seconds to say it. */
#define CLOCK_OFF_S  300
#define CLOCK_SLOW_S 60

static const char fix[] =
    "timedatectl set-ntp true, or: date -s; then: mailchute check";

/* Is the kernel's clock kept by somebody? */
static bool
is_kept(void)
{
#ifdef __linux__
	struct timex t = { .modes = 0 };

	return adjtimex(&t) == -1 || (t.status & STA_UNSYNC) == 0;
#else
	return true;
#endif
}

void
check_greeting(struct check *k, const struct ctl_session *s)
{
	if (k->whose_clock != CLOCK_OF_NOBODY || s->server_at == 0 ||
	    s->greeted_at == 0)
		return;
	k->ahead_s = s->server_at - s->greeted_at;
	k->whose_clock = CLOCK_OF_GREETING;
}

static const char *
whose(const struct check *k)
{
	return k->whose_clock == CLOCK_OF_ENDPOINT ? "the token endpoint's"
						   : "the mail server's";
}

static bool
is_beyond(const struct check *k, int64_t s)
{
	return k->ahead_s > s || k->ahead_s < -s;
}

/*
 * Is it off by another's word?  Of a greeting's it takes more, and weighs less:
 * mail servers are less exact, and whoever is on the path can write one.
 */
static bool
is_off(const struct check *k, enum check_level *level)
{
	bool is_endpoint = k->whose_clock == CLOCK_OF_ENDPOINT;

	*level =
	    is_endpoint && is_beyond(k, CLOCK_OFF_S) ? CHECK_FAIL : CHECK_WARN;
	return k->whose_clock != CLOCK_OF_NOBODY &&
	       is_beyond(k, is_endpoint ? CLOCK_SLOW_S : CLOCK_OFF_S);
}

void
check_clock(struct check *k)
{
	bool is_known = k->whose_clock != CLOCK_OF_NOBODY;
	enum check_level level;
	char off[TEXT_SHORT];

	if (clock_wall() < CLOCK_FLOOR) {
		check_say(k, CHECK_FAIL, "clock", fix,
		    "it is far behind, so that no certificate is good yet");
		return;
	}
	if (is_off(k, &level)) {
		text_age(k->ahead_s < 0 ? -k->ahead_s : k->ahead_s, off);
		check_say(k, level, "clock", fix,
		    "it is %s %s %s; certificates and tokens are judged by "
		    "it",
		    off, k->ahead_s < 0 ? "ahead of" : "behind", whose(k));
		return;
	}
	if (!is_kept()) {
		check_say(k, CHECK_WARN, "clock", "timedatectl set-ntp true",
		    "nothing keeps it right (NTP); certificates and tokens "
		    "are judged by it%s%s",
		    is_known ? "; now it agrees with " : "",
		    is_known ? whose(k) : "");
		return;
	}
	check_say(k, CHECK_OK, "clock", NULL, "it is kept right%s%s",
	    is_known ? ", and agrees with " : "", is_known ? whose(k) : "");
}
