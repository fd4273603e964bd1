# SPDX-License-Identifier: ISC
"""A file system of a test's own, as small as is wanted: it can be filled."""

import os
import subprocess

MIB = 1024 * 1024


class Disk:
    """A tmpfs at a folder that is there; it gets the folder's owner and
    mode, and hides what lay in it."""

    def __init__(self, path, size):
        self.path = path
        was = os.stat(path)
        self._mount("-t", "tmpfs", "-o", "size=%d,uid=%d,gid=%d,mode=%o" % (
            size, was.st_uid, was.st_gid, was.st_mode & 0o7777), "mailchute-test", path)

    @staticmethod
    def _mount(*args):
        subprocess.run(["mount", *args], check=True)

    def free(self):
        """Octets that may still be written."""
        st = os.statvfs(self.path)
        return st.f_bavail * st.f_frsize

    def fill(self, leave=0):
        """Takes all the room but so much."""
        with open(os.path.join(self.path, ".filler"), "ab") as f:
            room = self.free() - leave
            if room > 0:
                os.posix_fallocate(f.fileno(), f.tell(), room)

    def empty(self):
        """Gives that room back."""
        os.unlink(os.path.join(self.path, ".filler"))

    def read_only(self):
        """Refused while a file is open for writing."""
        self._mount("-o", "remount,ro", self.path)

    def writable(self):
        self._mount("-o", "remount,rw", self.path)

    def close(self):
        """Whoever still works in it may end later."""
        subprocess.run(["umount", "-l", self.path], check=True)
