# SPDX-License-Identifier: ISC
"""The server: options, sockets, one thread a connection."""

import base64
import contextlib
import datetime
import fnmatch
import socket
import ssl
import threading
import warnings
from dataclasses import dataclass, field, fields

from .faults import Faults
from .record import Record
from .session import Session
from .wire import Wire

TLS_VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
                "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass
class Options:
    """How the server is; each may be changed while it runs, for what follows.

    provider "smtp" makes it any server of these days: AUTH PLAIN and LOGIN,
    the null sender taken, no Send As check, no limit of connections.
    """

    provider: str = "office365"
    users: dict = field(default_factory=dict)   # address: password
    tokens: dict = field(default_factory=dict)  # address: access token
    send_as_also: list = field(default_factory=list)  # patterns of From
    send_as: bool = None
    null_sender: bool = None
    auth_required: bool = True
    mechanisms: list = None
    auth_failure: str = None  # text in place of the usual 535
    close_after_auth_failure: bool = False
    initial_response: bool = True  # False: XOAUTH2 asks, whatever came along
    token_reason: str = None  # JSON of a 334 that precedes the refusal
    recipient_replies: dict = field(default_factory=dict)  # pattern: reply
    recipients: int = 500
    connections: int = None   # more at once of one mailbox: 432; 0: no limit
    size: int = 157286400
    keep: int = 16 * 1024 * 1024  # of larger messages only the head is kept
    hostname: str = "MRXP264CA0042.outlook.office365.com"
    backend: str = "MR1P264MB0042.FRAP264.PROD.OUTLOOK.COM"
    session_id: str = None    # None: a new one each time
    starttls: bool = True
    implicit_tls: bool = False
    tls_min: str = "1.2"
    tls_max: str = "1.3"
    tls_ciphers: str = None
    extensions: list = field(default_factory=lambda: [
        "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "BINARYMIME",
        "CHUNKING", "SMTPUTF8"])
    tarpit: float = 0.0       # seconds before each 5yz reply; the real: 5
    delay_ms: float = 0.0     # the round trip simulated

    def __post_init__(self):
        office = self.provider == "office365"
        if self.send_as is None:
            self.send_as = office
        if self.null_sender is None:
            self.null_sender = not office
        if self.mechanisms is None:
            self.mechanisms = ["LOGIN", "XOAUTH2"] if office else \
                ["PLAIN", "LOGIN", "XOAUTH2"]
        if self.connections is None:
            self.connections = 3 if office else 0

    def greeting(self, session_id):
        now = datetime.datetime.now(datetime.timezone.utc)
        date = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
        if self.provider == "smtp":
            return "220 %s ESMTP" % self.hostname
        return "220 %s Microsoft ESMTP MAIL Service ready at %s [%s]" % (
            self.hostname, date, session_id)

    def mechanisms_now(self, tls):
        return self.mechanisms if tls else []

    def offers(self, tls):
        """The EHLO lines after the first, in Exchange Online's order."""
        lines = ["SIZE %d" % self.size]
        lines += [e for e in ("PIPELINING", "DSN", "ENHANCEDSTATUSCODES")
                  if e in self.extensions]
        if not tls and self.starttls:
            lines.append("STARTTLS")
        if self.mechanisms_now(tls):
            lines.append("AUTH " + " ".join(self.mechanisms_now(tls)))
        lines += [e for e in self.extensions
                  if e not in ("PIPELINING", "DSN", "ENHANCEDSTATUSCODES")]
        return lines

    def recipient_reply(self, address):
        for pattern, reply in self.recipient_replies.items():
            if fnmatch.fnmatchcase(address.lower(), pattern.lower()):
                return reply
        return "250 2.1.5 Recipient OK"


class NamedSocket(ssl.SSLSocket):
    """A TLS socket that remembers the name the client asked for (SNI)."""

    wanted_name = None


