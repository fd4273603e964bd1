# SPDX-License-Identifier: ISC
"""Waiting for changes of a directory, by inotify(7)."""

import ctypes
import os
import select
import time

# Seconds; a busy machine is no failure, and what a daemon does each minute comes
# once at least.
DEADLINE = 180.0
ASK_AGAIN = 1.0  # seconds, for what shows in no directory

_libc = ctypes.CDLL(None, use_errno=True)

IN_MODIFY, IN_ATTRIB, IN_MOVED, IN_CREATE, IN_DELETE = 2, 4, 0xc0, 0x100, 0x200
ANY = IN_MODIFY | IN_ATTRIB | IN_MOVED | IN_CREATE | IN_DELETE
IN_CLOEXEC = 0o2000000


class Watch:
    """Watches directories; wait returns when something changed in one."""

    def __init__(self, *directories):
        self._fd = _libc.inotify_init1(IN_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        for path in directories:
            if _libc.inotify_add_watch(self._fd, os.fsencode(path), ANY) < 0:
                error = ctypes.get_errno()
                self.close()
                raise OSError(error, os.strerror(error), path)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def wait(self, seconds, also=()):
        """False when the time passed; also: more descriptors to watch."""
        ready, _, _ = select.select([self._fd, *also], [], [], max(0, seconds))
        if self._fd in ready:
            os.read(self._fd, 65536)
        return bool(ready)


def wait_until(true, directories, what, deadline=DEADLINE, process=None):
    """Waits until true() holds, asked again after each change, and now and then
    without one: what it asks for may come to pass elsewhere.

    process: a subprocess.Popen whose end makes further waiting useless.
    """
    end = time.monotonic() + deadline
    pidfd = os.pidfd_open(process.pid) if process else -1
    try:
        with Watch(*directories) as watch:
            while True:
                value = true()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("waited %gs for %s"
                                         % (deadline, what))
                watch.wait(min(left, ASK_AGAIN), [pidfd] if process else [])
                if process and process.poll() is not None:
                    value = true()
                    if value:
                        return value
                    raise AssertionError(
                        "the process ended with status %d while a test "
                        "waited for %s" % (process.returncode, what))
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def wait_end(pid, seconds=DEADLINE):
    """Waits until a process has ended; False when the time passed."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([fd], [], [], seconds)
    os.close(fd)
    return bool(ready)
