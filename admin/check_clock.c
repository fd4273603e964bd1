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
check_clock(struct check *k)
{
	int64_t by = k->ahead_s;
	char off[TEXT_SHORT];

	if (clock_wall() < CLOCK_FLOOR) {
		check_say(k, CHECK_FAIL, "clock", fix,
		    "it is far behind, so that no certificate is good yet");
		return;
	}
	if (by != INT64_MIN && (by > CLOCK_SLOW_S || by < -CLOCK_SLOW_S)) {
		text_age(by < 0 ? -by : by, off);
		check_say(k,
		    by > CLOCK_OFF_S || by < -CLOCK_OFF_S ? CHECK_FAIL
							  : CHECK_WARN,
		    "clock", fix,
		    "it is %s %s of the token endpoint's; certificates and "
		    "tokens are judged by it",
		    off, by < 0 ? "ahead" : "behind");
		return;
	}
	if (!is_kept()) {
		check_say(k, CHECK_WARN, "clock", "timedatectl set-ntp true",
		    "nothing keeps it right (NTP); certificates and tokens "
		    "are judged by it%s",
		    by == INT64_MIN ? ""
				    : "; now it agrees with the token "
				      "endpoint's");
		return;
	}
	check_say(k, CHECK_OK, "clock", NULL, "it is kept right%s",
	    by == INT64_MIN ? "" : ", and agrees with the token endpoint's");
}
