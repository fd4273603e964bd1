# SPDX-License-Identifier: ISC
"""Every row of the catalogue's tables, said by the stand-in to a running
mailchuted: what becomes of the message and of the account, and what people are
told.

All rows at once: each has a mailbox and an account of its own, so that none
waits for another, and each is tried once.
"""

import re
import time

import pytest

from lib.catalogue import known, rows

ROWS = [r for r in rows() if r.is_said]
TEXT = "From: %s\nSubject: x\n\nhello\n"

# The stand-in cannot tell sessions apart before they sign in.
EARLY = ("greeting", "ehlo", "starttls")
# What a fault's match is held against.
MATCH = {"auth": "user", "mail": "user", "rcpt": "rcpt", "dot": "rcpt"}

STATE = {"backoff": "backoff", "hold": "held", "wait": "held",
         "retry": "ready", "bounce": "ready"}


def flat(text):
    return " ".join(text.split())


def seconds(instant):
    return time.mktime(time.strptime(instant, "%Y-%m-%dT%H:%M:%SZ")) - \
        time.timezone


class Walk:
    """One daemon that has met every row."""

    def __init__(self, make_server, make_site):
        self.server = make_server()
        self.site = make_site(self.server, rewrite="never")
        self.site.conf["queue"]["retry"] = "1h"
        for row in ROWS:
            self._set_up(row, make_server)
        self.site.start()
        for row in ROWS:
            done = self.site.sendmail("-i", "-f", row.user, "--", row.rcpt,
                                      stdin=TEXT % row.user)
            assert (done.returncode, done.stderr) == (0, ""), done
        self.site.wait(self._are_all_judged, "each row to be judged")
        self.server.record.wait_messages(
            len([r for r in ROWS if r.action == "bounce"]))
        self._look()

    def _set_up(self, row, make_server):
        server = self.server
        if row.state in EARLY:
            server = make_server()
        match = row.__dict__[MATCH[row.state]] if row.state in MATCH else None
        # The notice of a bounce goes by the same account.
        server.faults.add(state=row.state, match=match, reply=row.reply,
                          count=1 if row.action == "bounce" else "forever")
        server.options.users[row.user] = self.site.password
        self.site.conf["account " + row.name] = {
            **self.site.conf["account"], "user": row.user,
            "senders": row.user, "port": server.port,
            # One try of each, but for those that are asked for.
            "backoff_min": "1h", "backoff_max": "1h"}

    def _are_all_judged(self):
        log = self.site.log
        ill = {e["account"] for e in log.events("account-held")
               + log.events("backoff")}
        put_off = {e["rcpt"] for e in log.events("deferred")}
        bounced = {e["sender"] for e in log.events("bounced")}
        return all(r.name in ill or r.rcpt in put_off or r.user in bounced
                   for r in ROWS)

    def _look(self):
        self.accounts = {a["name"]: a for a in
                         self.site.status()["accounts"]}
        self.messages = {r["address"]: (m, r) for m in self.site.queue()
                         for r in m["recipients"]}
        self.mailq = self.site.mailq()
        self.notices = {m.addresses[0]: m for m in self.server.record.accepted}

    # ---- one row ----

    def problems(self, row):
        told = self.accounts[row.name]
        if told["state"] != STATE[row.action]:
            yield "the account is %s" % told["state"]
        if row.action == "bounce":
            yield from self._bounced(row)
            return
        if row.rcpt not in self.messages:
            yield "its message is gone"
            return
        message, rcpt = self.messages[row.rcpt]
        if rcpt["state"] != "queued":
            yield "its message is %s" % rcpt["state"]
        if message["attempts"] != (1 if row.is_of_mail else 0):
            yield "%d attempts are spent" % message["attempts"]
        if row.user in self.notices:
            yield "somebody was told that it failed"
        yield from self._words(row, rcpt)
        if not row.is_of_mail and told["next_at"]:
            yield from self._words(row, told)
            waits = seconds(told["next_at"]) - seconds(told["since"])
            if waits < row.wait:
                yield "it waits for %d s only" % waits
        yield from self._listed(row, message, rcpt)

    def _bounced(self, row):
        if row.rcpt in self.messages:
            yield "its message waits"
        notice = self.notices.get(row.user)
        if notice is None:
            yield "its sender was not told"
        elif row.reply.split(" ", 2)[2] not in flat(
                notice.raw.decode().replace("=\r\n", "")):
            yield "its sender was not told the server's words"

    @staticmethod
    def _words(row, told):
        code, _, text = row.reply.partition(" ")
        status = text.split()[0]
        if told["code"] != int(code) or told["text"] != text:
            yield "the server's words are %r %r" % (told["code"],
                                                    told["text"])
        # One of another class than its code's is no status (RFC 2034 4).
        if status.count(".") == 2 and status[0] == row.reply[0] and \
                told["status"] != status:
            yield "its status is %r" % told["status"]
        if not told["meaning"] or not told["fix"]:
            yield "no meaning, or no fix"
        if re.search(r"\bMAILBOX\b|\bFROM\b", told["fix"] or ""):
            yield "a name is missing: %s" % told["fix"]
        if told["next_at"] is None:
            yield "no next try"

    def _listed(self, row, message, rcpt):
        """mailq tells the same."""
        entry = flat(re.search(r"^%s.*?(?=\n\n)" % message["id"], self.mailq,
                               re.M | re.S).group())
        for part in (rcpt["text"], "(meaning: %s)" % rcpt["meaning"],
                     "(fix: %s)" % rcpt["fix"], "(next try: "):
            if flat(part) not in entry:
                yield "mailq lacks %r: %s" % (part, entry)


