# SPDX-License-Identifier: ISC
"""What mailq and mailchute show, to people and to scripts, and what they do."""

import calendar
import json
import os
import re
import sqlite3
import subprocess
import time

import pytest

from lib.site import USER, program

TEXT = "From: %s\nSubject: x\nMessage-ID: <m.1@contoso.example>\n\nhello\n" \
    % USER
NOUSER = 69
DENIED = 77

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def check_mailq(text, kind):
    """How monitoring plugins read it (sendmail and Postfix layouts)."""
    if kind == "sendmail":
        hits = re.findall(r"^\s+Total\sRequests:\s(\d+)$", text, re.I | re.M)
        return int(hits[-1]) if hits else None
    last = text.splitlines()[-1]
    if "Mail queue is empty" in last:
        return 0
    return int(re.search(r"Kbytes in (\d+)", last).group(1))


def ids(site):
    return [m["id"] for m in site.queue()]


# ---- mailq -------------------------------------------------------------------

def test_empty(running):
    assert running.mailq() == "Mail queue is empty\n"


def test_layout(holding):
    holding.submit("a@example.net", "b@example.net", stdin=TEXT)
    holding.submit("c@example.net", stdin=TEXT + "x" * 3000 + "\n")
    lines = holding.mailq().splitlines()
    assert re.fullmatch("-Queue ID- +--Size-- ----Arrival Time---- "
                        "-Sender/Recipient-------", lines[0])
    text = "\n".join(lines)
    entry = re.findall(r"^([0-9A-F]{12})[ *!]?\s+(\d+) (\w{3} \w{3} [ \d]\d "
                       r"\d\d:\d\d:\d\d)\s+(\S+)$", text, re.M)
    assert [(e[0], e[3]) for e in entry] == [(i, USER) for i in ids(holding)]
    assert [int(e[1]) for e in entry] == [m["size"] for m in holding.queue()]
    for address in ("a", "b", "c"):
        assert re.search(r"^ {20,}%s@example\.net$" % address, text, re.M)
    assert re.fullmatch(r"-- \d+ Kbytes in 2 Requests\.", lines[-1])
    assert re.fullmatch(r"\s+Total Requests: 2", lines[-2])
    assert len(re.findall("^[A-F0-9]", text, re.M)) == 2


def test_one_request(holding):
    holding.submit("a@example.net", stdin=TEXT)
    assert holding.mailq().rstrip().endswith("in 1 Request.")


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("kind", ["sendmail", "postfix"])
def test_monitoring_plugins(holding, n, kind):
    for _ in range(n):
        holding.submit("a@example.net", stdin=TEXT)
    assert check_mailq(holding.mailq(), kind) in ((0, None) if n == 0
                                                  else (n,))


def test_a_listing_that_cannot_be_written(holding):
    """It is no short one, and does not fail without a word."""
    holding.submit("a@example.net", stdin=TEXT)
    for name in ("mailq", "mailchute"):
        args = [] if name == "mailq" else ["queue"]
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [program(name), "-C", holding.conf_path, *args], stdout=full,
                stderr=subprocess.PIPE, env=holding.environment(), text=True)
        assert done.returncode == 74
        assert done.stderr.startswith(name + ": the ")
        assert "cannot be written" in done.stderr


def test_the_log_and_the_listing_tell_one_size(holding):
    holding.submit("a@example.net", stdin=TEXT)
    message, = holding.queue()
    queued, = holding.log.events("queued", id=message["id"])
    assert int(queued["size"]) == message["size"]


def test_sendmail_bp_is_the_same(holding):
    holding.submit("a@example.net", stdin=TEXT)
    assert holding.sendmail("-bp", stdin="").stdout == holding.mailq()


def test_reason_meaning_and_next_try(running, server):
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now, later"
    running.submit("later@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["later@example.net"]["code"],
                 "a reason")
    text = " ".join(running.mailq().split())
    assert "451 4.3.0 Not now, later" in text
    assert "next try" in text.lower()


def test_null_sender_is_the_mailer_daemon(holding):
    assert holding.sendmail("-f", "", "a@example.net", stdin=TEXT) \
        .returncode == 0
    assert "MAILER-DAEMON" in holding.mailq()


