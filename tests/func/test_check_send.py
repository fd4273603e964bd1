# SPDX-License-Identifier: ISC
"""mailchute check: whether a sender may send, by an envelope that is taken
back, and by a message where that was asked for."""

import json

import pytest

from lib.site import USER, program

SEND_AS = "Send As of account " + USER
TO = "someone@example.net"
MESSAGE = "message to " + TO


def check(site, *words):
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json", *words])
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(v) == {"check", "level", "text", "next"} for v in lines)
    return {v["check"]: v for v in lines}, done.returncode


def test_each_address_is_said_and_taken_back(make_site, server):
    site = make_site(server, senders="%s web@contoso.example "
                     "@contoso.example" % USER).start()
    lines, _ = check(site)
    assert lines[SEND_AS]["level"] == "ok"
    assert "mail from %s web@contoso.example may begin" % USER in \
        lines[SEND_AS]["text"]
    seen, = server.record.connections
    server.record.wait(lambda: seen.quit, "QUIT")
    assert seen.verbs()[-7:] == ["MAIL", "RCPT", "RSET"] * 2 + ["QUIT"]
    assert not server.record.messages and site.queue() == []
    assert MESSAGE not in lines


def test_a_sender_that_is_refused_at_mail(make_site, server):
    """It is told, holds nothing, and no other address is tried."""
    site = make_site(server, senders="%s web@contoso.example "
                     "more@contoso.example" % USER).start()
    server.faults.add(state="mail", nth=2, reply="550 5.7.60 SMTP; Client "
                      "does not have permissions to send as this sender")
    lines, status = check(site)
    line = lines[SEND_AS]
    assert line["level"] == "fail" and status == 2
    assert "mail from web@contoso.example is refused at MAIL FROM: " \
        "550 5.7.60" in line["text"]
    assert "web@contoso.example" in line["next"]
    seen, = server.record.connections
    assert seen.verbs().count("MAIL") == 2
    assert site.status()["accounts"][0]["state"] == "ready"


def test_mail_goes_after_it(make_site, server):
    """Over the same connection, where some waits."""
    site = make_site(server).start()
    site.mailchute("pause")
    site.submit(TO)
    check(site)
    site.mailchute("resume")
    server.record.wait_messages(1)


def test_a_message_is_sent(make_site, server):
    site = make_site(server).start()
    lines, _ = check(site, "--send", TO)
    assert lines[MESSAGE]["level"] == "ok"
    assert "accepted %s by localhost: 250 2.0.0 OK" % TO in \
        lines[MESSAGE]["text"]
    message, = server.record.accepted
    assert message.addresses == [TO]


def test_people_see_its_stages(make_site, server):
    site = make_site(server).start()
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--send=" + TO])
    assert "committed" in done.stdout and "\nok      " + MESSAGE in done.stdout
    assert len(server.record.accepted) == 1


def test_what_only_a_message_shows(make_site, server):
    """Exchange takes the envelope, and refuses the message: Send As."""
    site = make_site(server, senders="@contoso.example").start()
    server.faults.add(state="dot", reply="554 5.2.252 SendAsDenied; %s not "
                      "allowed to send as web@contoso.example; STOREDRV."
                      "Submission.Exception:SendAsDeniedException" % USER,
                      count="forever")
    lines, status = check(site, "--send", TO)
    assert lines[SEND_AS]["level"] == "ok"
    assert lines[MESSAGE]["level"] != "ok" and status in (1, 2)
    assert "SendAsDenied" in lines[MESSAGE]["text"]
    assert "Add-RecipientPermission" in lines[MESSAGE]["next"]


def test_a_message_that_is_refused(make_site, make_server):
    server = make_server(recipient_replies={"someone*":
                                            "550 5.1.1 User unknown"})
    site = make_site(server).start()
    lines, status = check(site, "--send", TO)
    assert lines[MESSAGE]["level"] == "fail" and status == 2
    assert "550 5.1.1 User unknown" in lines[MESSAGE]["text"]


def test_nothing_is_sent_where_it_would_not_leave(make_site, server):
    site = make_site(server)
    site.secret("password", "wrong\n")
    site.start()
    lines, status = check(site, "--send", TO)
    assert lines[MESSAGE]["level"] == "warn" and status == 2
    assert "mailchute check --send " + TO in lines[MESSAGE]["next"]
    assert site.queue() == []


@pytest.mark.parametrize("words", [["check", "--send"], ["check", "--send="],
                                   ["status", "--send", TO]])
def test_usage(make_site, words):
    site = make_site()
    done = site.run([program("mailchute"), "-C", site.conf_path, *words])
    assert done.returncode == 64, done
