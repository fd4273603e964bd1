# SPDX-License-Identifier: ISC
"""One user's flood, and what it leaves the others."""

import os

import pytest

OTHER = 5  # a user who is neither root nor queue.user
TEXT = "Subject: a loop\n\nagain\n"
MANY = ["r%d@example.net" % i for i in range(12)]

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


@pytest.fixture
def flooded(make_site, server):
    """A user has had his share, 15 of 20; some of his mail waits."""
    site = make_site(server, recipients_per_day=20, recipients_per_message=6)
    site.start()
    site.submit(*MANY, stdin=TEXT, uid=OTHER)
    for i in range(8):
        site.submit("s%d@example.net" % i, stdin=TEXT, uid=OTHER)
    site.wait(lambda: len(sent(server)) == 15, "three quarters to be sent")
    return site


def sent(server):
    return [a for m in server.record.messages if m.accepted
            for a in m.addresses if a.endswith("@example.net")]


def share_of(site):
    return [r for r in site.recipients().values()
            if "has had his share" in (r["text"] or "")]


@needs_root
def test_it_delays_nobody_else_and_says_why(flooded, server):
    site = flooded
    site.wait(lambda: len(share_of(site)) == 5, "the rest of it to wait")
    for recipient in share_of(site):
        assert recipient["state"] == "queued"
        assert "15 of 20 recipients" in recipient["text"]
        assert "mailchute release" in recipient["fix"]
        assert recipient["next_at"]
    site.submit("urgent@example.com", stdin="Subject: fire\n\nnow\n")
    server.record.wait(lambda: any(
        "urgent@example.com" in m.addresses for m in server.record.messages),
        "another's mail")
    assert len(sent(server)) == 15
    assert site.status()["accounts"][0]["state"] == "ready"


@needs_root
def test_a_restart_gives_it_no_more(flooded, server):
    site = flooded
    site.restart()
    site.submit("s@example.net", stdin=TEXT, uid=OTHER)
    site.wait(lambda: len(share_of(site)) == 6, "all of it to wait")
    assert len(sent(server)) == 15


@needs_root
def test_an_administrator_is_told_and_lifts_it(flooded, server):
    site = flooded
    line = site.log.wait_for("share")
    assert line["uid"] == str(OTHER) and line["of"] == "20"
    # The look at alarms is each minute's, and at once when it starts anew.
    site.restart()
    line = site.log.wait_for("alarm", kind="share")
    assert "user id %d has sent to 15 of 20" % OTHER in line["text"]
    server.record.wait(lambda: any(
        "it@contoso.example" in m.addresses for m in server.record.messages),
        "the mail that tells it")
    said = site.mailchute("status")
    assert said.returncode == 1
    text = " ".join(said.stdout.split())
    assert "user id %d has sent to 15 of the 20 recipients" % OTHER in text
    number = next(m["id"] for m in site.queue() if any(
        r["address"] == "s7@example.net" for r in m["recipients"]))
    assert ": released" in site.mailchute("release", number).stdout
    site.wait(lambda: "s7@example.net" in sent(server), "that one to go")
    assert len(sent(server)) == 16
    site.mailchute("release", "ALL")
    # One recipient of the day went to the administrator.
    site.wait(lambda: len(sent(server)) == 19, "the day to be used up")
    site.wait(lambda: site.status()["accounts"][0]["state"] == "budget",
              "the account out of its budget")


@needs_root
def test_a_loop_is_warned_of_while_it_runs(make_site, server):
    """Long before it has had its share; the others are not, and all is taken."""
    site = make_site(server)
    site.conf["queue"].update(uid_rate="5/1h", delivery="off")
    site.start()
    site.submit("urgent@example.com")
    for i in range(12):
        site.submit("r%d@example.net" % i, stdin=TEXT, uid=OTHER)
    site.log.wait_for("flood")
    line, = site.log.events("flood")
    assert (line["uid"], line["messages"], line["within_s"]) == (
        str(OTHER), "6", "3600")
    assert len(site.queue()) == 13
