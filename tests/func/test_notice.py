# SPDX-License-Identifier: ISC
"""What a sender asked to be told beside failures, and how much of it."""

import pytest

from lib.site import USER

TEXT = ("From: Alerts <%s>\nTo: gone@example.net\nSubject: original\n"
        "Message-ID: <orig.1@contoso.example>\n\nsecret body\n" % USER)


@pytest.fixture
def late(make_site, server):
    """A site that tells of delays soon, and a server that makes them."""
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    server.options.recipient_replies["gone@*"] = "550 5.1.10 Not found"
    site = make_site(server)
    site.conf["queue"].update(retry="1s", delay_notice="1s")
    return site.start()


def send(site, rcpt, *args, sender=USER):
    done = site.sendmail("-i", "-f", sender, *args, "--", rcpt, stdin=TEXT)
    assert done.returncode == 0, done


def deferred_after(site, seconds):
    """Attempts that were put off when the mail was as old as that."""
    return [e for e in site.log.events("deferred")
            if int(e["delay_s"]) >= seconds]


def report_of(message):
    assert message.parsed.get_content_type() == "multipart/report"
    text, status, original = message.parsed.iter_parts()
    whole, one = status.get_payload()
    return text.get_content(), whole, one, original


def test_a_delay_is_told_once(late, server):
    send(late, "later@example.net", "-V", "QQ1")
    m = server.record.wait_messages(1)[0]
    assert m.addresses == [USER]
    text, whole, one, original = report_of(m)
    assert "tried until" in text
    assert whole["Original-Envelope-Id"] == "QQ1"
    assert (one["Action"], one["Status"]) == ("delayed", "4.3.0")
    assert one["Final-Recipient"] == "rfc822; later@example.net"
    assert one["Will-Retry-Until"]
    assert "original" in original.as_string()
    told = len(late.log.events("deferred"))
    late.log.wait_for("deferred", nth=told + 2)
    assert len(server.record.accepted) == 1
    server.options.recipient_replies.clear()
    assert server.record.wait_messages(2)[1].addresses == ["later@example.net"]
    late.wait_empty()
    assert len(server.record.accepted) == 2
    assert len(late.log.events("delay-told")) == 1


@pytest.mark.parametrize("notify", ["never", "failure"])
def test_no_delay_is_told_to_who_asked_for_none(late, server, notify):
    send(late, "later@example.net", "-N", notify)
    late.wait(lambda: deferred_after(late, 2), "an attempt after the delay")
    assert len(late.queue()) == 1
    assert not server.record.accepted


def test_no_delay_is_told_of_mail_without_a_sender(late, server):
    send(late, "later@example.net", sender="<>")
    late.wait(lambda: deferred_after(late, 2), "an attempt after the delay")
    assert len(late.queue()) == 1
    assert not server.record.accepted


def test_a_relay_is_told_where_the_server_sends_no_reports(make_site,
                                                           make_server):
    server = make_server(provider="smtp", extensions=["PIPELINING"])
    site = make_site(server, provider="smtp", auth="plain").start()
    send(site, "a@example.net", "-N", "success")
    messages = server.record.wait_messages(2)
    site.wait_empty()
    assert [m.addresses for m in messages] == [["a@example.net"], [USER]]
    _, _, one, _ = report_of(messages[1])
    assert one["Action"] == "relayed"
    assert one["Status"].startswith("2.")


def test_a_server_with_reports_is_left_to_send_them(running, server):
    send(running, "a@example.net", "-N", "success")
    server.record.wait_messages(1)
    running.wait_empty()
    assert len(server.record.accepted) == 1


@pytest.mark.parametrize("ret, kind", [("full", "message/rfc822"),
                                       ("hdrs", "text/rfc822-headers")])
def test_as_much_comes_back_as_was_asked_for(late, server, ret, kind):
    send(late, "gone@example.net", "-R", ret)
    _, _, _, original = report_of(server.record.wait_messages(1)[0])
    assert original.get_content_type() == kind
    assert b"<orig.1@contoso.example>" in original.as_bytes()
    assert (b"secret body" in original.as_bytes()) == (ret == "full")
