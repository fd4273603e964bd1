/* SPDX-License-Identifier: ISC */
/*
 * Giving up root, and descriptors.  Each step is checked twice: that the call
 * succeeded, and that there is no way back.
 */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/priv.h"

/* Are real, effective and saved ids these? */
static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return false;
	return ruid == uid && euid == uid && suid == uid && rgid == gid &&
	       egid == gid && sgid == gid;
}

int
priv_drop(uid_t uid, gid_t gid, struct err *e)
{
	if (uid == 0)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "refusing to run as root: name another user in queue.user");
	if (geteuid() != 0) {
		if (ids_are(uid, gid))
			return 0;
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "uid %ld cannot become uid %ld gid %ld: start as root or "
		    "as that user",
		    (long)geteuid(), (long)uid, (long)gid);
	}
	if (setgroups(1, &gid) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.5", "setgroups");
	if (setresgid(gid, gid, gid) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "becoming gid %ld", (long)gid);
	if (setresuid(uid, uid, uid) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "becoming uid %ld", (long)uid);
	if (!ids_are(uid, gid) || setuid(0) == 0 || seteuid(0) == 0 ||
	    (gid != 0 && (setgid(0) == 0 || setegid(0) == 0)))
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "root could not be given up for good");
	return 0;
}

int
priv_std_fds(struct err *e)
{
	int fd;

	/* open gives the lowest free number: fill up to 2, then stop. */
	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			return err_errno(
			    e, ERR_LOCAL, "4.3.5", "opening /dev/null");
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

void
priv_close_from(int first)
{
	closefrom(first);
}
