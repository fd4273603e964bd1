/* SPDX-License-Identifier: ISC */
/* The figures that only "mailchute metrics" asks for, as they come. */
#include "config.h"

#include <stdlib.h>

#include "admin/report.h"
#include "common/xalloc.h"

#define LEDGERS 1000                /* an account has one */
#define DEPTHS  (4 * (LEDGERS + 1)) /* and each state one */

static int
take_depth(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_depth d;

	if (ctl_get_depth(f, &d, e) == -1)
		return -1;
	if (r->ndepths == DEPTHS) {
		ctl_depth_clear(&d);
		return 0;
	}
	r->depths =
	    xreallocarray(r->depths, r->ndepths + 1, sizeof(*r->depths));
	r->depths[r->ndepths++] = d;
	return 0;
}

static int
take_ledger(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_ledger l;

	if (ctl_get_ledger(f, &l, e) == -1)
		return -1;
	if (r->nledgers == LEDGERS) {
		ctl_ledger_clear(&l);
		return 0;
	}
	r->ledgers =
	    xreallocarray(r->ledgers, r->nledgers + 1, sizeof(*r->ledgers));
	r->ledgers[r->nledgers++] = l;
	return 0;
}

int
report_take_figure(struct report *r, const struct frame *f, struct err *e)
{
	if (f->type == CTL_DEPTH)
		return take_depth(r, f, e);
	if (f->type == CTL_LEDGER)
		return take_ledger(r, f, e);
	if (ctl_get_host(f, &r->host, e) == -1)
		return -1;
	r->has_host = true;
	return 0;
}

void
report_clear_figures(struct report *r)
{
	size_t i;

	for (i = 0; i < r->ndepths; i++)
		ctl_depth_clear(&r->depths[i]);
	free(r->depths);
	for (i = 0; i < r->nledgers; i++)
		ctl_ledger_clear(&r->ledgers[i]);
	free(r->ledgers);
}
