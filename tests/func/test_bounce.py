# SPDX-License-Identifier: ISC
"""Mail that fails comes back once, and a bounce never does."""

import pytest

from lib.site import USER

TEXT = ("From: Alerts <%s>\nTo: gone@example.net\nSubject: original\n"
        "Message-ID: <orig.1@contoso.example>\n\nsecret body\n" % USER)
REPLY = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"


@pytest.fixture(autouse=True)
def refusing(server):
    server.options.recipient_replies["gone@*"] = REPLY


def send(site, *args, rcpt="gone@example.net", sender=USER, stdin=TEXT):
    done = site.sendmail("-i", "-f", sender, *args, "--", rcpt, stdin=stdin)
    assert done.returncode == 0, done


def test_the_report(running, server):
    send(running)
    m = server.record.wait_messages(1)[0]
    assert m.addresses == [USER]
    report = m.parsed
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["From"].addresses[0].addr_spec == USER
    assert report["To"].addresses[0].addr_spec == USER
    assert report["Auto-Submitted"] == "auto-replied"
    assert report["Reply-To"] is None  # nobody reads MAILER-DAEMON's mail
    assert report["Message-ID"] and report["Date"]
    text, status, original = report.iter_parts()
    assert "gone@example.net" in text.get_content()
    assert "Recipient not found" in " ".join(text.get_content().split())
    assert status.get_content_type() == "message/delivery-status"
    whole, one = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; web01.contoso.example"
    assert one["Final-Recipient"].lower() == "rfc822; gone@example.net"
    assert (one["Action"], one["Status"]) == ("failed", "5.1.10")
    assert one["Diagnostic-Code"].startswith("smtp; 550 5.1.10 ")
    assert one["Remote-MTA"].startswith("dns; localhost")
    assert original.get_content_type() in ("message/rfc822",
                                           "text/rfc822-headers")
    assert b"<orig.1@contoso.example>" in original.as_bytes()
    running.wait_empty()


def test_one_report_for_several_recipients(running, server):
    done = running.sendmail("-i", "-f", USER, "gone@a.example",
                            "gone@b.example", stdin=TEXT)
    assert done.returncode == 0
    m = server.record.wait_messages(1)[0]
    running.wait_empty()
    assert len(server.record.accepted) == 1
    status = list(m.parsed.iter_parts())[1]
    assert len(status.get_payload()) == 3


def test_null_sender_at_other_servers(make_site, make_server):
    server = make_server(provider="smtp", recipient_replies={"gone@*": REPLY})
    site = make_site(server, provider="smtp", auth="plain").start()
    send(site)
    assert server.record.wait_messages(1)[0].sender == ""


def test_local_sender_gets_it_by_his_alias(site, server):
    site.write("conf/aliases", "web: web-admins@contoso.example\n")
    site.start()
    send(site, sender="web")
    assert server.record.wait_messages(1)[0].addresses == [
        "web-admins@contoso.example"]


def test_local_sender_without_an_alias(running, server):
    send(running, sender="web")
    assert server.record.wait_messages(1)[0].addresses == [
        "it@contoso.example"]


@pytest.mark.parametrize("sender", ["", "<>"])
def test_the_null_sender_s_failure_is_told_to_the_admin(running, server,
                                                        sender):
    send(running, sender=sender)
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["it@contoso.example"]
    assert m.parsed["X-Mailchute-Notice"] == "last"
    running.wait_empty()
    assert len(server.record.accepted) == 1
    assert running.log.wait_for("bounced-to-admin")


@pytest.mark.parametrize("mark", ["failed", "automatic"])
def test_a_notice_forwarded_back_to_us_is_answered_to_nobody(running, server,
                                                             mark):
    send(running, stdin="X-Mailchute-Notice: %s\n" % mark + TEXT)
    assert server.record.wait_messages(1)[0].addresses == [
        "it@contoso.example"]
    running.wait_empty()
    assert len(server.record.accepted) == 1


def test_no_bounce_when_asked_for_none(running, server):
    send(running, "-N", "never")
    server.record.wait_event("reply", "550 5.1.10")
    running.wait_empty()
    assert not server.record.accepted


def test_a_bounce_that_fails_goes_to_the_admin_once(site, server):
    server.options.recipient_replies[USER] = REPLY
    site.start()
    send(site)
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["it@contoso.example"]
    site.wait_empty()
    assert len(server.record.accepted) == 1


def test_and_failing_that_stays_held(site, server):
    server.options.recipient_replies.update({USER: REPLY, "it@*": REPLY})
    site.start()
    send(site)
    site.wait(lambda: [m for m in site.queue() if m["state"] == "held"],
              "a held notice")
    refusals = len([e for e in server.record.of_kind("reply")
                    if e.text.startswith("550 5.1.10")])
    assert refusals == 3  # the mail, its bounce, the one to the admin
    assert len(site.queue()) == 1
    # The log leads from the mail to the notice, and says that it stays.
    bounced = site.log.wait_for("bounced")
    assert bounced["id"] == site.log.events("queued")[0]["id"]
    assert bounced["notice"] == site.queue()[0]["id"]
    assert site.log.wait_for("held")["id"] == site.queue()[0]["id"]
    assert not server.record.accepted


def test_send_as_denied_bounces(make_site, server):
    """Its own fault, not the account's; but nothing is repeated for it."""
    site = make_site(server, rewrite="never",
                     senders="%s joe@elsewhere.example" % USER).start()
    done = site.sendmail("-i", "-f", "joe@elsewhere.example",
                         "a@example.net", stdin="From: joe@elsewhere.example"
                         "\nSubject: x\n\nhello\n")
    assert done.returncode == 0
    m = server.record.wait_messages(1)[0]
    assert m.parsed.get_content_type() == "multipart/report"
    assert b"5.2.252" in m.raw
    site.wait_empty()


def hops(n):
    return "".join("Received: from h%d by h%d; Mon, 23 Nov 2026 21:20:34 +0000"
                   "\n" % (i, i + 1) for i in range(n))


def test_mail_that_runs_in_a_loop(running, server):
    """Beyond 100 hops, ours among them (RFC 5321 6.3)."""
    send(running, rcpt="far@example.net", stdin=hops(99) + TEXT)
    send(running, rcpt="loop@example.net", stdin=hops(100) + TEXT)
    messages = server.record.wait_messages(2)
    running.wait_empty()
    by_rcpt = {m.addresses[0]: m for m in messages}
    assert set(by_rcpt) == {"far@example.net", USER}
    one = list(by_rcpt[USER].parsed.iter_parts())[1].get_payload()[1]
    assert one["Final-Recipient"] == "rfc822; loop@example.net"
    assert (one["Action"], one["Status"]) == ("failed", "5.4.6")
    assert "101 Received" in one["Diagnostic-Code"]


def test_expired(make_site, server):
    """Its lifetime is over: the last reason stands in the bounce."""
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    site = make_site(server)
    site.conf["queue"].update(lifetime="2s", retry="1s", delay_notice="never")
    site.start()
    send(site, rcpt="later@example.net")
    m = server.record.wait_messages(1)[0]
    assert m.parsed.get_content_type() == "multipart/report"
    assert b"451 4.3.0 Not now" in m.raw
    status = list(m.parsed.iter_parts())[1]
    assert status.get_payload()[1]["Action"] == "failed"
    site.wait_empty()
