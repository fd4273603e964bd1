# SPDX-License-Identifier: ISC
"""Starts a program as a service manager or a container does: with some of the
world taken away.  A script, so that it can be run in a process of its own:

    confine.py STEP... -- PROGRAM ARGUMENT...

each STEP a name and its arguments, as in steps below, joined by "=" and ",".
"""

import ctypes
import errno
import os
import socket
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7fff0000, 0x00050000
SCMP_CMP_EQ = 4

libc = ctypes.CDLL(None, use_errno=True)


def check(rc, what):
    if rc != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


def unshare(flags):
    check(libc.unshare(flags), "unshare")


def mount(source, target, kind, flags):
    check(libc.mount(source.encode(), target.encode(), kind.encode(),
                     ctypes.c_ulong(flags), None), "mount " + target)


def own_mounts():
    unshare(CLONE_NEWNS)
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


# ---- steps -------------------------------------------------------------------

def user(uid, gid):
    os.setgroups([])
    os.setresgid(*[int(gid)] * 3)
    os.setresuid(*[int(uid)] * 3)


def no_new_privs():
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def no_network():
    unshare(CLONE_NEWNET)


def no_unix_sockets(error):
    """As RestrictAddressFamilies= does, with an errno of the caller's."""
    class Compare(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                    ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_ALLOW))
    compare = Compare(0, SCMP_CMP_EQ, socket.AF_UNIX, 0)
    for name in (b"socket", b"socketpair"):
        assert seccomp.seccomp_rule_add_array(
            context, SCMP_ACT_ERRNO | getattr(errno, error),
            seccomp.seccomp_syscall_resolve_name(name), 1,
            ctypes.byref(compare)) == 0
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
    user, no_new_privs, no_network, no_unix_sockets, read_only_but, hidden,
    root_of, root_in_own_users)}


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
