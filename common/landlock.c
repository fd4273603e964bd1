/* SPDX-License-Identifier: ISC */
/*
 * Landlock: which files a process may still open.  It is used as far as the
 * running kernel knows it.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "common/landlock.h"

/*
 * The kernel's interface, as of ABI 6.  We carry our own struct and bits, since
 * a header of the build host may be older than the kernel that runs.
 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};
#define FS_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_ALL      UINT64_C(3)         /* ABI 4: bind, connect TCP */
#define SCOPED_ALL   UINT64_C(3)         /* ABI 6: abstract sockets, signals */
#define FS_ABI_1     ((UINT64_C(1) << 13) - 1)
#define FS_READ      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	    LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_OF_FILE \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    FS_TRUNCATE)

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 1 ? 0 : (int)abi;
}

/* All that this ABI can forbid. */
static struct ruleset_attr
all_of(int abi)
{
	struct ruleset_attr a = { FS_ABI_1, 0, 0 };

	if (abi >= 2)
		a.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = NET_ALL;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPED_ALL;
	return a;
}

static size_t
attr_size(int abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset_attr);
	return abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int
allow_path(
    int ruleset, const struct sandbox_path *p, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = FS_READ };
	struct stat st;
	int rc = 0;

	if ((p->rights & SANDBOX_WRITE) != 0)
		rule.allowed_access |= FS_WRITE;
	rule.allowed_access &= handled;
	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	/* What is not there needs no right; whoever makes it later has none. */
	if (rule.parent_fd == -1 && errno == ENOENT)
		return 0;
	if (rule.parent_fd == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "sandbox: opening %s", p->path);
	/* A right that only folders have makes the kernel refuse the rule. */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == -1)
		rc = err_errno(e, ERR_LOCAL, "4.3.5",
		    "sandbox: Landlock refused a rule for %s", p->path);
	close(rule.parent_fd);
	return rc;
}

int
landlock_enter(
    int abi, const struct sandbox_path *paths, size_t npaths, struct err *e)
{
	struct ruleset_attr attr = all_of(abi);
	int ruleset, rc = -1;
	size_t i;

	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size(abi), 0);
	if (ruleset == -1)
		return err_errno(e, ERR_LOCAL, "4.3.5",
		    "sandbox: Landlock made no rule set");
	for (i = 0; i < npaths; i++)
		if (allow_path(ruleset, &paths[i], attr.fs, e) == -1)
			goto out;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.5", "sandbox: Landlock");
		goto out;
	}
	rc = 0;
out:
	close(ruleset);
	return rc;
}
