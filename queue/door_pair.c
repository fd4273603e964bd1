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
#include "queue/pair_load.h"

#define DATE_MAX 32

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
	p->until = p->failed_at = 0;
	p->failed[0] = '\0';
}

const struct pair *
door_pair_get(const struct door_pair *p)
{
	return p->is_there ? &p->pair : NULL;
}

void
door_pair_view(const struct door_pair *p, struct door_view *v)
{
	if (p->is_there)
		v->pair = p->failed_at == 0 ? DOOR_PAIR_GOOD : DOOR_PAIR_KEPT;
	else if (p->failed_at != 0)
		v->pair = DOOR_PAIR_MISSING;
	v->pair_until = p->until;
	v->pair_since = p->failed_at;
	strlcpy(v->pair_text, p->failed, sizeof(v->pair_text));
}

/* warning: the judge's, or "". */
static void
log_found(
    const struct door_pair *p, const struct conf_listen *l, const char *warning)
{
	time_t until = (time_t)p->until;
	char date[DATE_MAX];
	struct tm tm;

	if (gmtime_r(&until, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		date[0] = '\0';
	log_event(warning[0] == '\0' ? LOG_INFO : LOG_WARNING, "certificate",
	    "listener", l->name, "file", l->certificate_file, "until", date,
	    "text", warning[0] == '\0' ? NULL : warning, NULL);
}

static void
note_failed(struct door_pair *p, const struct conf_listen *l, const char *why)
{
	if (p->failed_at == 0)
		p->failed_at = clock_wall();
	strlcpy(p->failed, why, sizeof(p->failed));
	log_event(LOG_ERR, "certificate", "listener", l->name, "text", why,
	    "fix",
	    p->is_there ? "mend it and reload; the one from before stays in use"
			: "mend it and reload; until then there is no TLS",
	    NULL);
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
		note_failed(p, l, e.text);
		return;
	}
	door_pair_wipe(p);
	p->pair = found;
	p->is_there = true;
	p->until = j.until;
	log_found(p, l, j.text);
}
