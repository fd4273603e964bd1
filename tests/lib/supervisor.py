# SPDX-License-Identifier: ISC
"""A service manager as small as can be: sd_notify(3) and sd_listen_fds(3)."""

import os
import socket

from .notify import DEADLINE

# Puts descriptors where the protocol has them, and becomes the command.
BECOME = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(fds))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Supervisor:
    """Hears what a service says of itself."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.settimeout(DEADLINE)

    def hear(self):
        """The lines of the next message."""
        return self.socket.recv(4096).decode().splitlines()

    def wait_for(self, line):
        """Waits for a message that holds the line; returns its lines."""
        while True:
            lines = self.hear()
            if line in lines:
                return lines

    def close(self):
        self.socket.close()


def listening(path):
    """A socket as a .socket unit makes one."""
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o666)
    s.listen(64)
    return s


def lend(site, sockets, names, **env):
    """Starts the site's daemon with these sockets in its hands."""
    fds = [s.fileno() for s in sockets]
    return site.spawn(
        through=["/usr/bin/python3", "-c", BECOME, ",".join(map(str, fds))],
        pass_fds=fds, env=site.environment(LISTEN_FDNAMES=names, **env))