def test_control_characters_never_steer_a_terminal(running, server):
    server.options.recipient_replies["later@*"] = "451 4.3.0 \x1b[31mred\x07"
    running.submit("later@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["later@example.net"]["code"],
                 "a reason")
    for text in (running.mailq(), running.mailchute("queue").stdout,
                 running.log.text()):
        assert "\x1b" not in text and "\x07" not in text


# ---- who may see what ----------------------------------------------------------

@needs_root
def test_others_see_their_own_and_the_whole_count(holding):
    holding.submit("a@example.net", stdin=TEXT)
    assert holding.sendmail("mine@example.net", uid=5).returncode == 0
    text = holding.mailq(uid=5)
    assert "mine@example.net" in text and "a@example.net" not in text
    assert check_mailq(text, "postfix") == check_mailq(text, "sendmail") == 2
    text = holding.mailq(uid=6)
    assert text.startswith("(none of your messages waits)\n")
    assert "example.net" not in text and "empty" not in text
    assert check_mailq(text, "postfix") == 2


@needs_root
def test_others_may_not_touch_it(holding):
    holding.submit("a@example.net", stdin=TEXT)
    number = ids(holding)[0]
    for verb in (["hold", number], ["remove", number, "--yes"],
                 ["remove", "ALL", "--yes"], ["retry", "ALL"], ["pause"],
                 ["show", number, "--body"]):
        done = holding.mailchute(*verb, uid=5)
        assert done.returncode in (66, DENIED), (verb, done)
        assert "hello" not in done.stdout
    assert ids(holding) == [number]


@needs_root
def test_the_owner_may(holding):
    assert holding.sendmail("mine@example.net", uid=5).returncode == 0
    number = ids(holding)[0]
    assert number in holding.mailchute("queue", uid=5).stdout
    assert "mine@example.net" in holding.mailchute("show", number,
                                                   uid=5).stdout


# ---- json ------------------------------------------------------------------------

KEYS = {"id", "state", "sender", "account", "size", "arrived_at", "attempts",
        "uid", "message_id", "kind", "recipients"}
RCPT_KEYS = {"address", "state", "code", "status", "text", "meaning", "fix",
             "next_at"}
STATUS_KEYS = {"verdict", "since", "waiting", "held", "failed", "oldest_at",
               "accounts"}
ACCOUNT_KEYS = {"name", "state", "since", "code", "text", "meaning", "fix",
                "next_at", "sent_minute", "sent_day", "connections", "tls",
                "expires"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_json_of_the_queue(holding):
    holding.submit("a@example.net", stdin=TEXT)
    message, = holding.queue()
    assert KEYS <= set(message)
    recipient, = message["recipients"]
    assert RCPT_KEYS <= set(recipient)
    assert (message["sender"], message["message_id"], message["uid"]) == (
        USER, "<m.1@contoso.example>", os.getuid())
    assert re.fullmatch(TIME, message["arrived_at"])
    assert (message["state"], recipient["state"]) == ("queued", "queued")


def test_json_of_the_status(running, server):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    status = running.status()
    assert STATUS_KEYS <= set(status)
    assert status["verdict"] == "ok"
    account, = status["accounts"]
    assert ACCOUNT_KEYS <= set(account)
    assert (account["state"], account["sent_day"]) == ("ready", 1)
    assert re.fullmatch(TIME, account["since"])
    assert status["since"] == account["since"]


def test_since_when_an_account_is_ready(running):
    """From when it was first named, over restarts and without a daemon."""
    running.stop()
    db = sqlite3.connect(running.path("lib/queue.db"))
    with db:
        assert db.execute("UPDATE account SET since = 1000000000 "
                          "WHERE state = 'ready'").rowcount == 1
    db.close()
    long_ago = "2001-09-09T01:46:40Z"
    assert running.status()["accounts"][0]["since"] == long_ago
    running.start()
    status = running.status()
    assert (status["since"], status["accounts"][0]["since"]) == (long_ago,
                                                                 long_ago)


def test_since_when_a_budget_is_spent(make_site, server):
    site = make_site(server, rate="1/1h").start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    site.restart()
    account, = site.status()["accounts"]
    (sent_at,), = site.database("SELECT max(at) FROM budget")
    assert account["state"] == "budget"
    assert account["since"] == time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                             time.gmtime(sent_at))


