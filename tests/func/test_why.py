# SPDX-License-Identifier: ISC
"""Every waiting message says why, what to do, and when next; in mailq,
mailchute queue, mailchute show and --json alike.

Each cause is made for real.  What is asked of it: a text; a meaning or a fix;
and a time, or that it goes when its turn has come, or a word that it waits for
somebody.
"""

import re
import time

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
REPLY = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"

# How it waits.
TIME, TURN, SOMEBODY, NOTHING = "time", "turn", "somebody", "nothing"

SLOW = {"backoff_min": "1h", "backoff_max": "1h", "connections": "1"}

CAUSES = []


def cause(how, text, more=""):
    """text is in its text, more in its meaning or fix."""
    def note(make):
        CAUSES.append(pytest.param(make, how, text, more, id=make.__name__))
        return make
    return note


def one(site, address="a@example.net"):
    """Submits it."""
    site.submit(address, stdin=TEXT)
    return address


def wait_for(site, address, **values):
    site.wait(lambda: address in site.recipients() and all(
        site.recipients()[address][k] == v for k, v in values.items()),
        "%s: %r" % (address, values))
    return site, address


def wait_account(site, state):
    site.wait(lambda: site.status()["accounts"][0]["state"] == state, state)


# ---- its turn ------------------------------------------------------------------

@cause(TURN, "not tried yet", "other mail of the account goes before it")
def fresh_behind_a_stalled_connection(server, make_site):
    server.faults.add(state="mail", stall=True)
    site = make_site(server, **SLOW).start()
    one(site, "first@example.net")
    server.record.wait_event("stall", "mail")
    return site, one(site)


@cause(NOTHING, "being sent now", "A connection to the server has it")
def being_sent(server, make_site):
    site, _ = fresh_behind_a_stalled_connection(server, make_site)
    return site, "first@example.net"


@cause(NOTHING, "being sent now", "A connection to the server has it")
def its_answer_is_awaited(server, make_site):
    server.faults.add(state="dot", stall=True)
    site = make_site(server, **SLOW).start()
    one(site)
    server.record.wait_event("stall", "dot")
    return wait_for(site, "a@example.net", state="active")


@cause(TURN, "not tried yet", "connecting to the server")
def the_server_does_not_greet(server, make_site):
    server.faults.add(state="greeting", stall=True)
    site = make_site(server, **SLOW).start()
    one(site)
    server.record.wait_event("stall", "greeting")
    return site, "a@example.net"


@cause(TURN, "not tried yet", "other mail of the account goes before it")
def due_for_an_hour(server, make_site):
    """No listing shows that hour as a time to come."""
    server.faults.add(state="mail", stall=True)
    site = make_site(server, **SLOW)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    for name in ("first", "a"):
        one(site, name + "@example.net")
    site.stop()
    for table in ("message", "recipient"):
        site.database_change("UPDATE %s SET due_at = due_at - 3600" % table)
    site.conf["queue"]["delivery"] = "on"
    site.start()
    server.record.wait_event("stall", "mail")
    return site, "a@example.net"


# ---- what the server said of it ------------------------------------------------

@cause(TIME, "Too many recipients", "account.recipients_per_message")
def a_reply_that_is_known(server, make_site):
    server.options.recipient_replies["a@*"] = "452 4.5.3 Too many recipients"
    site = make_site(server).start()
    return wait_for(site, one(site), code=452)


@cause(TIME, "Not now", "put this recipient off for now")
def a_reply_that_is_not_known(server, make_site):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    site = make_site(server).start()
    return wait_for(site, one(site), code=451)


@cause(TIME, "Not this one", "put the message off for now")
def a_reply_to_the_message_that_is_not_known(server, make_site):
    server.faults.add(state="dot", reply="459 4.9.9 Not this one")
    site = make_site(server).start()
    return wait_for(site, one(site), code=459)


# ---- the connection ------------------------------------------------------------

def backs_off(server, make_site, **account):
    site = make_site(server, **{**SLOW, **account}).start()
    one(site)
    wait_account(site, "backoff")
    return site, "a@example.net"


@cause(TIME, "connection", "failed before the message was sent")
def a_lost_connection(server, make_site):
    server.faults.add(state="rcpt", close=True)
    # With BDAT the whole message would be under way: it would be uncertain.
    return backs_off(server, make_site, chunking="no")


@cause(TIME, "no-such-host.invalid", "account.host")
def a_name_that_does_not_exist(server, make_site):
    return backs_off(server, make_site, host="no-such-host.invalid")


@cause(TIME, "refused", "could not be reached")
def a_refused_connection(server, make_site):
    server.down()
    return backs_off(server, make_site)


@cause(TIME, "Service not active", "not in service just now")
def a_back_off(server, make_site):
    server.faults.add(state="greeting", reply="421 4.3.2 Service not active")
    return backs_off(server, make_site)


