# SPDX-License-Identifier: ISC
"""sendmail -q and its variants: what is tried, of whom, and how often."""

import os

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OTHER = "other@contoso.example"
GONE = "421 4.3.2 Service not active"


def account(site, i=0):
    return site.status()["accounts"][i]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_others_end_no_back_off(make_site, server):
    """Of their own mail's account neither."""
    server.faults.add(state="greeting", count="forever", reply=GONE)
    site = make_site(server, backoff_min="1h", backoff_max="1h").start()
    assert site.sendmail("mine@example.net", uid=5).returncode == 0
    site.wait(lambda: account(site)["state"] == "backoff", "a back-off")
    before = account(site)["next_at"]
    number = site.queue()[0]["id"]
    for option in ("-q", "-qI" + number, "-qRmine@"):
        done = site.sendmail(option, stdin="", uid=5)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert account(site)["next_at"] == before
    assert len(server.record.connections) == 1
    assert site.sendmail("-q", stdin="").returncode == 0
    site.log.wait_for("backoff", nth=2)
    assert len(server.record.connections) == 2


def test_one_attempt_for_each_account(make_site, server):
    """However many messages wait for it."""
    server.faults.add(state="greeting", count="forever", reply=GONE)
    site = make_site(server, backoff_min="1h", backoff_max="1h")
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    site.start()
    for i in range(3):
        for user in (USER, OTHER):
            site.submit("r%d@example.net" % i,
                        stdin=TEXT.replace(USER, user))
    site.wait(lambda: {account(site, i)["state"] for i in (0, 1)} ==
              {"backoff"} and len(site.queue()) == 6, "two back-offs")
    for runs in (1, 2):
        assert site.sendmail("-q", stdin="").returncode == 0
        site.log.wait_for("backoff", nth=2 + 2 * runs)
        assert len(server.record.connections) == 2 + 2 * runs


@pytest.mark.parametrize("option, tried", [
    ("-qRb@", ["b@example.net"]), ("-qR@EXAMPLE.NET", [
        "a@example.net", "b@example.net"]),
    ("-qSother", ["c@example.org"]), ("-qScontoso", [
        "a@example.net", "b@example.net", "c@example.org"]),
    ("-qRother", []), ("-qSnobody", [])])
def test_only_what_matches(site, server, option, tried):
    """-qR looks at recipients, -qS at the sender."""
    server.options.recipient_replies["*"] = "451 4.3.0 Not now"
    server.options.send_as_also.append(OTHER)
    site.conf["account"]["senders"] = "%s %s" % (USER, OTHER)
    site.conf["queue"]["retry"] = "1h"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.submit("b@example.net", stdin=TEXT)
    assert site.sendmail("-f", OTHER, "c@example.org", stdin=TEXT) \
        .returncode == 0

    def attempts():
        return {m["recipients"][0]["address"]: m["attempts"]
                for m in site.queue()}
    site.wait(lambda: list(attempts().values()) == [1, 1, 1], "first tries")
    assert site.sendmail(option, stdin="").returncode == 0
    # What would be tried too is due by now, and before this one.
    site.submit("last@example.net", stdin=TEXT)
    site.wait(lambda: attempts().get("last@example.net") == 1, "a new one")
    site.wait(lambda: all(attempts()[a] == 2 for a in tried), "the run")
    assert {a for a, n in attempts().items() if n > 1} == set(tried)
