# SPDX-License-Identifier: ISC
"""Kills and errors at single system calls, by strace(1).

A place is the nth call of a name in one process, which is how strace counts.
What happens is traced once, which enumerates its places; then a blow falls on
one of them at a time.
"""

import collections
import contextlib
import re
import subprocess
from dataclasses import dataclass

from .site import sanitized

KILL = "SIGKILL"

# The calls whose order or outcome may matter, and what the kernel may say to
# each.  "EINTR" comes once at most: nothing interrupts for ever.
CALLS = {
    "accept4": ["EMFILE", "ECONNABORTED"],
    "bind": ["EADDRINUSE"],
    "chmod": ["EIO"],
    "clone": ["EAGAIN"],
    "clone3": ["EAGAIN"],
    "close_range": [],
    "connect": ["ECONNREFUSED", "EINTR"],
    "epoll_wait": ["EINTR"],
    "execve": ["EIO"],
    "fallocate": ["ENOSPC"],
    "fchmod": ["EIO"],
    "fchown": ["EIO"],
    "fcntl": ["ENOLCK"],
    "fdatasync": ["EIO", "ENOSPC"],
    "fsync": ["EIO", "ENOSPC"],
    "ftruncate": ["EIO"],
    "getdents64": ["EIO"],
    "getsockopt": ["ENOBUFS"],
    "link": ["EIO"],
    "linkat": ["EIO"],
    "lseek": ["EIO"],
    "mmap": ["ENOMEM"],
    "newfstatat": ["EIO"],
    "open": ["EIO", "EMFILE"],
    "openat": ["EIO", "EMFILE"],
    "pipe2": ["EMFILE"],
    "poll": ["EINTR"],
    "ppoll": ["EINTR"],
    "pread64": ["EIO"],
    "pwrite64": ["EIO", "ENOSPC"],
    "read": ["EIO", "EINTR"],
    "recvfrom": ["ECONNRESET", "EINTR"],
    "recvmsg": ["ECONNRESET", "EINTR"],
    "rename": ["EIO"],
    "renameat": ["EIO"],
    "sendmsg": ["ENOBUFS", "EINTR"],
    "sendto": ["ENOBUFS", "EINTR"],
    "socket": ["EMFILE"],
    "socketpair": ["EMFILE"],
    "statfs": ["EIO"],
    "syncfs": ["EIO"],
    "unlink": ["EIO"],
    "unlinkat": ["EIO"],
    "wait4": ["EINTR"],
    "write": ["EIO", "ENOSPC", "EINTR"],
    "writev": ["EIO", "ENOSPC"],
}

# A kill between two locks of a file is one before the next write.
ONLY_ERRORS = {"fcntl", "getsockopt", "lseek"}

LINE = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")
CUT = " <unfinished ...>"
RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)")


@dataclass(frozen=True)
class Point:
    """One blow at one place."""

    call: str
    nth: int
    blow: str               # KILL, or an error
    for_ever: bool = False  # from there on

    def __str__(self):
        return "%s %s %d%s" % (self.blow, self.call, self.nth,
                               " and on" if self.for_ever else "")

    def options(self):
        how = "signal" if self.blow == KILL else "error"
        return ["-e", "trace=" + self.call, "-e", "inject=%s:%s=%s:when=%d%s"
                % (self.call, how, self.blow, self.nth,
                   "+" if self.for_ever else "")]

    def was_hit(self, trace):
        """trace: what strace has written."""
        return ("+++ killed by " + KILL if self.blow == KILL
                else "(INJECTED)") in trace


ALL_CALLS = ["-e", "trace=" + ",".join("?" + call for call in CALLS)]


def read(path):
    """What strace has written so far."""
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def joined(trace):
    """Its lines; a call during which another process did something, which strace
    tells in two lines, is one, where it began."""
    lines, cut = [], {}
    for line in trace.splitlines():
        resumed = RESUMED.match(line)
        if resumed and resumed[1] in cut:
            lines[cut.pop(resumed[1])] += resumed[2]
            continue
        if line.endswith(CUT):
            line = line[:-len(CUT)]
            cut[line.split()[0]] = len(lines)
        lines.append(line)
    return lines


def calls_of(trace):
    """The calls in their order, as {(name, nth): the rest of the line}; of
    several processes each counts for itself."""
    seen = collections.Counter()
    found = {}
    for line in trace.splitlines():
        match = LINE.match(line)
        if match and match[2] in CALLS:
            seen[match[1], match[2]] += 1
            found.setdefault((match[2], seen[match[1], match[2]]), match[3])
    return found


def points_at(places, only_kills=(), for_ever_each=5):
    """Each blow at each (call, nth); a sample of them for ever."""
    points = []
    for i, (call, nth) in enumerate(places):
        if call not in ONLY_ERRORS:
            points.append(Point(call, nth, KILL))
        if (call, nth) in only_kills or (call == "mmap" and sanitized()):
            continue  # a sanitizer reports that it gets no memory
        for error in CALLS[call]:
            points.append(Point(call, nth, error))
            if error != "EINTR" and i % for_ever_each == 0:
                points.append(Point(call, nth, error, True))
    return points


@contextlib.contextmanager
def attached(pid, path, options):
    """strace at a process that runs; it lets go at the end."""
    tracer = subprocess.Popen(
        ["strace", "-o", path, *options, "-p", str(pid)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    try:
        word = tracer.stderr.readline()
        assert "attached" in word, word
        yield tracer
    finally:
        tracer.terminate()
        tracer.wait(60)
        tracer.stderr.close()
