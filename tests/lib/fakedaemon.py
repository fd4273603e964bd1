# SPDX-License-Identifier: ISC
"""Something else at the daemon's place: what sendmail meets on a bad day."""

import contextlib
import os
import shutil
import socket
import struct
import threading

GREETING = 1
END = 5
ACCEPTED = 6
REFUSED = 7


def frame(kind, payload=b""):
    return struct.pack("!BI", kind, len(payload)) + payload


def field(tag, value):
    return struct.pack("!BI", tag, len(value)) + value


def greeting(version=1):
    return frame(GREETING, field(1, struct.pack("!Q", version))
                 + field(2, struct.pack("!Q", 0)))


def frames(data):
    """(type, payload) of each whole frame."""
    while len(data) >= 5:
        kind, n = struct.unpack("!BI", data[:5])
        if len(data) < 5 + n:
            return
        yield kind, data[5:5 + n]
        data = data[5 + n:]


class FakeDaemon:
    """Listens in place of the submit socket.

    behave(connection) is called for each client in a thread of its own; the
    connection is closed when it returns.
    """

    def __init__(self, path, behave, backlog=16):
        self.behave = behave
        self.clients = []
        self.arrived = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self._socket.listen(backlog)
        if behave is not None:
            threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for client in self.clients:
            end(client)

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.clients.append(client)
            self.arrived.set()
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError):
            self.behave(client)
        end(client)


def end(connection):
    """Closes it, also under a thread that reads from it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def read_until_end(connection):
    """Reads a whole submission; its frames."""
    data = b""
    while True:
        found = list(frames(data))
        if found and found[-1][0] == END:
            return found
        more = connection.recv(65536)
        if not more:
            return found
        data += more


def relay(real_path, spoil):
    """A behaviour: passes all on to the real daemon, but its answers go
    through spoil(kind, payload), which returns what is sent on, or None to
    close."""
    def behave(client):
        with socket.socket(socket.AF_UNIX) as real:
            real.connect(real_path)
            threading.Thread(target=pump, args=(client, real),
                             daemon=True).start()
            data = b""
            while True:
                more = real.recv(65536)
                if not more:
                    return
                data += more
                for kind, payload in list(frames(data)):
                    n = 5 + len(payload)
                    data = data[n:]
                    out = spoil(kind, payload)
                    if out is None:
                        return
                    client.sendall(out)
    return behave


def pump(source, sink):
    with contextlib.suppress(OSError):
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def copy_as(path, source, uid, gid, mode=0o640):
    """A file of somebody's in the drop folder, there at once as it shall be:
    a daemon that runs would take it before it has its owner."""
    beside = os.path.join(os.path.dirname(os.path.dirname(path)), "coming")
    shutil.copyfile(source, beside)
    os.chmod(beside, mode)
    if os.getuid() == 0:
        os.chown(beside, uid, gid)
    os.rename(beside, path)
