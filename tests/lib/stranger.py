# SPDX-License-Identifier: ISC
"""Somebody else on the host: what a test does as another user."""

import contextlib
import ctypes
import os
import pwd
import select
import signal
import struct
import traceback

from .fakedaemon import END, field, frame

_libc = ctypes.CDLL(None, use_errno=True)

IN_ALL_EVENTS = 0xfff
IN_NONBLOCK = 0o4000
IN_CLOEXEC = 0o2000000

MAGIC = b"mailchute drop 1\n"
ENVELOPE, RCPTS, DATA = 2, 3, 4
SF_VERSION, SF_ID, SF_CREATED, SF_SENDER, SF_RCPT = 1, 3, 4, 5, 13
SF_SIZE = 17


def number(n):
    return struct.pack("!Q", n)


def drop_frames(rcpt, text=b"Subject: x\r\n\r\nhello\r\n", sender="games",
                ident=None):
    """A whole drop file, as sendmail writes it; a list of its frames."""
    return [
        MAGIC,
        frame(ENVELOPE, field(SF_VERSION, number(1))
              + field(SF_ID, ident or os.urandom(16))
              + field(SF_CREATED, number(1700000000))
              + field(SF_SENDER, sender.encode())),
        frame(RCPTS, field(SF_RCPT, rcpt.encode())),
        *[frame(DATA, text[at:at + 65536])
          for at in range(0, len(text), 65536)],
        frame(END, field(SF_SIZE, number(len(text))))]


def drop_file(rcpt, text=b"Subject: x\r\n\r\nhello\r\n", **how):
    return b"".join(drop_frames(rcpt, text, **how))


def write(path, data, mode=0o640):
    """A new file of the caller's, of that mode whatever his umask."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.fchmod(fd, mode)
        os.write(fd, data)
    finally:
        os.close(fd)


def become(user):
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    os.umask(0o022)


def _child(user, function, *args):
    """Forks; the child becomes user and ends with function's success."""
    pid = os.fork()
    if pid != 0:
        return pid
    status = 1
    try:
        become(user)
        function(*args)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def act(user, function, *args):
    """Does it as user, in a process of its own, to the end."""
    pid = _child(user, function, *args)
    assert os.waitpid(pid, 0)[1] == 0, "what %s did failed" % user


class Held:
    """What somebody does for as long as a test needs it.

    function(over) is called in a process of user's and keeps going until
    over() is true; over(True) waits for that.  What it holds when it first
    asks is held when the with statement begins.
    """

    def __init__(self, user, function):
        self.user, self.function = user, function

    def __enter__(self):
        ready, self._ready = os.pipe()
        self._asked, self._over = os.pipe()
        self.pid = _child(self.user, self._run)
        os.close(self._ready)
        os.close(self._asked)
        try:
            assert os.read(ready, 1) == b"!", "it did not come to be"
        finally:
            os.close(ready)
        return self

    def _run(self):
        told = []

        def over(wait=False):
            if not told:
                os.write(self._ready, b"!")
                told.append(True)
            return bool(select.select([self._asked], [], [],
                                      None if wait else 0)[0])
        self.function(over)

    def stop(self):
        """Lets it end; once."""
        if self.pid is None:
            return
        # A word, since a closed end may be open in a process made later.
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            os.write(self._over, b".")
        os.close(self._over)
        pid, self.pid = self.pid, None
        assert os.waitpid(pid, 0)[1] == 0, "what %s did failed" % self.user

    def __exit__(self, kind, *exc):
        if kind is None:
            self.stop()
        elif self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


class Eyes:
    """Sees whether anything is done to a path: opened, read, changed."""

    def __init__(self, *paths):
        self._fd = _libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK)
        for path in paths:
            if _libc.inotify_add_watch(self._fd, os.fsencode(path),
                                       IN_ALL_EVENTS) < 0:
                raise OSError(ctypes.get_errno(), path)

    def seen(self):
        try:
            return os.read(self._fd, 65536)
        except BlockingIOError:
            return b""

    def close(self):
        os.close(self._fd)


@contextlib.contextmanager
def stopped(pid):
    """A process that is stopped meanwhile, for certain."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while state(pid) not in "Tt":
            os.sched_yield()
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _stat(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(")")[2].split()


def state(pid):
    """The letter of proc(5)."""
    return _stat(pid)[0]


def cpu(pid):
    """Ticks of processor time that it has used."""
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12])
