/* SPDX-License-Identifier: ISC */
/* What may change while the daemon runs, and what may not. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "queue/reload.h"

static void
log_problems(const struct conf_problems *p)
{
	size_t i;

	for (i = 0; i < p->errors.n; i++)
		log_event(LOG_ERR, "reload-refused", "text", p->errors.v[i],
		    "fix", "the configuration from before stays in use", NULL);
	for (i = 0; i < p->warnings.n; i++)
		log_event(LOG_WARNING, "configuration", "text",
		    p->warnings.v[i], NULL);
}

struct conf *
reload_read(const struct conf *now)
{
	struct conf_problems p;
	char *fixed;
	struct conf *c;

	memset(&p, 0, sizeof(p));
	c = conf_load(now->path, CONF_FULL, NULL, &p);
	log_problems(&p);
	conf_problems_clear(&p);
	if (c == NULL || (fixed = conf_restart_option(now, c)) == NULL)
		return c;
	log_text(LOG_ERR, "reload-refused",
	    "%s has changed, which needs a stop and a start of mailchuted; the "
	    "configuration from before stays in use",
	    fixed);
	free(fixed);
	conf_free(c);
	return NULL;
}
