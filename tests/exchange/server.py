# SPDX-License-Identifier: ISC
"""The server: options, sockets, one thread a connection."""

import datetime
import fnmatch
from dataclasses import dataclass, field

from .faults import Faults
from .forms import forms
from .listener import Listener
from .record import Record
from .session import Session


@dataclass
class Options:
    """How the server is; each may be changed while it runs, for what follows.

    provider "smtp" makes it any server of these days: AUTH PLAIN and LOGIN,
    the null sender taken, no Send As check, no limit of connections.  "hve"
    is High Volume Email, which words its refusals of a token differently.
    """

    provider: str = "office365"
    users: dict = field(default_factory=dict)   # address: password
    tokens: dict = field(default_factory=dict)  # address: access token
    send_as_also: list = field(default_factory=list)  # patterns of From
    send_as: bool = None
    null_sender: bool = None
    auth_required: bool = True
    mechanisms: list = None
    auth_disabled: str = None  # "Tenant" or "Mailbox": SMTP AUTH is off there
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
        office = self.provider != "smtp"
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


class Exchange(Listener):
    """The server.  Keywords are Options; also:

    certificate   of Authority.issue and its like; None: no TLS at all
    host, port    0 takes a free port
    listener      called with each record.Event
    entra         whose tokens sign in (entra.Entra), besides Options.tokens
    """

    def __init__(self, certificate=None, host="127.0.0.1", port=0,
                 listener=None, entra=None, **options):
        super().__init__(certificate, host, port, Options(**options),
                         Faults(), Record(listener))
        self.entra = entra
        if certificate is None:
            self.options.starttls = False

    def session(self, wire, seen):
        return Session(self, wire, seen)

    # ---- what sessions ask ----------------------------------------------

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

    def look(self, seen, data):
        """Watches what comes outside TLS for any of the secrets."""
        o = self.options
        for secret in [*o.users.values(), *o.tokens.values()]:
            if any(form in data for form in forms(secret.encode())):
                seen.plain_secret = True
