/* SPDX-License-Identifier: ISC */
/* What store_open tells of a damaged queue that gave way to a new one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "queue/damage.h"
#include "queue/store_priv.h"

int
replace_run(const char *path, struct store_opened *what, struct err *e)
{
	struct damage_report r;
	int rc = damage_replace(path, &r, e);

	free(r.aside);
	memset(what, 0, sizeof(*what));
	return rc;
}

void
replace_note(const char *path, struct store_opened *what)
{
	struct damage_report r;

	if (!damage_untold(path, &r))
		return;
	what->replaced = true;
	what->by_hand = r.by_hand;
	what->saved = r.salvage.saved;
	what->lost = r.salvage.lost;
	strlcpy(what->aside, r.aside, sizeof(what->aside));
	free(r.aside);
}

void
store_replaced_told(const struct store *s)
{
	damage_told(s->path);
}
