/* SPDX-License-Identifier: ISC */
/*
 * From a failure to the exit status that tells a caller of it.  Callers know
 * zero from not zero, and some of them 75 ("try again") from the rest, so 75
 * stands for whatever may heal, and never for a message that was queued.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <sysexits.h>

#include "common/sysexit.h"

int
sysexit_of(const struct err *e)
{
	static const struct {
		enum err_class class;
		const char *prefix; /* of the RFC 3463 status */
		int status;
	} table[] = {
		{ ERR_LOCAL, INPUT_STATUS, EX_NOINPUT },
		{ ERR_PERM, "5.1.", EX_DATAERR },      /* an address */
		{ ERR_PERM, "5.2.3", EX_UNAVAILABLE }, /* too large */
		{ ERR_PERM, "5.3.4", EX_UNAVAILABLE },
		{ ERR_PERM, "5.5.3", EX_DATAERR }, /* too many recipients */
		{ ERR_PERM, "5.5.4", EX_USAGE },   /* the command line */
		{ ERR_PERM, "5.5.", EX_SOFTWARE }, /* of unlike versions */
		{ ERR_PERM, "5.6.", EX_DATAERR },  /* the message itself */
		{ ERR_PERM, "5.7.", EX_NOPERM },
		{ ERR_PERM, "", EX_UNAVAILABLE },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (e->class == table[i].class &&
		    strncmp(e->status, table[i].prefix,
			strlen(table[i].prefix)) == 0)
			return table[i].status;
	return EX_TEMPFAIL;
}
