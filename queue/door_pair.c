/* SPDX-License-Identifier: ISC */
/* Which certificate a listener has, over reloads. */
#include "config.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "queue/door_pair.h"
#include "queue/expiry.h"
#include "queue/pair_load.h"

#define DATE_MAX 32
#define DAY_S    86400

void
door_pair_init(struct door_pair *p)
{
	memset(p, 0, sizeof(*p));
	pair_init(&p->pair);
}

void
door_pair_wipe(struct door_pair *p)
{
	pair_wipe(&p->pair);
	p->is_there = false;
}

const struct pair *
door_pair_get(const struct door_pair *p)
{
	return p->is_there ? &p->pair : NULL;
}

static void
log_it(const struct door_pair *p, const struct conf_listen *l, const char *text)
{
	time_t until = (time_t)p->until;
	char date[DATE_MAX];
	struct tm tm;

	if (gmtime_r(&until, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		date[0] = '\0';
	log_event(text == NULL ? LOG_INFO : LOG_WARNING, "certificate",
	    "listener", l->name, "file", l->certificate_file, "until", date,
	    "text", text, NULL);
}

void
door_pair_remind(struct door_pair *p, const struct conf_listen *l, int64_t now)
{
	if (!p->is_there || p->until == 0 || p->until - now >= EXPIRY_SOON_S)
		return;
	/* A clock that was set back may tell it once more. */
	if (p->told_at != 0 && now >= p->told_at && now - p->told_at < DAY_S)
		return;
	p->told_at = now;
	log_it(p, l,
	    now < p->until ? "the certificate is over within 14 days"
			   : "the certificate has expired");
}

/* A judge's warning is told as it is, and once. */
static void
log_found(struct door_pair *p, const struct conf_listen *l, const char *warning)
{
	int64_t now = clock_wall();

	if (warning[0] != '\0') {
		p->told_at = now;
		log_it(p, l, warning);
		return;
	}
	door_pair_remind(p, l, now);
	if (p->told_at == 0)
		log_it(p, l, NULL);
}

void
door_pair_load(
    struct door_pair *p, const struct conf *conf, const struct conf_listen *l)
{
	struct pair_judged j;
	struct pair found;
	struct err e;

	if (l->tls == LISTEN_TLS_NONE) {
		door_pair_wipe(p);
		return;
	}
	sandbox_hide_memory(); /* which is to hold a key */
	if (pair_load(conf, l, &found, &j, &e) == -1) {
		log_event(LOG_ERR, "certificate", "listener", l->name, "text",
		    e.text, "fix",
		    p->is_there ? "mend it and reload; the one from before "
				  "stays in use"
				: "mend it and reload; until then there is no "
				  "TLS",
		    NULL);
		return;
	}
	door_pair_wipe(p);
	p->pair = found;
	p->is_there = true;
	p->until = j.until;
	p->told_at = 0;
	log_found(p, l, j.text);
}