@cause(TIME, "wrong version number", "No safe connection (TLS)")
def no_tls_at_the_other_end(server, make_site):
    server.faults.add(state="handshake", raw=b"this is no handshake\r\n")
    return backs_off(server, make_site)


@cause(TIME, "does not offer STARTTLS", "account.port")
def no_tls_is_offered(server, make_site):
    server.options.starttls = False
    return backs_off(server, make_site)


# ---- the account ---------------------------------------------------------------

@cause(TIME, "credentials were incorrect", "Check account.user")
def a_hold_of_the_account(server, make_site):
    server.options.users[USER] = "something else"
    site = make_site(server).start()
    one(site)
    wait_account(site, "held")
    return site, "a@example.net"


def spends(server, make_site, **account):
    site = make_site(server, **account).start()
    one(site, "first@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    return site, one(site)


@cause(TIME, "account.rate is used up (1 message in 1h)",
       "30 messages a minute")
def a_rate_that_is_spent(server, make_site):
    return spends(server, make_site, rate="1/1h")


@cause(TIME, "account.recipients_per_day is used up", "10,000 recipients a day")
def the_day_s_recipients(server, make_site):
    return spends(server, make_site, recipients_per_day="1")


# ---- somebody ------------------------------------------------------------------

@cause(SOMEBODY, "delivery is paused", "mailchute resume")
def a_pause(server, make_site):
    site = make_site(server).start()
    site.mailchute("pause")
    return site, one(site)


@cause(SOMEBODY, "delivery is off", "queue.delivery = on")
def delivery_off(server, make_site):
    site = make_site(server)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    return site, one(site)


@cause(SOMEBODY, "mailchuted is not running", "Start mailchuted")
def no_daemon(server, make_site):
    site = make_site(server)
    return site, one(site)


@cause(SOMEBODY, "Not now", "until somebody starts mailchuted")
def put_off_and_no_daemon(server, make_site):
    """As where "sendmail -q" is run now and then."""
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    site = make_site(server)
    one(site)
    assert site.sendmail("-q", stdin="").returncode == 0
    return site, "a@example.net"


@cause(SOMEBODY, "credentials were incorrect", "Check account.user")
def a_hold_and_no_daemon(server, make_site):
    server.options.users[USER] = "something else"
    site = make_site(server)
    one(site)
    assert site.sendmail("-q", stdin="").returncode == 0
    return site, "a@example.net"


@cause(SOMEBODY, "held by ", "mailchute release ID")
def a_hold_by_hand(server, make_site):
    site, address = delivery_off(server, make_site)
    assert site.mailchute("hold", site.queue()[0]["id"]).returncode == 0
    return site, address


@cause(SOMEBODY, "end of data", "Ask whether it arrived")
def a_held_uncertain_one(server, make_site):
    server.faults.add(state="dot", drop_after_accept=True)
    site = make_site(server)
    site.conf["queue"]["uncertain"] = "hold"
    site.start()
    return wait_for(site, one(site), state="held")


@cause(TIME, "end of data", "perhaps a second time")
def an_uncertain_one(server, make_site):
    server.faults.add(state="dot", drop_after_accept=True)
    site = make_site(server)
    site.conf["queue"]["retry"] = "1h"
    site.start()
    return wait_for(site, one(site), state="uncertain")


@cause(SOMEBODY, "delivery is paused", "It may have been delivered, or not.")
def an_uncertain_one_in_a_pause(server, make_site):
    site, address = an_uncertain_one(server, make_site)
    site.mailchute("pause")
    return site, address


@cause(SOMEBODY, "Recipient not found", "local.admin")
def a_held_notice(server, make_site):
    server.options.recipient_replies.update({"*": REPLY})
    site = make_site(server).start()
    one(site)
    return wait_for(site, "it@contoso.example", state="held")


@cause(SOMEBODY, "the stored message is damaged", "Check the disk")
def a_damaged_one(server, make_site):
    site, address = delivery_off(server, make_site)
    site.stop()
    assert site.database_change("UPDATE chunk SET crc = (crc + 1) % 65536")
    site.conf["queue"]["delivery"] = "on"
    site.start()
    return wait_for(site, address, state="held")


# ---- the four listings ---------------------------------------------------------

def flat(text):
    return " ".join(text.split())


def find(site, address):
    """(the message, its recipient) as JSON tells it."""
    return next((m, r) for m in site.queue() for r in m["recipients"]
                if r["address"] == address)


def said(r):
    """All that is told of it, in the order."""
    return [flat(r[k]) for k in ("text", "meaning", "fix") if r[k]]


def check_json(r, how, before):
    assert r["text"]
    assert r["meaning"] or r["fix"]
    if how in (TIME, TURN):
        assert r["next_at"] >= before, "a next try in the past"
    else:
        assert r["next_at"] is None
    if how == SOMEBODY:
        assert "until" in r["meaning"]


def check_mailq(text, number, r, how):
    entry = flat(re.search(r"^%s.*?(?=\n\n)" % number, text,
                           re.M | re.S).group())
    assert said(r)[0] in entry
    for name in ("meaning", "fix"):
        assert not r[name] or "(%s: %s)" % (name, flat(r[name])) in entry
    if how == TIME:
        assert re.search(r"\(next try: \w{3} \w{3} ", entry)
    elif how == TURN:
        assert "(next try: as soon as it is its turn)" in entry
    else:
        assert "next try" not in entry


def check_queue(text, number, r, how):
    for part in said(r):
        assert part in flat(text)
    row, = [line.split() for line in text.splitlines() if number in line]
    assert row[3] == {TIME: "in", TURN: "now"}.get(how, "-")


def check_show(text, r, how):
    for part in said(r):
        assert part in flat(text)
    if how == TIME:
        assert ", next try in " in text
    elif how == TURN:
        assert ", next try as soon as it is its turn" in text
    else:
        assert "next try" not in text


@pytest.mark.parametrize("make, how, text, more", CAUSES)
def test_why(make, how, text, more, server, make_site):
    site, address = make(server, make_site)
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    message, r = find(site, address)
    number = message["id"]
    assert text in r["text"]
    assert more in "%s\n%s" % (r["meaning"], r["fix"])
    check_json(r, how, before)
    shown, = site.json("show", number)
    again, = [x for x in shown["recipients"] if x["address"] == address]
    check_json(again, how, before)
    assert said(again) == said(r)
    check_mailq(site.mailq(), number, r, how)
    check_queue(site.mailchute("queue").stdout, number, r, how)
    check_show(site.mailchute("show", number).stdout, r, how)


# ---- since when ------------------------------------------------------------------

@pytest.mark.parametrize("make", [a_hold_of_the_account, a_back_off, a_pause,
                                  delivery_off],
                         ids=lambda m: m.__name__)
def test_since_when(make, server, make_site):
    """What keeps it has its own beginning; all four listings say so."""
    site, address = make(server, make_site)
    message, r = find(site, address)
    if make is delivery_off:
        assert r["since"] <= message["arrived_at"]
    else:
        assert r["since"] >= message["arrived_at"]
    if make in (a_hold_of_the_account, a_back_off):
        assert r["since"] == site.status()["accounts"][0]["since"]
        assert re.search(r"^    since   \d{4}-.* ago\)$",
                         site.mailchute("status").stdout, re.M)
    day, clock = r["since"].rstrip("Z").split("T")
    assert re.search(r"\(since: \w{3} \w{3} .\d %s\)" % clock, site.mailq())
    shown = "since   %s %s (" % (day, clock)
    assert shown in site.mailchute("queue").stdout
    assert shown in site.mailchute("show", message["id"]).stdout


def test_it_waits_since_it_arrived(server, make_site):
    site, address = a_reply_that_is_not_known(server, make_site)
    assert find(site, address)[1]["since"] is None
    assert "since" not in site.mailq()


# ---- a hold by hand --------------------------------------------------------------

def test_who_held_it_and_when(server, make_site):
    site, address = a_hold_by_hand(server, make_site)
    by = "root" if site.is_root else r"uid \d+"
    assert re.fullmatch(
        r"held by %s at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" % by,
        find(site, address)[1]["text"])


def test_a_release_leaves_nothing_of_the_hold(server, make_site):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    site = make_site(server).start()
    wait_for(site, one(site), code=451)
    number = site.queue()[0]["id"]
    site.mailchute("pause")  # it would be tried at once
    for verb in ("hold", "release"):
        assert site.mailchute(verb, number).returncode == 0
    assert "held by" not in site.mailq() + site.mailchute("queue").stdout
    # What the server said is not lost.
    assert "Not now" in site.mailchute("show", number).stdout
    site.mailchute("resume")
    wait_for(site, "a@example.net", code=451)


def test_two_hundred_of_one_cause_are_one_line(server, make_site):
    """In queue and in status: how many, why, and what to do."""
    server.faults.add(state="auth", count="forever", reply=(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
        "disabled for the Mailbox."))
    site = make_site(server)
    for i in range(200):
        site.submit("r%d@example.net" % i)
    site.start()
    site.wait(lambda: len(site.queue()) == 200, "all of them")
    wait_account(site, "held")
    line = "Set-CASMailbox -Identity %s -SmtpClientAuthenticationDisabled " \
        "$false" % USER
    for verb, count in (("queue", "queued, 200 messages: 535 5.7.139"),
                        ("status", "200 messages wait")):
        text = flat(site.mailchute(verb).stdout)
        assert text.count(count) == 1
        assert text.count("SMTP AUTH is switched off for this mailbox.") == 1
        assert text.count(line) == 1
        assert "r1@example.net" not in text
    assert "in 200 Requests" in site.mailq()


def test_equal_holds_stand_under_one_heading(holding):
    for name in ("a", "b", "c"):
        one(holding, name + "@example.net")
    assert holding.mailchute("hold", "ALL").returncode == 0
    assert holding.mailchute("queue").stdout.count("held by") == 1
