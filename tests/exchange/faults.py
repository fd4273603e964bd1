# SPDX-License-Identifier: ISC
"""Scripted faults: what the server does wrong, in which state, how often."""

import os
import threading
from dataclasses import dataclass, field, fields

# Where a fault can strike, in the order of a session.  "ehlo" is the first
# EHLO or HELO, "ehlo2" the one inside TLS.  "auth" is the verdict on the
# credentials, "auth_user" and "auth_password" the two prompts of LOGIN.
# "body" is the time while the message comes, "dot" the answer to its end,
# after DATA and after BDAT LAST alike; "bdat" is the answer to an earlier
# chunk.  "idle" follows the answer to a message.
STATES = ("greeting", "ehlo", "starttls", "handshake", "ehlo2", "auth_user",
          "auth_password", "auth", "mail", "rcpt", "data", "body", "bdat",
          "dot", "idle", "rset", "noop", "quit")

FOREVER = 0


@dataclass
class Scripted:
    """What every fault has: where and how often it strikes."""

    STATES = ()

    state: str
    nth: int = 1
    count: int = 1
    match: str = None
    delay: float = 0.0
    stall: bool = False
    raw: bytes = None
    drip: float = 0.0
    close: bool = False
    rst: bool = False
    after: int = 0
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def __post_init__(self):
        if self.state not in self.STATES:
            raise ValueError("no state %r: one of %s"
                             % (self.state, ", ".join(self.STATES)))
        if self.count == "forever":
            self.count = FOREVER
        if isinstance(self.raw, str):
            self.raw = self.raw.encode("latin-1")
        self.released = os.eventfd(0)  # readable once it is released

    def __del__(self):
        if hasattr(self, "released"):
            os.close(self.released)

    def release(self):
        """Ends a stall; the session then goes on as if nothing had been."""
        os.eventfd_write(self.released, 1)

    def strikes(self, state, text):
        """Is it now?  Counts, so that each occasion is asked about once."""
        if state != self.state:
            return False
        if self.match and self.match.lower() not in text.lower():
            return False
        if self.count != FOREVER and self.struck >= self.count:
            return False
        self.seen += 1
        if self.seen < self.nth:
            return False
        self.struck += 1
        return True

    @classmethod
    def parse(cls, words):
        """One from words as "state=mail reply='421 4.3.2 x' count=2"."""
        types = {f.name: f.type for f in fields(cls) if f.init}
        how = {}
        for word in words:
            name, eq, value = word.partition("=")
            if name not in types:
                raise ValueError("no such part of a fault: %r" % name)
            kind = types[name]
            if kind is bool:
                how[name] = not eq or value not in ("no", "0", "false")
            elif kind is int:
                how[name] = FOREVER if value == "forever" else int(value)
            elif kind is float:
                how[name] = float(value)
            elif kind is bytes:
                how[name] = value.encode().decode("unicode_escape") \
                    .encode("latin-1")
            else:
                how[name] = value.replace("\\n", "\n")
        return cls(**how)


@dataclass
class Fault(Scripted):
    """One fault of the SMTP server.

    It strikes the nth time its state is reached, counted from when the fault
    was added, and then count times in all ("forever" or 0: without end).
    match restricts it to commands that hold that text, case ignored.

    What happens, in this order; all parts may be combined:
      delay   seconds before anything else
      stall   nothing at all until release() or until the client goes away
      reply   stands in place of the usual reply (several lines: "\\n");
              one of 4yz or 5yz also takes the place of the action
      raw     bytes sent as they are, in place of a reply; unless they begin
              with 2 or 3 the action is not done
      drip    seconds between the octets of the reply
      close, rst   the connection ends, by FIN or by RST; a 421 closes anyway
    after: in state "body", strike when so many octets have come.
    drop_after_accept: in state "dot", the message is kept, the connection is
    dropped, and the client hears nothing.
    """

    STATES = STATES

    reply: str = None
    drop_after_accept: bool = False

    @property
    def ends(self):
        """Does the connection end with it?"""
        return bool(self.close or self.rst or self.drop_after_accept
                    or (self.reply or "").startswith("421"))

    @property
    def refuses(self):
        """Does the reply take the place of the action?"""
        if self.reply is not None:
            return self.reply[:1] in "45"
        if self.raw is not None:
            return self.raw[:1] not in (b"2", b"3")
        return self.close or self.rst


class Faults:
    """The list in force.  Tests change it while the server runs."""

    def __init__(self, kind=Fault):
        self.kind = kind
        self._lock = threading.Lock()
        self._list = []

    def add(self, fault=None, **how):
        """Adds a Fault, or one made of the keywords; returns it."""
        if isinstance(fault, dict):
            fault = self.kind(**fault)
        fault = fault or self.kind(**how)
        with self._lock:
            self._list.append(fault)
        return fault

    def clear(self):
        """Takes all away and ends every stall."""
        with self._lock:
            gone, self._list = self._list, []
        for fault in gone:
            fault.release()

    def release(self):
        """Ends every stall."""
        with self._lock:
            for fault in self._list:
                fault.release()

    def take(self, state, text=""):
        """The fault to suffer now, or None.  The first of the list wins."""
        with self._lock:
            for fault in self._list:
                if fault.strikes(state, text):
                    return fault
        return None
