/* SPDX-License-Identifier: ISC */
/* No process makes its parent another child here. */
#include "config.h"

#include <errno.h>

#include "smtpd/sibling.h"

pid_t
sibling_start(void)
{
	errno = ENOSYS;
	return -1;
}

int
sibling_bind(pid_t parent)
{
	(void)parent;
	errno = ENOSYS;
	return -1;
}

void
sibling_name(const char *name)
{
	(void)name;
}
