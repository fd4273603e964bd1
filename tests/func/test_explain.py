# SPDX-License-Identifier: ISC
"""mailchute explain: it says what becomes of a message, and does nothing.

Each answer is held against what the server gets when the same message is
submitted the usual way.
"""

import json
import os

import pytest

from lib.site import USER, program

FIELDS = [("from", "From"), ("sender", "Sender"), ("reply_to", "Reply-To"),
          ("original_from", "X-Original-From")]

ALIASES = "ops: a@example.net, b@example.net\nrun: |/bin/x\n"


def explain(site, text, *args, sender=None, status=0, **how):
    before = sorted(site.dropped()), site.log.events("queued")
    options = [] if sender is None else ["-f", sender]
    done = site.run([program("mailchute"), "-C", site.conf_path, "explain",
                     "--json", *options, *args], text, **how)
    assert done.returncode == status, done.stderr
    assert (sorted(site.dropped()), site.log.events("queued")) == before
    said = json.loads(done.stdout)
    assert said["exit_status"] == status
    return said


@pytest.fixture
def running(make_site, server):
    server.options.send_as_also.append("*@sales.example")
    site = make_site(server, senders="%s, @sales.example" % USER)
    site.write("conf/aliases", ALIASES)
    return site.start()


def head(author, *more, to="a@example.net"):
    return "".join(line + "\n" for line in (
        "From: " + author, "To: " + to, *more, "Subject: x", "", "hello"))


MESSAGES = {
    "cron": (head("root (Cron Daemon)"), None),
    "own": (head("Alerts <%s>" % USER, "Sender: x@y.example"), None),
    "permitted": (head("joe@sales.example"), "joe@sales.example"),
    "foreign": (head("Joe <joe@elsewhere.example>", "Sender: s@y.example"),
                "joe@elsewhere.example"),
    "several": (head("a@x.example, B <b@y.example>"), None),
    "a local and another": (head("root, B <b@y.example>"), None),
    "two fields": (head("a@x.example\nFrom: b@y.example"), None),
    "folded": (head("Joe\n <joe@elsewhere.example>"), None),
    "encoded": (head("=?utf-8?Q?J=C3=B6?= <joe@elsewhere.example>"), None),
    "group": (head("Team: a@x.example, b@y.example;"), None),
    "broken": (head("<<joe"), None),
    "reply-to": (head("joe@elsewhere.example", "Reply-To: r@x.example"),
                 None),
    "no author": ("To: a@example.net\n\nhello\n", None),
    "null sender": (head("x@elsewhere.example"), ""),
    "local names": (head("root", to="ops, nobody, run, a@example.net"), None),
    "bcc": (head("root", "Bcc: secret@example.net"), None),
}


@pytest.mark.parametrize("which", MESSAGES)
def test_what_is_said_comes_true(running, server, which):
    text, sender = MESSAGES[which]
    said = explain(running, text, sender=sender)
    assert said["refused"] is None
    options = [] if sender is None else ["-f", sender]
    assert running.sendmail("-t", "-i", *options,
                            stdin=text).returncode == 0
    server.record.wait_messages(1)
    message = server.record.messages[0]
    assert message.sender == said["after"]["envelope"]
    assert message.addresses == [r["address"] for r in said["recipients"]]
    for key, name in FIELDS:
        assert message.header(name) == said["after"][key]


def test_recipients_of_the_command_line(running):
    said = explain(running, head("root"), "x@example.net", "ops")
    assert [(r["address"], r["original"]) for r in said["recipients"]] == [
        ("x@example.net", None), ("a@example.net", "ops"),
        ("b@example.net", "ops")]


def test_the_account_and_why(make_site, server):
    site = make_site(server)
    site.conf["account shop"] = dict(site.conf["account"],
                                     user="shop@contoso.example")
    site.conf["account roots"] = dict(site.conf["account"],
                                      user="roots@contoso.example",
                                      users="root")
    site.write_conf()
    stranger = 65534 if os.getuid() == 0 else None
    said = explain(site, head("shop@contoso.example"))
    assert said["account"] == "shop"
    assert "senders match shop@contoso.example" in said["why"]
    said = explain(site, head("roots@contoso.example"), uid=stranger)
    assert said["account"] == ""
    assert "default account" in said["why"]
    if os.getuid() == 0:
        assert explain(site, head("roots@contoso.example"))[
            "account"] == "roots"


@pytest.mark.parametrize("text, args, options", [
    ("Subject: x\n\nno recipient\n", [], {}),
    (head("root", to="<broken"), [], {}),
    (head("root"), ["-f", "two words here"], {}),
    (head("root") + "x" * 5000, [], {"queue": {"message_size_max": "4K"}}),
    (head("root"), [], {"account": {"users": "@no-such-group"}}),
])
def test_refused_as_by_sendmail(make_site, server, text, args, options):
    site = make_site(server)
    for section, more in options.items():
        site.conf[section].update(more)
    site.start()
    done = site.sendmail("-t", "-i", *args, stdin=text)
    assert done.returncode != 0
    said = explain(site, text, *args, status=done.returncode)
    assert said["refused"]["text"] in done.stderr


@pytest.mark.parametrize("eight", [True, False])
def test_what_is_encoded(make_site, make_server, eight):
    server = make_server()
    if not eight:
        server.options.extensions.remove("8BITMIME")
    site = make_site(server).start()
    text = head(USER, "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: 8bit") + "h\u00e9llo\n"
    said = explain(site, text)["encoding"]
    assert said["eight_bit"] and not said["long_lines"]
    assert not said["header"]
    site.sendmail("-t", "-i", stdin=text)
    server.record.wait_messages(1)
    (message,) = server.record.accepted
    encoded = message.header("Content-Transfer-Encoding") != "8bit"
    assert encoded == ((said["parts"] if eight else said["parts_7bit"]) > 0)
    assert encoded == (not eight)


def test_long_lines_are_encoded_everywhere(running, server):
    text = head(USER) + "x" * 2000 + "\n"
    said = explain(running, text)["encoding"]
    assert said["long_lines"] and said["parts"] == said["parts_7bit"] == 1
    running.sendmail("-t", "-i", stdin=text)
    server.record.wait_messages(1)
    assert max(map(len, server.record.accepted[0].raw.split(b"\r\n"))) <= 998


def test_how_many_transactions(make_site, server):
    site = make_site(server, recipients_per_message="2").start()
    to = ["r%d@example.net" % i for i in range(5)]
    said = explain(site, head(USER), *to)
    assert said["transactions"] == 3
    site.sendmail("-i", *to, stdin=head(USER))
    server.record.wait_messages(3)
    site.wait_empty()
    assert len(server.record.accepted) == 3


def test_a_loop_fails_once_it_was_taken(running):
    text = "Received: from a by b\n" * 101 + head(USER)
    said = explain(running, text)
    assert said["refused"] is None
    assert "loop" in said["fails"]["text"]


def test_for_people(running):
    done = running.run([program("mailchute"), "-C", running.conf_path,
                        "explain"], head("root (Cron Daemon)", to="ops"))
    assert done.returncode == 0
    assert '"Cron Daemon (root@web01)" <%s>' % USER in done.stdout
    assert "ops -> a@example.net" in done.stdout
    assert "account.recipients_per_message is 500" in done.stdout
    assert done.stderr == ""


def test_nothing_of_a_terminal_s_comes_through(running):
    done = running.run([program("mailchute"), "-C", running.conf_path,
                        "explain"], head("j\x1b[31m@elsewhere.example"))
    assert "\x1b" not in done.stdout
