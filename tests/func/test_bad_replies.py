# SPDX-License-Identifier: ISC
"""Bad replies through the whole mailchuted: each fault in each state of a session,
and what becomes of the message in the queue, how often it came to the server, what
a secret went over, and what stands in the log and on the screen.

Each cell has an account of its own, so that all of a state are met at once.
tests/dialog/matrix.c has the same at deliver itself, with one flight more.
"""

import re
from dataclasses import dataclass

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")

# What the server says, and what that is to whoever hears it: "lost" is no reply,
# or none that makes sense; "refused" and "bye" are sound; "wrong" is of another
# class than the state allows; "twice" is the right one with one more behind it.
FAULTS = {
    "no-code": ("lost", b"hello there\r\n"),
    "empty-line": ("lost", b"\r\n"),
    "blanks": ("lost", b"    \r\n"),
    "blank-first": ("lost", b" 250 ok\r\n"),
    "one-digit": ("lost", b"2 ok\r\n"),
    "two-digits": ("lost", b"25 ok\r\n"),
    "four-digits": ("lost", b"2500 ok\r\n"),
    "letter": ("lost", b"2x0 ok\r\n"),
    "wide-digits": ("lost", "２５０ ok\r\n".encode()),
    "code-000": ("lost", b"000 ok\r\n"),
    "code-199": ("lost", b"199 ok\r\n"),
    "code-600": ("lost", b"600 ok\r\n"),
    "negative": ("lost", b"-250 ok\r\n"),
    "no-blank": ("lost", b"250ok\r\n"),
    "tab": ("lost", b"250\tok\r\n"),
    "mixed-codes": ("lost", b"250-a\r\n251 b\r\n"),
    "mixed-classes": ("lost", b"250-a\r\n550 b\r\n"),
    "line-without-code": ("lost", b"250-a\r\nb\r\n250 c\r\n"),
    "bare-lf": ("lost", b"250 ok\n"),
    "bare-cr": ("lost", b"250 o\rk\r\n"),
    "two-cr": ("lost", b"250 ok\r\r\n"),
    "nul": ("lost", b"250 o\0k\r\n"),
    "nul-first": ("lost", b"\x00250 ok\r\n"),
    "no-text": ("lost", b"\xff\xfe\x80\x81\x00\x01\r\n"),
    "utf-16": ("lost", "250 ok\r\n".encode("utf-16-le")),
    "tls-record": ("lost", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n"),
    "http": ("lost", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "escapes": ("lost", b"\x1b[2J\x1b]0;x\x07\x9b31m\r\n"),
    "a-log-line": ("lost", b"x\" event=delivered id=\"0\r\n"),
    "no-end": ("lost", b"x" * 20000),
    "too-long": ("lost", b"250 " + b"x" * 3000),
    "many-lines": ("lost", b"250-x\r\n" * 2000),
    "too-much": ("lost", (b"250-" + b"x" * 200 + b"\r\n") * 95),
    "closed": ("lost", b"", "close"),
    "reset": ("lost", b"", "rst"),
    "half-a-code": ("lost", b"25", "close"),
    "half": ("lost", b"250 o", "close"),
    "no-lf": ("lost", b"250 ok\r", "close"),
    "half-a-reply": ("lost", b"250-a\r\n", "close"),
    "half-a-refusal": ("lost", b"550-a\r\n", "close"),
    "refused": ("refused", b"550 no\r\n"),
    "refused-bare": ("refused", b"550\r\n"),
    "refused-at-length": ("refused", b"550-no\r\n550-and\r\n550 no\r\n"),
    "refused-escapes": ("refused", b"550 \x1b[2J\x1b]0;x\x07\x08\x7f no\r\n"),
    "refused-c1": ("refused", b"550 \x9b2J \xc2\x9b31m \xe2\x80\xae no\r\n"),
    "refused-log": ("refused", b"550 no\" event=delivered id=\"x\r\n"),
    "bye": ("bye", b"421 bye\r\n", "close"),
    "bye-bare": ("bye", b"421\r\n", "close"),
    "bye-at-length": ("bye", b"421-a\r\n421 b\r\n", "close"),
    "bye-stays": ("bye", b"421 4.3.2 bye\r\n"),
    "wrong-class": ("wrong", None),
    "wrong-closed": ("wrong", None, "close"),
    "two-at-once": ("twice", None),
}


@dataclass
class State:
    """good: what the server should say there.  of: what a refusal is about.
    own: the server cannot tell whose session it is, so that each cell has its
    own."""
    good: bytes
    of: str
    own: bool = True


STATES = {
    "greeting": State(b"220 x ESMTP\r\n", "connection"),
    "ehlo": State(b"250-x\r\n250 STARTTLS\r\n", "connection"),
    "starttls": State(b"220 2.0.0 ready\r\n", "connection"),
    "ehlo2": State(b"250-x\r\n250 AUTH LOGIN\r\n", "connection"),
    "auth_user": State(b"334 VXNlcm5hbWU6\r\n", "account"),
    "auth_password": State(b"334 UGFzc3dvcmQ6\r\n", "account"),
    "auth": State(b"235 2.7.0 ok\r\n", "account", own=False),
    "mail": State(b"250 ok\r\n", "message", own=False),
    "rcpt": State(b"250 ok\r\n", "message", own=False),
    "data": State(b"354 go on\r\n", "message"),
    "dot": State(b"250 ok\r\n", "message", own=False),
}

# Before these nobody has asked for the password.
BEFORE_PASSWORD = ("greeting", "ehlo", "starttls", "ehlo2", "auth_user",
                   "auth_password")


@dataclass
class Outcome:
    """message: its state, or "bounced", "delivered"; account: likewise."""
    message: str
    account: str
    event: str
    code: int = None
    copies: int = 0
    attempts: int = 0


class Cell:
    def __init__(self, state, fault):
        self.state, self.fault = state, fault
        self.kind, self.raw, *how = FAULTS[fault]
        self.how = how[0] if how else None
        good = STATES[state].good
        if self.kind == "twice":
            self.raw = good + b"250 extra\r\n"
        elif self.kind == "wrong":
            self.raw = b"250 ok\r\n" if good[:1] == b"3" else b"354 go on\r\n"
        self.name = "%s-%s" % (state.replace("_", "-"), fault)
        self.user = self.name + "@contoso.example"
        self.rcpt = self.name + "@example.net"
        self.server = None

    @property
    def bounces(self):
        return self.kind == "refused" and STATES[self.state].of == "message"

    @property
    def outcome(self):
        """What has to come of it."""
        of, dot = STATES[self.state].of, self.state == "dot"
        if self.kind == "refused" and of == "account":
            return Outcome("queued", "held", "account-held", 550)
        if self.kind == "refused" and of == "message":
            return Outcome("bounced", "ready", "rejected", 550,
                           copies=int(dot))
        if self.kind in ("refused", "bye"):
            return Outcome("queued", "backoff", "backoff",
                           421 if self.kind == "bye" else 550,
                           copies=int(dot))
        if dot and self.kind == "twice":
            return Outcome("delivered", "ready", "delivered", copies=1)
        if dot:
            return Outcome("uncertain", "ready", "uncertain", copies=1,
                           attempts=1)
        return Outcome("queued", "backoff", "backoff")

    def set_up(self, site, server, make_server):
        state = STATES[self.state]
        self.server = make_server(**WITHOUT) if state.own else server
        match = None if state.own else \
            self.rcpt if self.state in ("rcpt", "dot") else self.user
        # The notice of what is refused goes by the same account.
        self.server.faults.add(
            state=self.state, match=match, raw=self.raw,
            count=1 if self.bounces else "forever",
            close=self.how == "close", rst=self.how == "rst")
        self.server.options.users[self.user] = site.password
        site.conf["account " + self.name] = {
            **site.conf["account"], "user": self.user, "senders": self.user,
            "port": self.server.port, "chunking": "no", "linger": "0s",
            "backoff_min": "1h", "backoff_max": "1h"}

    def event_of(self, site):
        """The one line that tells of it, once it is there."""
        want = self.outcome
        key = "account" if want.event in ("backoff", "account-held") \
            else "rcpt"
        value = self.name if key == "account" else self.rcpt
        return [e for e in site.log.events(want.event) if e[key] == value]


# One command at a time: in one flight, all of it would be uncertain.
WITHOUT = {"extensions": ["SIZE", "8BITMIME"]}

def cells_of(state):
    return [Cell(state, f) for f in FAULTS]


def problems(cell, site, accounts, found):
    """What is wrong, of one cell."""
    want = cell.outcome
    copies = len([m for m in cell.server.record.messages
                  if m.addresses == [cell.rcpt]])
    if copies != want.copies:
        yield "%d copies, not %d" % (copies, want.copies)
    if accounts[cell.name]["state"] != want.account:
        yield "the account is " + accounts[cell.name]["state"]
    if want.message in ("bounced", "delivered"):
        if cell.rcpt in found:
            yield "the message waits: %r" % found[cell.rcpt][1]
    elif cell.rcpt not in found:
        yield "the message is gone"
    else:
        yield from waiting_problems(want, *found[cell.rcpt])
    yield from secret_problems(cell)
    yield from log_problems(cell, site)


def waiting_problems(want, message, rcpt):
    if rcpt["state"] != want.message:
        yield "it is " + rcpt["state"]
    if message["attempts"] != want.attempts:
        yield "%d attempts" % message["attempts"]
    if rcpt["code"] != want.code or not rcpt["next_at"] or \
            not rcpt["meaning"] and not rcpt["fix"] or \
            not rcpt["text"] and want.code is None:
        yield "it says %r" % rcpt
    if CONTROL.search(rcpt["text"] or ""):
        yield "its text has controls: %r" % rcpt["text"]


def secret_problems(cell):
    if cell.server.record.secrets_in_clear:
        yield "a secret went without TLS"
    signed_in = [c for c in cell.server.record.connections
                 if c.auths and STATES[cell.state].own]
    # The right prompt comes, with one word too many.
    if cell.state in BEFORE_PASSWORD and signed_in and not (
            cell.kind == "twice" and cell.state.startswith("auth")):
        yield "the password went too early"


def log_problems(cell, site):
    """Each line is one event, which no server could write."""
    want, told = cell.outcome, cell.event_of(site)
    if len(told) != 1:
        yield "%d lines %s" % (len(told), want.event)
        return
    if want.event != "delivered" and want.message != "uncertain":
        if told[0]["code"] != str(want.code or 0):
            yield "the log says %r" % told[0]
    if want.message != "delivered" and site.log.events("delivered",
                                                       rcpt=cell.rcpt):
        yield "the log says that it was delivered"


@pytest.mark.parametrize("state", STATES)
def test_each_fault(state, make_server, make_site):
    server = make_server(**WITHOUT)
    site = make_site(server, family="ipv4")
    site.conf["queue"].update(retry="1h", delay_notice="never")
    cells = cells_of(state)
    for cell in cells:
        cell.set_up(site, server, make_server)
    site.start()
    for cell in cells:
        done = site.sendmail("-i", "-f", cell.user, "--", cell.rcpt,
                             stdin=TEXT % cell.user)
        assert done.returncode == 0, done
    for cell in cells:
        site.log.wait_for(cell.outcome.event, **(
            {"account": cell.name} if cell.outcome.event in (
                "backoff", "account-held") else {"rcpt": cell.rcpt}))
    bounced = [c for c in cells if c.bounces]
    for cell in bounced:
        cell.server.record.wait(lambda c=cell: any(
            m.addresses == [c.user] for m in c.server.record.accepted),
            "word to the sender of " + cell.name)
    accounts = {a["name"]: a for a in site.status()["accounts"]}
    found = {r["address"]: (m, r) for m in site.queue()
             for r in m["recipients"]}
    wrong = ["%s: %s" % (cell.name, problem) for cell in cells
             for problem in problems(cell, site, accounts, found)]
    assert not wrong, "\n".join(wrong)
    assert len(site.log.events("bounced")) == len(bounced)
    check_log(site)
    for screen in (site.mailq(), site.mailchute("queue").stdout,
                   site.mailchute("status").stdout):
        assert not CONTROL.search(screen.replace("\t", ""))
    print("%s: %d cells" % (state, len(cells)))


def check_log(site):
    text = site.log.text()
    assert not CONTROL.search(text)
    for line in text.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \w+\[\d+\]: event=",
                        line), line


def test_the_cells_are_many():
    """Each state, each fault; the count is in the output of the above, too."""
    count = sum(len(cells_of(state)) for state in STATES)
    print("%d cells" % count)
    assert count >= 400


def test_a_refusal_with_escapes(server, make_site):
    """Refused it is, and what steers a terminal reaches none, by no way."""
    said = b"550 5.1.1 \x1b[2J\x1b]0;x\x07 no\x9b31m such \xc2\x9b user\r\n"
    server.faults.add(state="rcpt", match="a@example.net", raw=said)
    site = make_site(server).start()
    site.submit("a@example.net", stdin=TEXT % USER)
    notice, = server.record.wait_messages(1)
    site.wait_empty()
    assert notice.addresses == [USER]
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", notice.raw)
    told, = site.log.events("rejected")
    assert told["code"] == "550" and "?[2J?]0;x? no" in told["text"]
    assert not CONTROL.search(site.log.text())
    shown = site.mailchute("trace", "a@example.net").stdout
    assert "?[2J?]0;x? no" in shown and not CONTROL.search(shown)