def instant(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def test_each_has_the_time_of_its_turn(make_site, server):
    """Two an hour go: the third of what waits goes an hour after the first."""
    site = make_site(server, rate="2/1h", connections="1").start()
    for i in range(7):
        site.submit("r%d@example.net" % i, stdin=TEXT)
    server.record.wait_messages(2)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "budget",
              "the budget to be spent")
    site.wait(lambda: len(site.queue()) == 5, "the other five")
    waiting = site.queue()
    turns = [instant(m["recipients"][0]["next_at"]) for m in waiting]
    assert len(turns) == 5
    assert [round((t - turns[0]) / 3600) for t in turns] == [0, 0, 1, 1, 2]
    listed = re.findall(r"\(next try: (.*)\)", site.mailq())
    assert listed == [time.strftime("%a %b %e %H:%M:%S", time.gmtime(t))
                      for t in turns]
    # One that is shown alone is told the same.
    for message, turn in zip(waiting, turns):
        shown, = site.json("show", message["id"])
        assert instant(shown["recipients"][0]["next_at"]) == turn


def test_json_of_odd_text(holding):
    """Whatever stands in a message, a line stays one object."""
    assert holding.sendmail("-i", "-f", USER, "\"a\\\"b\"@example.net",
                            stdin=b"Subject: \xff\n\nx\n").returncode == 0
    done = holding.mailchute("queue", "--json")
    for line in done.stdout.splitlines():
        json.loads(line)


# ---- commands ----------------------------------------------------------------------

def test_show(running, server):
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    running.submit("later@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["later@example.net"]["code"],
                 "a reason")
    text = running.mailchute("show", ids(running)[0]).stdout
    for part in (USER, "later@example.net", "451", "4.3.0", "Not now"):
        assert part in text
    body = running.mailchute("show", ids(running)[0], "--body").stdout
    assert "Subject: x" in body and "hello" in body


def test_hold_and_release(running, server):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["a@example.net"]["code"],
                 "a first try")
    number = ids(running)[0]
    done = running.mailchute("hold", number)
    assert done.returncode == 0 and number in done.stdout
    assert running.queue()[0]["state"] == "held"
    server.options.recipient_replies.clear()
    done = running.mailchute("retry", "ALL")
    assert done.returncode == 0
    assert running.queue()[0]["state"] == "held"
    assert running.mailchute("release", number).returncode == 0
    server.record.wait_messages(1)
    running.wait_empty()


def test_remove(holding):
    for name in ("a", "b"):
        holding.submit(name + "@example.net", stdin=TEXT)
    first, second = ids(holding)
    done = holding.mailchute("remove", first)
    assert done.returncode == 0 and first in done.stdout
    assert ids(holding) == [second]
    assert holding.log.events("changed", id=first, to="removed",
                              uid=str(os.getuid()))
    done = holding.mailchute("remove", "ALL")  # no terminal to ask on
    assert done.returncode == 64 and ids(holding) == [second]
    assert holding.mailchute("remove", "ALL", "--yes").returncode == 0
    assert holding.mailq() == "Mail queue is empty\n"


@pytest.mark.parametrize("verb", ["show", "hold", "release", "retry",
                                  "remove"])
def test_unknown_id(holding, verb):
    done = holding.mailchute(verb, "0123456789AB")
    assert done.returncode == 66 and done.stderr


def test_each_change_is_told_once(holding):
    holding.submit("a@example.net", "b@example.net", stdin=TEXT)
    number = ids(holding)[0]

    def told(verb):
        done = holding.mailchute(verb, number)
        assert done.returncode == 0
        return done.stdout

    assert told("release") == "%s: is not held\n" % number
    assert told("hold") == "%s: held\n" % number
    assert told("hold") == "%s: is held already\n" % number
    assert told("retry") == "%s: is held and was left alone; see mailchute " \
        "release\n" % number
    assert told("release") == "%s: released\n" % number


def test_a_wrong_id_leaves_the_others_done(holding):
    holding.submit("a@example.net", stdin=TEXT)
    number = ids(holding)[0]
    done = holding.mailchute("hold", "0123456789AB", "xyz", number)
    assert done.returncode == 66
    assert done.stdout.splitlines()[-1] == "%s: held" % number
    assert done.stderr == \
        "mailchute: not every id is one of the queue\n"


