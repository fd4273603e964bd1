/* SPDX-License-Identifier: ISC */
/* Users and groups, by the system's databases. */
#include "config.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "common/member.h"

#define GROUPS_MAX 65536

static bool
is_in_group(const struct passwd *pw, gid_t wanted)
{
	int i, room, n = 64;
	gid_t *gids = NULL;
	bool found = false;

	do {
		room = n;
		gids = xreallocarray(gids, (size_t)room, sizeof(*gids));
	} while (getgrouplist(pw->pw_name, pw->pw_gid, gids, &n) == -1 &&
		 n > room && n <= GROUPS_MAX);
	for (i = 0; i < n && i < room; i++)
		found = found || gids[i] == wanted;
	free(gids);
	return found;
}

bool
member_has(const struct strlist *users, uid_t uid)
{
	const struct passwd *pw;
	const struct group *gr;
	size_t i;

	if (users->n == 0)
		return true;
	for (i = 0; i < users->n; i++) {
		/* Both look-ups use one buffer of libc's: one at a time. */
		if (users->v[i][0] != '@') {
			pw = getpwnam(users->v[i]);
			if (pw != NULL && pw->pw_uid == uid)
				return true;
			continue;
		}
		if ((gr = getgrnam(users->v[i] + 1)) == NULL)
			continue;
		pw = getpwuid(uid);
		if (pw != NULL && is_in_group(pw, gr->gr_gid))
			return true;
	}
	return false;
}

void
member_name(uid_t uid, char name[MEMBER_NAME_MAX])
{
	const struct passwd *pw = getpwuid(uid);

	/* Half a name would be somebody else's. */
	if (pw == NULL ||
	    strlcpy(name, pw->pw_name, MEMBER_NAME_MAX) >= MEMBER_NAME_MAX)
		name[0] = '\0';
}
