# SPDX-License-Identifier: ISC
"""A name server as small as can be, and a view of /etc that names it."""

import socket
import struct
import threading

# Bind mounts in a mount namespace of its own; then the command.
VIEW = """
mount --make-rprivate / &&
mount --bind "$1" /etc/resolv.conf &&
mount --bind "$2" /etc/nsswitch.conf &&
mount --bind "$3" /etc/hosts || exit 71
shift 3
exec "$@"
"""


class NameServer:
    """Answers A for the names it has; others do not exist."""

    def __init__(self, address, names):
        self.names = {n.lower(): a for n, a in names.items()}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if len(query) < 12:  # the word to end
                return
            self.socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack("!H", query[at + 1:at + 3])
        question = query[12:at + 5]
        address = self.names.get(".".join(labels).lower())
        answers = b""
        if address is not None and kind == 1:
            answers = (b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4)
                       + socket.inet_aton(address))
        flags = 0x8180 if address is not None else 0x8183
        return (query[:2] + struct.pack("!HHHHH", flags, 1, 1 if answers else 0,
                                        0, 0) + question + answers)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def view(site, server, known="127.0.0.1 localhost\n"):
    """What to start a daemon through, so that it asks that name server for
    what does not stand in the file of hosts that is given."""
    resolv = site.write("resolv.conf", "nameserver %s\n" % server)
    switch = site.write("nsswitch.conf", "passwd: files\ngroup: files\n"
                        "hosts: files dns\n")
    hosts = site.write("hosts", known)
    return ["unshare", "-m", "sh", "-c", VIEW, "sh", resolv, switch, hosts]
