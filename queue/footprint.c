/* SPDX-License-Identifier: ISC */
/*
 * What a daemon at rest occupies.
 *
 * A start runs much code for the only time: the loader, the compiler of
 * SQLite's statements, libseccomp's of its filter.  Of 4 MiB that a fresh queue
 * process has mapped in, 3 are such pages, of files and never written to.  The
 * kernel drops them when told, and finds them again in its cache.
 */
#include "config.h"

#include <sys/mman.h>

#include <link.h>
#include <stdint.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/footprint.h"

static int
let_go(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from, to;
	int i;

	(void)size;
	(void)arg;
	for (i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];

		/* What may be written has no copy in the file. */
		if (h->p_type != PT_LOAD || (h->p_flags & PF_W) != 0)
			continue;
		from = (object->dlpi_addr + h->p_vaddr) & ~(page - 1);
		to = object->dlpi_addr + h->p_vaddr + h->p_memsz;
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
footprint_shrink(void)
{
	(void)dl_iterate_phdr(let_go, NULL);
	xalloc_trim();
}
