# SPDX-License-Identifier: ISC
"""Octets in and out of one connection: TLS, the delay line, the dot.

The delay line stands for a round trip: with a delay of N seconds a reply
leaves N seconds after the bytes it answers arrived, so that commands sent in
one flight are answered in one flight.
"""

import collections
import select
import socket
import ssl
import struct
import threading
import time

READ = 256 * 1024
LINE_MAX = 64 * 1024  # an XOAUTH2 line holds a token


class Gone(Exception):
    """The peer ended the connection, or the server is stopping."""


class Wire:
    def __init__(self, sock, delay, on_plain):
        self.sock = sock
        self.tls = False
        self._delay = delay          # a function: seconds
        self._on_plain = on_plain    # told of everything read outside TLS
        self._in = bytearray()
        self._taken = 0              # octets handed out since the start
        self._arrived = collections.deque()  # (octets in all, when)
        self._total = 0
        self._at = time.monotonic()  # arrival of what is answered now
        self._out = []               # (due, bytes)
        self._closing = threading.Lock()
        self._is_woken = self._is_closed = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # ---- reading --------------------------------------------------------

    def line(self):
        """One command line without its end, and whether that was CRLF."""
        start = 0
        while True:
            end = self._in.find(b"\n", start)
            if end >= 0:
                break
            if len(self._in) > LINE_MAX:
                raise Gone("line of over %d octets" % LINE_MAX)
            start = len(self._in)
            self._more()
        raw = bytes(self._in[:end + 1])
        self._take(end + 1)
        crlf = raw.endswith(b"\r\n")
        return raw[:-2] if crlf else raw[:-1], crlf

    def exactly(self, n):
        """Yields the next n octets in pieces, as they come."""
        while n > 0:
            if not self._in:
                self._more()
            piece = bytes(self._in[:n])
            self._take(len(piece))
            n -= len(piece)
            yield piece

    def until_dot(self):
        """Yields a DATA body in pieces, dots undone, to its <CRLF>.<CRLF>.

        Nothing but these five octets ends it: that is what defeats smuggling.
        """
        pending = bytearray(b"\r\n")  # so that a first line is like any other
        lead = 2                      # which is not part of the message
        while True:
            end = pending.find(b"\r\n.\r\n")
            if end >= 0:
                self._put_back(bytes(pending[end + 5:]))
                yield bytes(pending[:end + 2].replace(b"\r\n.", b"\r\n"))[lead:]
                return
            # All before the last line end is whole; what stays begins with
            # that line end.
            cut = pending.rfind(b"\r\n")
            if cut > 0:
                yield bytes(pending[:cut].replace(b"\r\n.", b"\r\n"))[lead:]
                del pending[:cut]
                lead = 0
            if not self._in:
                self._more()
            pending += self._in
            self._take(len(self._in))

    def waiting(self):
        """Octets read but not yet used."""
        return bytes(self._in)

    def drop_waiting(self):
        data = bytes(self._in)
        self._take(len(data))
        return data

    def await_octets(self):
        """Waits until the client has said something not yet used."""
        if not self._in:
            self._more()

    def _more(self):
        self.flush()
        try:
            data = self.sock.recv(READ)
        except (OSError, ValueError) as e:
            raise Gone(str(e)) from None
        if not data:
            raise Gone("closed by the client")
        self._got(data)

    def _got(self, data):
        if not self.tls:
            self._on_plain(data)
        self._in += data
        self._total += len(data)
        self._arrived.append((self._total, time.monotonic()))

    def _take(self, n):
        del self._in[:n]
        self._taken += n
        while self._arrived and self._arrived[0][0] < self._taken:
            self._arrived.popleft()
        if self._arrived:
            self._at = self._arrived[0][1]

    def _put_back(self, data):
        self._in[:0] = data
        self._taken -= len(data)

    # ---- writing --------------------------------------------------------

    def put(self, data):
        """Queues a reply to what was read last; flush or a read sends it."""
        self._out.append((self._at + self._delay(), data))

    def flush(self):
        while self._out:
            due, data = self._out.pop(0)
            left = due - time.monotonic()
            if left > 0:
                self._listen(left)
            else:
                while self._out and self._out[0][0] <= time.monotonic():
                    data += self._out.pop(0)[1]
            self.send(data)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (OSError, ValueError) as e:
            raise Gone(str(e)) from None

    def _listen(self, seconds):
        """Waits, and notes when anything arrives meanwhile."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            ready, _, _ = select.select([self.sock], [], [], left)
            if not ready:
                return
            try:
                self.sock.settimeout(0)
                data = self.sock.recv(READ)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            except (OSError, ValueError):
                data = b""
            finally:
                self.sock.settimeout(None)
            if not data:  # the end shows itself again at the next read
                time.sleep(max(0, end - time.monotonic()))
                return
            self._got(data)

    def pause(self, seconds):
        """Lets time pass before the next reply."""
        self.flush()
        self._listen(seconds)

    def stall(self, fault):
        """Says nothing until the fault is released or the client leaves."""
        self.flush()
        watch = select.poll()
        watch.register(self.sock, select.POLLRDHUP)
        watch.register(fault.released, select.POLLIN)
        for fd, _ in watch.poll():
            if fd != fault.released:
                raise Gone("closed by the client while stalled")

    def has_client(self):
        """Has the client not closed it, whether or not we have seen its end?
        One that closes before it comes again is gone by then."""
        fd = self.sock.fileno()
        if fd < 0:  # it is in the hands of TLS just now, or closed
            return not self._is_closed
        watch = select.poll()
        watch.register(fd, select.POLLRDHUP)
        return not watch.poll(0)

    # ---- TLS and the end ------------------------------------------------

    def start_tls(self, context):
        """The server's side of a handshake; ssl.SSLError when it fails."""
        self.flush()
        self.sock = context.wrap_socket(self.sock, server_side=True,
                                        do_handshake_on_connect=False)
        if self._is_woken:
            raise Gone("ended by the server")
        self.sock.do_handshake()
        self.tls = True

    def wake(self):
        """Ends a read in another thread, and the session with it."""
        self._is_woken = True
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self, rst=False):
        with self._closing:
            if self.sock.fileno() < 0:
                return
            if rst:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
            else:
                self._say_goodbye()
            self._is_closed = True
            self.sock.close()

    def _say_goodbye(self):
        """Closes so that what was sent arrives, whatever is still unread."""
        try:
            if self.tls:
                self.sock.settimeout(0)
                try:
                    self.sock.unwrap()
                except (OSError, ValueError):
                    pass
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            self.sock.settimeout(2)
            while self.sock.recv(READ):
                pass
        except (OSError, ValueError):
            pass
