# SPDX-License-Identifier: ISC
"""Notices that wait leave as one report: after a hold, and beyond a limit."""

import collections
import re

import pytest

from lib.notify import DEADLINE
from lib.site import USER

TEXT = ("From: Alerts <%s>\nTo: gone@example.net\nSubject: number %s\n\n"
        "body\n")
GONE = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"
WRONG = "something else"
SINGLY = 20
IN_A_REPORT = 40


@pytest.fixture
def slow(make_site, server):
    """A site with one connection, and a server that refuses gone@*."""
    server.options.recipient_replies["gone@*"] = GONE
    site = make_site(server, connections=1, backoff_min="1s",
                     backoff_max="1s")
    # What a kill leaves uncertain goes again soon.
    site.conf["queue"]["retry"] = "1s"
    return site.start()


def account(site):
    return site.status()["accounts"][0]


def wait_state(site, state):
    site.wait(lambda: account(site)["state"] == state,
              "the account to be " + state)


def send(site, number, sender=USER, rcpt="gone@example.net", **how):
    done = site.sendmail("-i", "-f", sender, "--", rcpt,
                         stdin=TEXT % (USER, number), **how)
    assert done.returncode == 0, done


def send_all(site, numbers, **how):
    """Submitted before any is tried, so that notices come behind them."""
    assert site.mailchute("pause").returncode == 0
    for number in numbers:
        send(site, number, **how)
    assert site.mailchute("resume").returncode == 0


def told_by_notice(notice):
    """The original's Subject, from a multipart/report."""
    assert notice.get_content_type() == "multipart/report"
    text, status, original = notice.iter_parts()
    assert status.get_content_type() == "message/delivery-status"
    assert status.get_payload()[1]["Action"]
    return re.search(r"^Subject: number (\S+)", original.as_string(),
                     re.M).group(1)


def parts_of_report(report):
    assert report.get_content_type() == "multipart/mixed"
    text, digest = report.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert digest.get_content_type() == "multipart/digest"
    notices = []
    for part in digest.iter_parts():
        assert part.get_content_type() == "message/rfc822"
        notices.append(part.get_payload(0))
    return text.get_content(), notices


def is_report(message):
    return message.parsed.get_content_type() == "multipart/mixed"


def told_by(message):
    """The Subjects that a message to a reader tells of."""
    if not is_report(message):
        return [told_by_notice(message.parsed)]
    text, notices = parts_of_report(message.parsed)
    numbers = [told_by_notice(n) for n in notices]
    for number in numbers:
        assert '"number %s"' % number in re.sub(r"\s+", " ", text)
    return numbers


def arrived(server, reader=USER):
    """What the reader got, each once: a copy has the same Message-ID."""
    found = {}
    for m in server.record.accepted:
        if m.addresses == [reader]:
            found.setdefault(m.parsed["Message-ID"], m)
    return list(found.values())


def hold_with_notices(site, server, n):
    """Held after n messages were refused, before any notice of them left,
    and then by a wrong password."""
    server.faults.add(state="mail", nth=n + 1,
                      reply="530 5.7.57 Client not authenticated. [X]")
    send_all(site, range(n))
    site.log.wait_for("account-held")
    server.options.users[USER] = WRONG
    assert site.mailchute("retry", "ALL").returncode == 0
    assert site.log.wait_for("account-held", nth=2)["code"] == "535"
    wait_state(site, "held")
    assert [m["sender"] for m in site.queue()] == [""] * n


def mend(site, server):
    server.options.users[USER] = site.password
    assert site.mailchute("retry", "ALL").returncode == 0
    site.wait_empty()
    wait_state(site, "ready")


def waiting(site):
    """How many notices the queue knows as such."""
    return site.database("SELECT count(*) FROM fact WHERE name LIKE "
                         "'notice %'")[0][0]


def test_after_a_hold_one_report(slow, server):
    hold_with_notices(slow, server, 5)
    assert not server.record.accepted
    mend(slow, server)
    report, = arrived(server)
    assert sorted(told_by(report)) == list("01234")
    assert len(server.record.accepted) == 1
    for name, value in (("Auto-Submitted", "auto-replied"),
                        ("X-Mailchute-Notice", "report"),
                        ("Subject", "5 messages were not delivered")):
        assert report.parsed[name] == value
    text, notices = parts_of_report(report.parsed)
    # One cause, told once, and the server's words with it.
    assert text.count("There is no such mailbox.") == 1
    assert text.count("RESOLVER.ADR.RecipientNotFound") == 1
    assert len({n["Message-ID"] for n in notices}) == 5


