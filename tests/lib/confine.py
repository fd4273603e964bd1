# SPDX-License-Identifier: ISC
"""Starts a program as a service manager or a container does: with some of the
world taken away.  A script, so that it can be run in a process of its own:

    confine.py STEP... -- PROGRAM ARGUMENT...

each STEP a name and its arguments, as in steps below, joined by "=" and ",".
"""

import ctypes
import errno
import os
import resource
import socket
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7fff0000, 0x00050000
SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ = 4, 7
PROT_WRITE, PROT_EXEC = 2, 4

libc = ctypes.CDLL(None, use_errno=True)
# Now, while it can be found: a step may take everything away.
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def check(rc, what):
    if rc != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


def unshare(flags):
    check(libc.unshare(flags), "unshare")


def mount(source, target, kind, flags, data=None):
    check(libc.mount(source.encode(), target.encode(), kind.encode(),
                     ctypes.c_ulong(flags), data and data.encode()),
          "mount " + target)


def own_mounts():
    unshare(CLONE_NEWNS)
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


# ---- steps -------------------------------------------------------------------

def user(uid, gid, *groups):
    os.setgroups([int(g) for g in groups])
    os.setresgid(*[int(gid)] * 3)
    os.setresuid(*[int(uid)] * 3)


def no_new_privs():
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def limits(files):
    """Of descriptors and of core files, and the umask."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)


def listen(fd, name):
    """A passed socket, by the protocol of sd_listen_fds(3)."""
    os.dup2(int(fd), 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1",
                      LISTEN_FDNAMES=name)


def no_network():
    unshare(CLONE_NEWNET)


def rule(context, action, name, *compares):
    """For a system call of this machine; others are passed over."""
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        array = (Compare * len(compares))(*compares)
        assert seccomp.seccomp_rule_add_array(
            context, action, number, len(compares), array) == 0, name


def no_unix_sockets(error):
    """As RestrictAddressFamilies= does, with an errno of the caller's."""
    context = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_ALLOW))
    for name in ("socket", "socketpair"):
        rule(context, SCMP_ACT_ERRNO | getattr(errno, error), name,
             Compare(0, SCMP_CMP_EQ, socket.AF_UNIX, 0))
    assert seccomp.seccomp_load(context) == 0


def only_calls(path):
    """As SystemCallFilter=, with the names in that file; and as
    RestrictAddressFamilies= and MemoryDenyWriteExecute=."""
    with open(path) as f:
        names = f.read().split()
    context = ctypes.c_void_p(
        seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))
    both = PROT_WRITE | PROT_EXEC
    special = {
        "socket": [Compare(0, SCMP_CMP_EQ, family, 0) for family in (
            socket.AF_UNIX, socket.AF_INET, socket.AF_INET6,
            socket.AF_NETLINK)],
        "mmap": [Compare(2, SCMP_CMP_MASKED_EQ, both, kind)
                 for kind in (0, PROT_WRITE, PROT_EXEC)],
        "mprotect": [Compare(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)]}
    for name in names:
        for compare in special.get(name, [None]):
            rule(context, SCMP_ACT_ALLOW, name, *([compare] if compare else []))
    assert seccomp.seccomp_load(context) == 0


def read_only_but(*folders):
    """The whole system, as ProtectSystem=strict with ReadWritePaths=."""
    own_mounts()
    for path in folders:
        mount(path, path, "none", MS_BIND)
    with open("/proc/self/mounts") as f:
        points = [line.split()[1] for line in f]
    for path in points:
        if path not in folders:
            try:
                mount("none", path, "none", MS_REMOUNT | MS_BIND | MS_RDONLY)
            except OSError:
                pass  # one that lies hidden below another


def hidden(*folders):
    """Empty ones in their place: another service's /run, say."""
    own_mounts()
    for path in folders:
        mount("none", path, "tmpfs", 0)


def own_processes():
    """As ProtectProc=invisible and ProcSubset=pid."""
    own_mounts()
    mount("proc", "/proc", "proc", 0, "hidepid=invisible,subset=pid")


def chroot(path):
    os.chroot(path)
    os.chdir("/")


def root_of(jail, *folders):
    """A root with these folders of ours and nothing else."""
    own_mounts()
    mount("none", jail, "tmpfs", 0)
    for path in folders:
        os.makedirs(jail + path)
        mount(path, jail + path, "none", MS_BIND | MS_REC)
    os.chroot(jail)
    os.chdir("/")


def root_in_own_users():
    """uid 0 of a user namespace, as which it is the caller outside."""
    uid, gid = os.getuid(), os.getgid()
    # Its files of proc(5) are root's since it became somebody else.
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable")
    unshare(CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid),
                       ("gid_map", "0 %d 1" % gid)):
        with open("/proc/self/" + name, "w") as f:
            f.write(text)
    assert os.geteuid() == 0


STEPS = {f.__name__: f for f in (
    user, no_new_privs, limits, listen, no_network, no_unix_sockets, only_calls,
    read_only_but, hidden, own_processes, chroot, root_of,
    root_in_own_users)}


def step(name, *args):
    """One for the command line."""
    assert name in STEPS
    return "%s=%s" % (name, ",".join(str(a) for a in args))


def main(argv):
    at = argv.index("--")
    for text in argv[1:at]:
        name, _, args = text.partition("=")
        STEPS[name](*(args.split(",") if args else ()))
    os.execv(argv[at + 1], argv[at + 1:])


if __name__ == "__main__":
    main(sys.argv)
