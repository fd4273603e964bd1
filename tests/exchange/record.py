# SPDX-License-Identifier: ISC
"""What the server saw: connections, commands, messages, and how to wait."""

import email
import email.policy
import hashlib
import threading
import time
from dataclasses import dataclass, field

# Seconds; generous, since a busy machine is no failure, and what a client does
# each minute comes once at least.
DEADLINE = 180.0


class Timeout(AssertionError):
    """What a test waited for did not come."""


@dataclass
class Message:
    """One message as it came, whether it was accepted or not.

    raw holds the octets without dot-stuffing and without the final dot, cut
    to the head when there are more than the server was told to keep; size
    and sha256 always speak of all of it.
    """

    connection: int
    sender: str
    mail_params: dict
    recipients: list  # of (address, params), accepted ones only
    refused: list     # of (address, reply)
    how: str          # "DATA" or "BDAT"
    user: str = None
    raw: bytes = b""
    size: int = 0
    sha256: str = ""
    chunks: list = field(default_factory=list)  # sizes of BDAT chunks
    bare_lf: bool = False
    accepted: bool = False
    reply: str = None  # None: none was sent
    at: float = 0.0

    @property
    def addresses(self):
        return [address for address, _ in self.recipients]

    @property
    def parsed(self):
        """The message as email.message.EmailMessage."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def header(self, name):
        """The one value of a header, unfolded; None when there is none."""
        value = email.message_from_bytes(
            self.raw, policy=email.policy.compat32).get(name)
        if value is None:
            return None
        return str(value).replace("\r\n", "").replace("\n", "")

    @property
    def body(self):
        """What follows the header, as octets."""
        return self.raw.partition(b"\r\n\r\n")[2]


@dataclass
class Connection:
    """One connection from its start to its end."""

    id: int
    peer: tuple
    at: float = 0.0
    beside: int = 0  # others that their clients had not closed when it came
    commands: list = field(default_factory=list)  # as received, in the order
    replies: list = field(default_factory=list)
    helo: str = None
    sni: str = None
    tls: str = None       # "TLSv1.3", None without
    cipher: str = None
    resumed: bool = False
    tls_error: str = None
    mechanism: str = None
    user: str = None      # who is signed in
    auths: int = 0        # sign-ins tried
    pipelined: int = 0    # commands that came before the last was answered
    plain_auth: bool = False     # AUTH was said outside TLS
    plain_secret: bool = False   # a known secret came outside TLS
    early_bytes: bytes = b""     # plaintext sent along with STARTTLS
    messages: list = field(default_factory=list)
    quit: bool = False
    open: bool = True
    ended: str = None     # how the connection ended

    def verbs(self):
        """The commands' first words: ["EHLO", "STARTTLS", ...]."""
        return [c.split(" ", 1)[0].upper() for c in self.commands]


@dataclass
class Event:
    kind: str  # connect, command, reply, tls, auth, message, stall, close, ...
    connection: int
    text: str
    at: float


class Record:
    """Everything seen so far; changes under one condition that tests await."""

    def __init__(self, listener=None):
        self.changed = threading.Condition()
        self.connections = []
        self.messages = []  # in the order of their ends, refused ones too
        self.events = []
        self._listeners = [listener] if listener else []
        self._last_id = 0

    def connect(self, peer, beside=0):
        with self.changed:
            self._last_id += 1
            seen = Connection(self._last_id, peer, time.time(), beside)
            self.connections.append(seen)
        self.note(seen, "connect", "from %s port %s" % peer[:2])
        return seen

    def note(self, connection, kind, text=""):
        """Adds an event and wakes who waits."""
        event = Event(kind, connection.id if connection else 0, text,
                      time.time())
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()
        for listener in self._listeners:
            listener(event)

    def listen(self, listener):
        """Has it called with each event from now on."""
        self._listeners.append(listener)

    def add_message(self, connection, message):
        message.at = time.time()
        with self.changed:
            connection.messages.append(message)
            self.messages.append(message)
            self.changed.notify_all()

    # ---- questions ------------------------------------------------------

    @property
    def accepted(self):
        """Messages the server has taken."""
        with self.changed:
            return [m for m in self.messages if m.accepted]

    def of_kind(self, kind):
        with self.changed:
            return [e for e in self.events if e.kind == kind]

    @property
    def auths(self):
        """Sign-ins tried, over all connections."""
        with self.changed:
            return sum(c.auths for c in self.connections)

    @property
    def secrets_in_clear(self):
        """Connections on which a secret, or AUTH itself, came outside TLS."""
        with self.changed:
            return [c for c in self.connections
                    if c.plain_auth or c.plain_secret]

    def wait(self, true, what="a condition", deadline=DEADLINE):
        """Waits until true() is true and returns its value."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                value = true()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout("waited %gs for %s; the server saw:\n%s"
                                  % (deadline, what, self.text()))
                self.changed.wait(left)

    def wait_messages(self, n, deadline=DEADLINE):
        """Waits until n messages were accepted, and returns them all."""
        return self.wait(
            lambda: [m for m in self.messages if m.accepted]
            if sum(m.accepted for m in self.messages) >= n else None,
            "%d accepted messages" % n, deadline)

    def wait_event(self, kind, text="", nth=1, deadline=DEADLINE):
        """Waits for the nth event of a kind that holds the text."""
        def found():
            hits = [e for e in self.events
                    if e.kind == kind and text.lower() in e.text.lower()]
            return hits[nth - 1] if len(hits) >= nth else None
        return self.wait(found, "event %s %r number %d" % (kind, text, nth),
                         deadline)

    def wait_idle(self, deadline=DEADLINE):
        """Waits until every connection has ended."""
        self.wait(lambda: not any(c.open for c in self.connections),
                  "the end of every connection", deadline)

    def text(self):
        """All events as lines, for the report of a failed test."""
        with self.changed:
            events = list(self.events)
        return "\n".join("  [%d] %-8s %s" % (e.connection, e.kind, e.text)
                         for e in events) or "  nothing"

    def forget(self):
        """Empties the record; connections that are open stay in it."""
        with self.changed:
            self.connections = [c for c in self.connections if c.open]
            self.messages = []
            self.events = []


class Keeper:
    """Takes a message's octets as they come: counts, hashes, keeps."""

    HEAD = 65536

    def __init__(self, limit):
        self._limit = limit
        self._parts = []
        self._kept = 0
        self._hash = hashlib.sha256()
        self.size = 0

    def feed(self, data):
        self.size += len(data)
        self._hash.update(data)
        if self._kept < self._limit:
            self._parts.append(bytes(data))
            self._kept += len(data)

    def close(self, message):
        raw = b"".join(self._parts)
        message.raw = raw if self.size <= self._limit else raw[:self.HEAD]
        message.size = self.size
        message.sha256 = self._hash.hexdigest()
