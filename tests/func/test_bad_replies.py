# SPDX-License-Identifier: ISC
"""Bad replies through the whole mailchuted: what becomes of the message, how
often it came, and what stands in the log and on the screen.

tests/dialog/matrix.c has many more of them, at deliver itself.  Here each has an
account of its own, so that all are met at once.
"""

import re

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n"

FAULTS = {
    "no-code": b"hello there\r\n",
    "two-digits": b"25 ok\r\n",
    "mixed-codes": b"250-a\r\n251 b\r\n",
    "mixed-classes": b"250-a\r\n550 b\r\n",
    "no-end": b"x" * 20000,
    "many-lines": b"250-x\r\n" * 2000,
    "nul": b"250 o\0k\r\n",
    "bare-lf": b"250 ok\n",
    "escapes": b"\x1b[2J\x1b]0;x\x07\x9b31m\r\n",
    "a-log-line": b"x\" event=delivered id=\"0\r\n",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "half": b"250 o",
}
STATES = ("greeting", "ehlo", "auth", "mail", "rcpt", "dot")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Cell:
    def __init__(self, state, fault):
        self.state, self.fault = state, fault
        self.name = "%s-%s" % (state, fault)
        self.user = self.name + "@contoso.example"
        self.rcpt = self.name + "@example.net"


def set_up(site, server, cell, make_server):
    match = {"auth": cell.user, "mail": cell.user, "rcpt": cell.rcpt,
             "dot": cell.rcpt}.get(cell.state)
    if match is None:
        server = make_server()
    server.faults.add(state=cell.state, match=match, count="forever",
                      raw=FAULTS[cell.fault], close=cell.fault == "half")
    server.options.users[cell.user] = site.password
    # One message a command: in one flight, all of it would be uncertain.
    site.conf["account " + cell.name] = {
        **site.conf["account"], "user": cell.user, "senders": cell.user,
        "port": server.port, "chunking": "no", "backoff_min": "1h",
        "backoff_max": "1h"}
    return server


def problems(cell, server, account, message, rcpt):
    """What is wrong, of one cell."""
    copies = len([m for m in server.record.messages
                  if m.addresses == [cell.rcpt]])
    if cell.state == "dot":
        want = ("uncertain", "ready", 1)
    else:
        want = ("queued", "backoff", 0)
    got = (rcpt["state"], account["state"], copies)
    if got != want:
        yield "%s, not %s" % (got, want)
    if message["attempts"] != (1 if cell.state == "dot" else 0):
        yield "%d attempts" % message["attempts"]
    if rcpt["code"] is not None or not rcpt["text"] or not rcpt["fix"]:
        yield "it says %r" % rcpt
    if CONTROL.search(rcpt["text"]):
        yield "its text has controls: %r" % rcpt["text"]


def test_nonsense_in_each_state(make_server, make_site):
    server = make_server(extensions={"SIZE", "8BITMIME", "AUTH", "STARTTLS"})
    site = make_site(server)
    site.conf["queue"]["retry"] = "1h"
    cells = [Cell(state, fault) for state in STATES for fault in FAULTS]
    servers = {c.name: set_up(site, server, c, make_server) for c in cells}
    site.start()
    for cell in cells:
        done = site.sendmail("-i", "-f", cell.user, "--", cell.rcpt,
                             stdin=TEXT % cell.user)
        assert done.returncode == 0, done

    def judged():
        return {e["account"] for e in site.log.events("backoff")} | {
            e["rcpt"].partition("@")[0] for e in site.log.events("uncertain")}
    site.wait(lambda: judged() >= {c.name for c in cells}, "all to be judged")
    accounts = {a["name"]: a for a in site.status()["accounts"]}
    found = {r["address"]: (m, r) for m in site.queue()
             for r in m["recipients"]}
    wrong = ["%s: %s" % (cell.name, problem) for cell in cells
             for problem in problems(cell, servers[cell.name],
                                     accounts[cell.name], *found[cell.rcpt])]
    assert not wrong, "\n".join(wrong)
    assert not site.log.events("bounced")
    check_log(site, cells)
    for screen in (site.mailq(), site.mailchute("queue").stdout,
                   site.mailchute("status").stdout):
        assert not CONTROL.search(screen.replace("\t", ""))
    print("%d cells" % len(cells))


def check_log(site, cells):
    """Each line is one event, which no server could write."""
    text = site.log.text()
    assert not CONTROL.search(text)
    for line in text.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \w+\[\d+\]: event=",
                        line), line
    assert not site.log.events("delivered")
    for cell in cells:
        if cell.state != "dot":
            told, = [e for e in site.log.events("backoff")
                     if e["account"] == cell.name]
            assert told["code"] == "0" and told["text"] and told["fix"]


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
