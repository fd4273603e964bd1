# SPDX-License-Identifier: ISC
"""A From that the server refuses to the mailbox is refused once, and no more:
each refusal brings the whole mailbox nearer to being throttled."""

import pytest

from lib.site import USER

SHOP = "shop@elsewhere.example"
OWN = "Subject: mine\n\nhello\n"


def mail(site, sender, *rcpts, subject="x"):
    site.submit(*rcpts, stdin="From: The Shop <%s>\nSubject: %s\n\nhello\n"
                % (sender, subject))


def refusals(server):
    return [e for e in server.record.of_kind("reply")
            if "SendAsDenied" in e.text]


def senders(server):
    return [m.parsed["From"] for m in server.record.messages if m.accepted]


def make(make_site, server, **account):
    site = make_site(server, senders="%s @elsewhere.example" % USER,
                     **account)
    site.conf["queue"]["retry"] = "1s"
    return site


@pytest.fixture
def auto(make_site, server):
    """A first message was refused, and has gone under the mailbox's own."""
    site = make(make_site, server).start()
    mail(site, SHOP, "a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    return site


def test_it_goes_once_more_under_the_mailbox_s_own(auto, server):
    assert len(refusals(server)) == 1
    assert USER in senders(server)[0] and "The Shop" in senders(server)[0]
    line = auto.log.wait_for("from-denied")
    assert line["from"] == SHOP and line["mailbox"] == USER
    line = auto.log.wait_for("from-replaced")
    assert line["from"] == SHOP and line["mailbox"] == USER
    said = " ".join(auto.mailchute("trace", line["id"]).stdout.split())
    assert "sent as %s, since %s is refused" % (USER, SHOP) in said


def test_later_mail_of_it_asks_the_server_no_more(auto, server):
    for i in range(5):
        mail(auto, SHOP.upper(), "b%d@example.net" % i)
    server.record.wait_messages(6)
    auto.restart()
    mail(auto, SHOP, "c@example.net")
    server.record.wait_messages(7)
    auto.wait_empty()
    assert all(USER in sender for sender in senders(server))
    assert len(refusals(server)) == 1
    # Another From is another matter, and asked once itself.
    mail(auto, "desk@elsewhere.example", "d@example.net")
    server.record.wait_messages(8)
    assert len(refusals(server)) == 2


def test_retry_has_the_server_asked_once_more(auto, server):
    assert auto.mailchute("retry", "ALL").returncode == 0
    mail(auto, SHOP, "b@example.net")
    server.record.wait_messages(2)
    auto.wait_empty()
    assert len(refusals(server)) == 2
    mail(auto, SHOP, "c@example.net")
    server.record.wait_messages(3)
    assert len(refusals(server)) == 2
    # Granted meanwhile.
    server.options.send_as_also.append(SHOP)
    auto.mailchute("retry", "ALL")
    mail(auto, SHOP, "d@example.net")
    server.record.wait_messages(4)
    assert SHOP in senders(server)[3]
    assert len(refusals(server)) == 2


def test_a_heap_over_several_connections_asks_once(make_site, server):
    site = make(make_site, server, connections=3)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    for i in range(4):
        site.submit("own%d@example.net" % i, stdin=OWN)
    for i in range(12):
        mail(site, SHOP, "b%d@example.net" % i)
    site.conf["queue"]["delivery"] = "on"
    site.write_conf()
    site.restart()
    server.record.wait_messages(16)
    site.wait_empty()
    assert len(refusals(server)) == 1


def test_while_it_waits_it_says_so(make_site, server):
    site = make(make_site, server)
    site.conf["queue"]["retry"] = "1h"
    site.start()
    mail(site, SHOP, "a@example.net")
    site.wait(lambda: "a@example.net" in site.recipients() and
              site.recipients()["a@example.net"]["code"], "the refusal")
    recipient = site.recipients()["a@example.net"]
    assert "once more under the mailbox's own" in recipient["meaning"]
    assert "grant Send As" in recipient["fix"]
    assert recipient["code"] == 554 and recipient["next_at"]


def test_without_rewriting_later_mail_fails_here(make_site, server):
    site = make(make_site, server, rewrite="never").start()
    for to in "a@example.net", "b@example.net":
        done = site.sendmail("-i", "-f", SHOP, to, stdin="From: %s\n\nx\n"
                             % SHOP)
        assert done.returncode == 0
        site.wait_empty()
    bounces = server.record.wait_messages(2)
    assert b"5.2.252" in bounces[0].raw
    assert b"not sent: the server has refused" in bounces[1].raw
    assert b"rewrite = auto" in bounces[1].raw
    assert len(refusals(server)) == 1
