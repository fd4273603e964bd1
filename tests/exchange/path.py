# SPDX-License-Identifier: ISC
"""Somebody in the path: relays between client and server, and at one moment
does one thing.  What it can do is what anybody there can."""

import contextlib
import select
import socket
import struct
import threading

SAID = b"421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update " \
    b"your client to support TLS 1.2. Visit https://aka.ms/smtp_auth_tls.\r\n"


def alert(number):
    """A fatal one, as a server sends it."""
    return bytes([21, 3, 1, 0, 2, 2, number])


# A ServerHello of TLS 1.0, as a server sends that knows no later one.
OLD_HELLO = bytes([22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1]) + b"r" * 32 + \
    bytes([0, 0xc0, 0x13, 0])

# In place of what the server says then; record-N is its Nth record of TLS.
# At client-hello the server hears nothing of it.
MOMENTS = ("connect", "greeting", "ehlo", "starttls", "client-hello",
           "record-1", "record-2", "record-3", "record-5")

OCTETS = {"plain": b"250 2.0.0 OK\r\n", "said": SAID, "alert-40": alert(40),
          "alert-70": alert(70), "alert-80": alert(80),
          "old-hello": OLD_HELLO, "garbage": b"\0" * 64}
DEEDS = ("rst", "close", "stall", "delay", "downgrade", *OCTETS)

DELAY = 0.3


def downgraded(hello):
    """A ClientHello that asks for TLS 1.0: the record, changed."""
    body = bytearray(hello[5:])
    body[4:6] = b"\x03\x01"
    at = 6 + 32
    at += 1 + body[at]                                  # session id
    at += 2 + int.from_bytes(body[at:at + 2], "big")    # ciphers
    at += 1 + body[at]                                  # compressions
    kept, rest = bytearray(), body[at + 2:]
    while rest:
        kind, size = struct.unpack_from(">HH", rest)
        if kind != 43:  # supported_versions
            kept += rest[:4 + size]
        rest = rest[4 + size:]
    body[at:] = struct.pack(">H", len(kept)) + kept
    body[1:4] = (len(body) - 4).to_bytes(3, "big")
    return b"\x16\x03\x01" + struct.pack(">H", len(body)) + bytes(body)


class _Over(Exception):
    """This connection ends."""


class Path:
    """Listens where the client believes the server to be."""

    def __init__(self, server, moment, deed, host="127.0.0.1"):
        self.server, self.moment, self.deed = server, moment, deed
        self.changed = threading.Condition()
        self.connections = self.struck = 0
        self._ended = threading.Event()
        self._listening = socket.create_server((host, 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True,
                         name="path-accept").start()

    def stop(self):
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def wait(self, true, seconds=60):
        """Until true() holds, which looks at the figures."""
        with self.changed:
            assert self.changed.wait_for(true, seconds), \
                "%s at %s: %d connections" % (self.deed, self.moment,
                                              self.connections)

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(client,), daemon=True,
                             name="path-session").start()

    def _serve(self, client):
        with client, contextlib.suppress(_Over, OSError), \
                socket.create_connection((self.server.host,
                                          self.server.port)) as server:
            self._strike("connect", client, b"")
            self._relay(client, server)

    def _relay(self, client, server):
        replies, hello, said, records = 0, False, b"", 0
        while not self._ended.is_set():
            ready, _, _ = select.select([client, server], [], [], 1)
            if client in ready:
                data = self._read(client)
                if replies == 3 and not hello:
                    hello = True
                    data = self._strike("client-hello", client, data)
                server.sendall(data)
            if server not in ready:
                continue
            data = self._read(server)
            if replies < 3:
                replies += 1
                client.sendall(self._strike(MOMENTS[replies], client, data))
                continue
            said += data
            while len(said) >= 5:
                size = 5 + int.from_bytes(said[3:5], "big")
                if len(said) < size:
                    break
                records += 1
                client.sendall(self._strike("record-%d" % records, client,
                                            said[:size]))
                said = said[size:]

    @staticmethod
    def _read(sock):
        data = sock.recv(65536)
        if not data:
            raise _Over()
        return data

    def _strike(self, moment, client, data):
        """What goes on in place of data; the end, most of the time."""
        if moment != self.moment:
            return data
        with self.changed:
            self.struck += 1
            self.changed.notify_all()
        if self.deed == "downgrade":
            return downgraded(data)
        if self.deed == "delay":
            self._ended.wait(DELAY)
            return data
        if self.deed == "stall":
            while not self._ended.wait(0) and self._is_there(client):
                pass
        elif self.deed == "rst":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        elif self.deed != "close":
            client.sendall(OCTETS[self.deed])
            self._say_goodbye(client)
        raise _Over()

    @staticmethod
    def _is_there(client):
        """Until it leaves: it may say more meanwhile."""
        ready, _, _ = select.select([client], [], [], 1)
        return not ready or bool(client.recv(65536))

    @staticmethod
    def _say_goodbye(client):
        """Closes so that what was sent arrives, whatever is still unread."""
        client.shutdown(socket.SHUT_WR)
        client.settimeout(2)
        while client.recv(65536):
            pass
