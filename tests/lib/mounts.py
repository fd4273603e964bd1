# SPDX-License-Identifier: ISC
"""A folder of this machine with other content, for one test alone."""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNS = 0x20000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(rc, what):
    if rc != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


@contextlib.contextmanager
def covered(folder, content):
    """For the calling thread, and all that it starts meanwhile."""
    here = os.getcwd()
    before = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.unshare(CLONE_NEWNS), "unshare")
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            subprocess.run(["mount", "--bind", str(content), folder],
                           check=True)
            yield
        finally:
            _check(_libc.setns(before, CLONE_NEWNS), "setns")
            os.chdir(here)
    finally:
        os.close(before)