def test_while_held_no_notice_leaves(slow, server):
    hold_with_notices(slow, server, 3)
    tried = server.record.auths
    send(slow, "ordinary", rcpt="a@example.net")
    slow.restart()
    send(slow, "another", rcpt="a@example.net")
    slow.wait(lambda: len(slow.queue()) == 5, "five messages")
    assert account(slow)["state"] == "held"
    assert (server.record.auths, server.record.accepted) == (tried, [])
    mend(slow, server)
    assert len(server.record.accepted) == 3
    report, = arrived(server)
    assert sorted(told_by(report)) == list("012")


def test_a_hold_is_remembered_over_a_restart(slow, server):
    """Proved by a first 250, and killed before the notices have left."""
    hold_with_notices(slow, server, 4)
    send(slow, "ordinary", rcpt="a@example.net")
    server.options.users[USER] = slow.password
    assert slow.mailchute("pause").returncode == 0
    held = [m["id"] for m in slow.queue() if not m["sender"]]
    assert len(held) == 4
    assert slow.mailchute("hold", *held).returncode == 0
    assert slow.mailchute("resume").returncode == 0
    assert slow.mailchute("retry", "ALL").returncode == 0
    server.record.wait_messages(1)
    wait_state(slow, "ready")
    slow.wait(lambda: len(slow.queue()) == 4, "four notices")
    slow.kill()
    slow.start()
    assert slow.mailchute("release", *held).returncode == 0
    slow.wait_empty()
    report, = arrived(server)
    assert sorted(told_by(report)) == list("0123")


def test_one_notice_stays_what_it_is(slow, server):
    hold_with_notices(slow, server, 1)
    mend(slow, server)
    notice, = arrived(server)
    assert told_by(notice) == ["0"] and not is_report(notice)


def test_the_next_notices_go_singly_again(slow, server):
    hold_with_notices(slow, server, 3)
    mend(slow, server)
    send_all(slow, "xyz")
    server.record.wait_messages(4)
    slow.wait_empty()
    assert [is_report(m) for m in arrived(server)] == [True] + 3 * [False]


def test_a_storm(slow, server):
    numbers = [str(i) for i in range(60)]
    send_all(slow, numbers)
    server.record.wait_messages(SINGLY)
    slow.wait(lambda: len(slow.queue()) == 60 - SINGLY, "the rest")
    assert not [m for m in arrived(server) if is_report(m)]
    for message in slow.queue():
        recipient, = message["recipients"]
        assert recipient["state"] == "queued" and recipient["next_at"]
        assert recipient["text"] == "too many notices for this reader"
        assert "20 have gone" in recipient["meaning"]
        assert "mailchute retry" in recipient["fix"]
    assert "(too many notices for this reader)" in slow.mailq()
    late = [e for e in slow.log.events("bounced") if int(e["wait_s"]) > 0]
    assert len(late) == 60 - SINGLY
    # Who cannot wait for the end of the hour has it now.
    assert slow.mailchute("retry", "ALL").returncode == 0
    slow.wait_empty()
    got = arrived(server)
    told = collections.Counter(n for m in got for n in told_by(m))
    assert told == collections.Counter(numbers)
    reports = [m for m in got if is_report(m)]
    assert len(got) - len(reports) == SINGLY and len(reports) == 1
    assert reports[0].parsed["Subject"] == "40 messages were not delivered"
    # While it lasts, what comes after it waits for the next report.
    send(slow, "60")
    slow.log.wait_for("bounced", nth=61)
    assert int(slow.log.events("bounced")[-1]["wait_s"]) > 0


def test_a_report_has_its_limits(slow, server):
    numbers = [str(i) for i in range(SINGLY + IN_A_REPORT + 3)]
    send_all(slow, numbers)
    slow.log.wait_for("bounced", nth=len(numbers))
    server.record.wait_messages(SINGLY)
    assert slow.mailchute("retry", "ALL").returncode == 0
    slow.wait_empty()
    reports = [told_by(m) for m in arrived(server) if is_report(m)]
    assert [len(r) for r in reports] == [IN_A_REPORT, 3]
    # Oldest first, as they were made.
    assert [n for r in reports for n in r] == numbers[SINGLY:]


def test_readers_do_not_disturb_one_another(slow, server):
    other = "other@contoso.example"
    send_all(slow, range(SINGLY + 2))
    server.record.wait_messages(SINGLY)
    slow.wait(lambda: len(slow.queue()) == 2, "two that wait")
    send_all(slow, "abc", sender=other)
    server.record.wait_messages(SINGLY + 3)
    assert sorted(n for m in arrived(server, other) for n in told_by(m)) == \
        list("abc")
    assert slow.mailchute("retry", "ALL").returncode == 0
    slow.wait_empty()
    assert not [m for m in arrived(server, other) if is_report(m)]
    report, = [m for m in arrived(server) if is_report(m)]
    assert told_by(report) == ["20", "21"]


