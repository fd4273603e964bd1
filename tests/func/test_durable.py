# SPDX-License-Identifier: ISC
"""Exit 0 means durable, seen by the system calls: what is synced, and when.

A crash of the machine is the fault that no test can make here; so this looks
at the order of writes, syncs and the exit.
"""

import os
import re

import pytest

from lib.site import USER, program

TEXT = "From: %s\nTo: a@example.net\n\nhello\n" % USER
TEMPFAIL = 75

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a mount")

# A file system whose fsync of a file is not said to bring its name along.
ON_TMPFS = ["unshare", "-m", "sh", "-c", """
    mount --make-rprivate / && mount -t tmpfs -o mode=3733,uid=$2,gid=$3 \\
        none "$1" && shift 3 && exec "$@"
    """, "sh"]


def traced(site, inject=None, tmpfs=False):
    """(sendmail's outcome, its calls as (name, rest of the line))."""
    assert site.daemon is None
    argv = ["strace", "-o", site.path("log/trace"), "-e",
            "trace=openat,write,fsync,fdatasync,syncfs,unlinkat,exit_group"]
    if inject:
        argv += ["-e", "inject=" + inject]
    argv += [program("sendmail"), "-C", site.conf_path, "-i",
             "a@example.net"]
    if tmpfs:
        argv = [*ON_TMPFS, site.path("spool/drop"), str(site.uid),
                str(site.gid), *argv]
    site.write_conf()
    done = site.run(argv, stdin=TEXT, env=site.environment(leaks=False))
    with open(site.path("log/trace")) as f:
        calls = re.findall(r"^(\w+)\((.*)$", f.read(), re.M)
    return done, calls


def positions(calls, name, pattern):
    return [i for i, (what, rest) in enumerate(calls)
            if what == name and re.match(pattern, rest)]


def drop_file(calls):
    """The place and the descriptor of the file that was made."""
    made, = positions(calls, "openat", r".*O_EXCL.* = \d+$")
    rest = calls[made][1]
    assert "O_CREAT" in rest and "O_NOFOLLOW" in rest
    name = re.match(r'\d+, "(\w+)"', rest).group(1)
    return made, name, rest.rpartition(" = ")[2]


def test_a_drop_file_is_synced(site):
    """After its last octet, and before anybody is told."""
    done, calls = traced(site)
    assert done.returncode == 0, done
    made, name, fd = drop_file(calls)
    last = positions(calls, "write", fd + ", ")[-1]
    synced, = positions(calls, "fsync", fd + r"\) += 0$")
    over, = positions(calls, "exit_group", r"0\)")
    assert made < last < synced < over
    assert site.dropped() == [name]


def test_names_are_not_to_be_guessed(site):
    for _ in range(8):
        site.submit("a@example.net", stdin=TEXT)
    names = site.dropped()
    assert len(names) == 8
    assert all(re.fullmatch("[0-9a-f]{32,}", name) for name in names)
    assert len({name[:8] for name in names}) == 8


@needs_root
def test_elsewhere_the_whole_file_system_is_synced(site):
    done, calls = traced(site, tmpfs=True)
    assert done.returncode == 0, done
    _, _, fd = drop_file(calls)
    last = positions(calls, "write", fd + ", ")[-1]
    synced, = positions(calls, "syncfs", fd + r"\) += 0$")
    over, = positions(calls, "exit_group", r"0\)")
    assert last < synced < over


@needs_root
@pytest.mark.parametrize("call, tmpfs", [("fsync", False), ("syncfs", True)])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_what_cannot_be_synced_is_not_taken(site, call, tmpfs, error):
    done, calls = traced(site, "%s:error=%s" % (call, error), tmpfs)
    assert done.returncode == TEMPFAIL and "sync" in done.stderr
    _, name, _ = drop_file(calls)
    assert positions(calls, "unlinkat", r'\d+, "%s", 0\) = 0' % name)
    assert not site.dropped()