def test_nobody_knows_the_next_try_of_a_pause(holding):
    holding.submit("a@example.net", stdin=TEXT)
    holding.mailchute("pause")
    assert holding.recipients()["a@example.net"]["next_at"] is None


@pytest.mark.parametrize("args", [[], ["nonsense"], ["hold"], ["show"],
                                  ["remove"], ["hold", "xyz"],
                                  ["queue", "--nonsense"]])
def test_usage(holding, args):
    assert holding.mailchute(*args).returncode in (64, 66)


def test_pause_lasts_over_a_restart(running, server):
    assert running.mailchute("pause").returncode == 0
    running.submit("a@example.net", stdin=TEXT)
    assert "pause" in running.mailq().lower()
    running.restart()
    assert len(running.queue()) == 1
    assert not server.record.connections
    assert running.mailchute("resume").returncode == 0
    server.record.wait_messages(1)


def test_delivery_off_is_told(holding):
    holding.submit("a@example.net", stdin=TEXT)
    assert "deliver" in holding.mailq().lower()
    assert holding.mailchute("status").returncode in (1, 2)


def test_flush(running, server):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.recipients()["a@example.net"]["code"],
                 "a first try")
    server.options.recipient_replies.clear()
    done = running.sendmail("-q", stdin="")
    assert (done.returncode, done.stdout) == (0, "")
    server.record.wait_messages(1)


# ---- without a daemon ----------------------------------------------------------------

def test_listing_without_a_daemon(holding):
    holding.submit("a@example.net", stdin=TEXT)
    number = ids(holding)[0]
    holding.stop()
    listed = holding.mailq()
    assert number in listed and "mailchuted is not running" in listed
    assert "mailchuted is not running" in holding.mailchute("queue").stdout
    assert ids(holding) == [number]
    assert holding.mailchute("status").returncode == 2


@needs_root
def test_listing_without_anything(site):
    """Fresh host: sendmail makes the folder, and mailq lists the message."""
    os.rmdir(site.path("spool/drop"))
    os.rmdir(site.path("lib"))
    site.submit("a@example.net", stdin=TEXT)
    text = site.sendmail("-bp", stdin="").stdout
    assert re.search(r"^[0-9A-F]{12}", text, re.M), text
    assert "a@example.net" in text


@needs_root
def test_others_without_a_daemon(holding):
    holding.submit("a@example.net", stdin=TEXT)
    holding.stop()
    said = ": mailchuted is not running, and without it only root and %s " \
        "may look; root starts it by \"sendmail -bd\"\n" % holding.user
    for name, args in (("mailchute", ["queue"]), ("mailq", []),
                       ("sendmail", ["-bp"])):
        done = holding.run([program(name), "-C", holding.conf_path, *args],
                           uid=5)
        assert (done.returncode, done.stdout) == (NOUSER, "")
        assert done.stderr == name + said


@needs_root
def test_the_folder_of_somebody_else(site):
    """Root hears what mailchuted would say, and not what follows from it."""
    os.chown(site.path("lib"), 5, 5)
    done = site.mailchute("queue")
    assert (done.returncode, done.stdout) == (78, "")
    assert "its folder, queue.directory, has to belong to user id %d" \
        % site.uid in done.stderr


def test_changes_without_a_daemon(holding):
    holding.submit("a@example.net", stdin=TEXT)
    number = ids(holding)[0]
    holding.stop()
    assert holding.mailchute("hold", number).returncode == 0
    assert holding.queue()[0]["state"] == "held"
    assert holding.mailchute("remove", number).returncode == 0
    assert holding.mailq() == "Mail queue is empty\n"


def test_queue_run_without_a_daemon(site, server):
    site.conf["account"]["linger"] = "10m"  # nothing is waited for
    site.write_conf()
    site.submit("a@example.net", stdin=TEXT)
    done = site.sendmail("-q", stdin="")
    assert done.returncode == 0, done
    server.record.wait_messages(1)
    assert site.mailq() == "Mail queue is empty\n"


@needs_root
@pytest.mark.parametrize("args", [["-q"], ["-bp"]])
def test_others_run_nothing_without_a_daemon(holding, args):
    holding.submit("a@example.net", stdin=TEXT)
    holding.stop()
    done = holding.sendmail(*args, stdin="", uid=5)
    assert done.returncode == NOUSER and done.stderr
    assert "a@example.net" not in done.stdout