class Exchange:
    """The server.  Keywords are Options; also:

    certificate   of Authority.issue and its like; None: no TLS at all
    host, port    0 takes a free port
    listener      called with each record.Event
    """

    def __init__(self, certificate=None, host="127.0.0.1", port=0,
                 listener=None, **options):
        self.options = Options(**options)
        self.certificate = certificate
        if certificate is None:
            self.options.starttls = False
        self.faults = Faults()
        self.record = Record(listener)
        self.host, self.port = host, port
        self._wires = {}
        self._lock = threading.Lock()
        self._listening = None
        self._context = None

    # ---- life -----------------------------------------------------------

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *exc):
        self.stop()

    def up(self):
        """Starts to listen; the port stays the same over down and up."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, self.port))
        sock.listen(1024)
        self.port = sock.getsockname()[1]
        self._listening = sock
        threading.Thread(target=self._accept, args=(sock,), daemon=True,
                         name="exchange-accept").start()

    def down(self):
        """Stops listening: connections are refused; those open go on."""
        sock, self._listening = self._listening, None
        if sock is not None:
            # A close alone would leave accept(2) waiting in its thread.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def stop(self):
        """Ends everything; nothing is left running."""
        self.down()
        self.faults.clear()
        with self._lock:
            wires = list(self._wires.items())
        for wire, thread in wires:
            wire.wake()
        for wire, thread in wires:
            thread.join(10)

    def disconnect(self):
        """Ends every open connection, as a restart of the server would."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            wire.wake()

    def _accept(self, sock):
        while True:
            try:
                client, peer = sock.accept()
            except OSError:
                return
            # Whoever is told of a connection can end it, and wait for its end.
            with self._lock:
                seen = self.record.connect(peer)
                wire = self._wire(client, seen)
                thread = threading.Thread(target=self._serve,
                                          args=(wire, seen), daemon=True,
                                          name="exchange-session")
                self._wires[wire] = thread
                thread.start()

    def _wire(self, client, seen):
        return Wire(client, lambda: self.options.delay_ms / 1000,
                    lambda data: self._look(seen, data))

    def _serve(self, wire, seen):
        try:
            Session(self, wire, seen).run()
        finally:
            with self._lock:
                self._wires.pop(wire, None)

    # ---- what sessions ask ----------------------------------------------

    def context(self):
        """The TLS context of the options in force.

        It is kept while they stay the same: its ticket keys let a client
        resume.  TLS 1.0 and 1.1 need security level 0; then AES-CBC with
        SHA-1 signatures is what such a server has to offer.
        """
        o = self.options
        which = (self.certificate, o.tls_min, o.tls_max, o.tls_ciphers)
        with self._lock:
            if self._context is None or self._context[0] != which:
                self._context = (which, self._new_context())
            return self._context[1]

    def _new_context(self):
        o = self.options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sslsocket_class = NamedSocket
        old = o.tls_min in ("1.0", "1.1")
        if o.tls_ciphers or old:
            context.set_ciphers(o.tls_ciphers or "DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = TLS_VERSIONS[o.tls_min]
            context.maximum_version = TLS_VERSIONS[o.tls_max]
        context.load_cert_chain(*self.certificate)

        def remember(sock, name, _):
            sock.wanted_name = name
        context.sni_callback = remember
        return context

    def too_many(self, seen):
        """Does the connection's mailbox have too many connections?

        The first ones keep their right: it is the newest that are refused.
        """
        limit = self.options.connections
        if not limit or not seen.user:
            return False
        with self.record.changed:
            older = sum(c.open and c.user == seen.user and c.id < seen.id
                        for c in self.record.connections)
        return older >= limit

    def _look(self, seen, data):
        """Watches what comes outside TLS for any of the secrets."""
        o = self.options
        for secret in [*o.users.values(), *o.tokens.values()]:
            plain = secret.encode()
            if plain in data or base64.b64encode(plain).rstrip(b"=") in data:
                seen.plain_secret = True

    # ---- changes by name, for the control socket -------------------------

    def set(self, name, value):
        """Sets an option from text."""
        kinds = {f.name: f.type for f in fields(Options)}
        kind = kinds.get(name)
        if kind is bool:
            value = value in ("yes", "1", "true", "on")
        elif kind in (int, float):
            value = kind(value)
        elif kind is list:
            value = [v for v in value.split(",") if v]
        elif kind is dict:
            key, _, text = value.partition(":")
            value = {**getattr(self.options, name), key: text}
        elif kind is not str:
            raise ValueError("no option %r; there are: %s"
                             % (name, ", ".join(sorted(kinds))))
        if name.startswith("tls_m") and value not in TLS_VERSIONS:
            raise ValueError("not a TLS version: %r" % value)
        setattr(self.options, name, value)