def test_killed_in_the_middle(slow, server):
    """Every message that failed is told of once, whatever is cut off."""
    numbers = [str(i) for i in range(60)]
    send_all(slow, numbers)
    for n in (1, 7, SINGLY - 1):
        server.record.wait_messages(n)
        slow.kill()
        slow.start()
    slow.log.wait_for("bounced", nth=60)
    server.record.wait_messages(SINGLY)
    for n in range(3):
        # In the merge itself, or just before or after it.
        slow.mailchute("retry", "ALL")
        slow.kill()
        slow.start()
    assert slow.mailchute("retry", "ALL").returncode == 0
    slow.wait_empty()
    got = arrived(server)
    assert len([m for m in got if not is_report(m)]) <= SINGLY
    told = collections.Counter(n for m in got for n in told_by(m))
    assert told == collections.Counter(numbers)
    assert waiting(slow) == 0


def test_a_report_that_fails_goes_to_the_admin_once(slow, server):
    hold_with_notices(slow, server, 4)
    server.options.recipient_replies[USER] = GONE
    mend(slow, server)
    message, = server.record.accepted
    assert message.addresses == ["it@contoso.example"]
    assert sorted(told_by(message)) == list("0123")


def test_and_failing_that_stays_held(slow, server):
    hold_with_notices(slow, server, 4)
    server.options.recipient_replies.update({USER: GONE, "it@*": GONE})
    server.options.users[USER] = slow.password
    assert slow.mailchute("retry", "ALL").returncode == 0
    slow.wait(lambda: [m for m in slow.queue() if m["state"] == "held"],
              "a held report")
    assert len(slow.queue()) == 1
    assert not server.record.accepted


def test_what_became_of_a_notice(slow, server):
    hold_with_notices(slow, server, 2)
    notices = sorted(m["id"] for m in slow.queue())
    mend(slow, server)
    merged = slow.log.events("merged")
    assert [e["id"] for e in merged] == notices
    report, = {e["notice"] for e in merged}
    for number in notices:
        event, = slow.json("trace", number)
        assert (event["what"], event["address"], event["text"]) == (
            "merged", USER, "merged into " + report)
        assert "merged into " + report in slow.mailchute(
            "trace", number).stdout
    event, = slow.json("trace", report)
    assert (event["what"], event["address"]) == ("delivered", USER)


def test_what_an_administrator_holds_is_left_out(slow, server):
    hold_with_notices(slow, server, 4)
    first = slow.queue()[0]["id"]
    assert slow.mailchute("hold", first).returncode == 0
    server.options.users[USER] = slow.password
    assert slow.mailchute("retry", "ALL").returncode == 0
    report, = server.record.wait_messages(1)
    assert sorted(told_by(report)) == list("123")
    slow.wait(lambda: len(slow.queue()) == 1, "the held one")
    shown, = slow.json("show", first)
    assert shown["state"] == "held"
    assert slow.mailchute("release", first).returncode == 0
    slow.wait_empty()
    notice = arrived(server)[1]
    assert told_by(notice) == ["0"] and not is_report(notice)


def test_what_is_removed_is_no_part_of_it(slow, server):
    hold_with_notices(slow, server, 4)
    first = slow.queue()[0]["id"]
    assert waiting(slow) == 4
    assert slow.mailchute("remove", first).returncode == 0
    assert waiting(slow) == 3
    mend(slow, server)
    report, = arrived(server)
    assert sorted(told_by(report)) == list("123")
    assert waiting(slow) == 0


def test_they_move_with_their_account(make_site, server):
    """It is renamed: its mail goes by the default one, merged as before."""
    server.options.recipient_replies["gone@*"] = GONE
    site = make_site(server)
    site.conf["account old"] = site.conf.pop("account")
    site.start()
    send_all(site, range(SINGLY + 3))
    site.log.wait_for("bounced", nth=SINGLY + 3)
    server.record.wait_messages(SINGLY)
    site.conf["account"] = site.conf.pop("account old")
    site.restart()
    assert site.mailchute("retry", "ALL").returncode == 0
    site.wait_empty()
    report, = [m for m in arrived(server) if is_report(m)]
    assert told_by(report) == ["20", "21", "22"]


def test_a_queue_run_without_a_daemon(slow, server):
    send_all(slow, range(SINGLY + 3))
    slow.log.wait_for("bounced", nth=SINGLY + 3)
    server.record.wait_messages(SINGLY)
    slow.stop()
    proc = slow.spawn("--once")
    assert proc.wait(DEADLINE) == 0
    report, = [m for m in arrived(server) if is_report(m)]
    assert told_by(report) == ["20", "21", "22"]
