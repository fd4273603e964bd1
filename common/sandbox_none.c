/* SPDX-License-Identifier: ISC */
/*
 * The sandbox of systems for which we have none: limits, and an honest word in
 * the log.
 */
#include "config.h"

#include <sys/resource.h>

#include <string.h>

#include "common/sandbox.h"

int
sandbox_enter(enum sandbox_profile profile, enum sandbox_mode mode,
    const struct sandbox_path *paths, size_t npaths,
    char told[SANDBOX_TOLD_MAX], struct err *e)
{
	(void)profile;
	(void)mode;
	(void)paths;
	(void)npaths;
	(void)e;
	sandbox_hide_memory();
	strlcpy(told, "none on this system", SANDBOX_TOLD_MAX);
	return 0;
}

struct sandbox_made *
sandbox_make(void)
{
	return NULL;
}

void
sandbox_unmake(struct sandbox_made *m)
{
	(void)m;
}

int
sandbox_enter_made(
    const struct sandbox_made *m, char told[SANDBOX_TOLD_MAX], struct err *e)
{
	(void)m;
	return sandbox_enter(SANDBOX_DELIVER, SANDBOX_STRICT, NULL, 0, told, e);
}

bool
sandbox_keeps_paths(enum sandbox_mode mode)
{
	(void)mode;
	return true;
}

bool
sandbox_forbids_connect(enum sandbox_mode mode)
{
	(void)mode;
	return false;
}

void
sandbox_hide_memory(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}
