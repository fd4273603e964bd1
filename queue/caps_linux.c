/* SPDX-License-Identifier: ISC */
/*
 * What a program gets that is nobody's special one, and started by nobody who
 * is root, are the ambient capabilities.
 */
#include "config.h"

#include <sys/prctl.h>

#include <errno.h>

#include "queue/caps.h"

int
caps_keep(struct err *e)
{
	/* A kernel before 4.3 has none. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 ||
	    errno == EINVAL)
		return 0;
	return err_errno(e, ERR_LOCAL, "4.3.5", "prctl");
}