def test_every_row(make_server, make_site):
    walk = Walk(make_server, make_site)
    wrong = ["%r: %s" % (row, problem) for row in ROWS
             for problem in walk.problems(row)]
    print("%d replies" % len(ROWS))
    assert not wrong, "\n".join(wrong)


def test_no_row_of_the_tables_is_left_out():
    """The walk above is of replies; each row has one, or says why not."""
    tables = {k.number: k.code for k in known()}
    assert len(tables) >= 70
    assert {r.number: r.code for r in rows()
            if r.number.split(".")[1] != "0" and r.key[0] == "3"} == tables
    unsaid = [r for r in rows() if not r.is_said]
    assert [r.key for r in unsaid] == ["3.1.18"]
    assert all(r.note for r in unsaid)


def holds(reply, pieces):
    """Do the pieces stand in it, in their order?"""
    at = 0
    for piece in pieces:
        at = reply.find(piece, at)
        if at == -1:
            return False
        at += len(piece)
    return True


def test_what_is_said_is_what_is_known():
    """Each text that the tables quote stands in one of the row's replies."""
    texts = [(k.number, t) for k in known() for t in k.texts]
    assert len(texts) >= 60
    missing = ["%s: %s" % (number, pieces) for number, pieces in texts
               if not any(holds(r.reply, pieces) for r in rows()
                          if r.number == number)]
    assert not missing, "\n".join(missing)


def test_what_is_not_known_for_sure_says_so():
    """Rows that come as a bounce, or that nobody has confirmed, are walked like
    the others; they are listed, each with the reason."""
    doubted = [k for k in known() if k.needs_a_reason]
    assert len(doubted) >= 20
    for row in doubted:
        notes = {r.note for r in rows() if r.number == row.number}
        assert any(notes), "%s (%s) has no reason" % (row.number, row.code)
        print("%s, %s: %s" % (row.number, row.code,
                              "; ".join(sorted(filter(None, notes)))))


@pytest.mark.parametrize("row", [r for r in ROWS if r.state == "auth"][:3],
                         ids=lambda r: r.key)
def test_the_row_s_fix_names_the_mailbox(row, server, make_site):
    """Whole lines for PowerShell, as they are copied."""
    server.faults.add(state="auth", count="forever", reply=(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
        "disabled for the Mailbox. " + row.key))
    site = make_site(server, user=row.user).start()
    site.submit("a@example.net", stdin=TEXT % row.user)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "held", "held")
    line = "Set-CASMailbox -Identity %s -SmtpClientAuthenticationDisabled " \
        "$false" % row.user
    assert line in site.status()["accounts"][0]["fix"]
    assert line in flat(site.mailq())
    assert line in flat(site.mailchute("status").stdout)
    assert line in flat(site.mailchute("queue").stdout)
    assert line in flat(site.mailchute(
        "show", site.queue()[0]["id"]).stdout)
