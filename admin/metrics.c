/* SPDX-License-Identifier: ISC */
/*
 * "mailchute metrics": the figures of status for Prometheus, on standard output
 * or in a file for the textfile collector of node_exporter.
 *
 * There is something to write whatever happens, since the worst that a
 * monitoring system can be shown is the last good answer for ever.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin/outfile.h"
#include "admin/report.h"
#include "admin/run.h"

/* Into the file that was named: 0, or the exit status. */
static int
write_file(const char *path, const struct report *r)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	struct err e;
	int rc = -1;

	if (to == NULL) {
		err_errno(&e, ERR_LOCAL, "4.3.0", "writing %s", path);
	} else {
		report_metrics(r, to);
		if (fclose(to) == EOF)
			err_errno(&e, ERR_LOCAL, "4.3.0", "writing %s", path);
		else
			rc = outfile_write(path, text, n, &e);
	}
	free(text);
	if (rc == 0)
		return 0;
	complain(e.text);
	return EX_CANTCREAT;
}

static int
put(const struct args *a, const struct report *r)
{
	if (a->output != NULL)
		return write_file(a->output, r);
	report_metrics(r, stdout);
	return 0;
}

/* That no file could be written tells more than why there was little for it. */
int
run_metrics(const struct args *a, const struct conf *c)
{
	struct report r;
	int status;

	(void)status_inquire(a, c, CTL_METRICS, &r);
	if (!r.is_whole)
		complain(r.totals.reason);
	if ((status = put(a, &r)) == 0)
		status = r.exit_status;
	report_clear(&r);
	return status;
}

int
metrics_without_conf(const struct args *a, const char *verdict)
{
	struct report r;
	int status;

	memset(&r, 0, sizeof(r));
	report_set_verdict(&r, verdict, "the configuration has errors");
	status = put(a, &r);
	report_clear(&r);
	return status == 0 ? EX_CONFIG : status;
}
