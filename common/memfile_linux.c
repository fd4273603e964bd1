/* SPDX-License-Identifier: ISC */
/* Memory files of Linux, and of FreeBSD from 13 on. */
#include "config.h"

#include <sys/mman.h>

#include <fcntl.h>

#include "common/memfile.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int
memfile_new(const char *name, struct err *e)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "memfd_create");
	return fd;
}

int
memfile_seal(int fd, struct err *e)
{
	if (fcntl(fd, F_ADD_SEALS, SEALS) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "sealing memory");
	return 0;
}

bool
memfile_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals != -1 && (seals & SEALS) == SEALS;
}
