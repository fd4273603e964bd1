# SPDX-License-Identifier: ISC
"""Several accounts: of one mailbox, and of two tenants."""

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n"
FABRIKAM = "billing@fabrikam.example"


def submit(site, sender, *rcpts):
    site.submit(*rcpts, stdin=TEXT % sender)


def states(site):
    return {a["name"]: a for a in site.status()["accounts"]}


# ---- one mailbox -----------------------------------------------------------------

def test_accounts_of_one_mailbox_share_what_it_may(make_site, server):
    """Its ledger and its connections, whatever the case of its name."""
    site = make_site(server, rate="3/1h", connections=2)
    site.conf["account second"] = dict(
        site.conf["account"], user=USER.upper(),
        senders="@second.example")
    server.options.send_as_also.append("*@second.example")
    site.start()
    for i in range(2):
        submit(site, USER, "a%d@example.net" % i)
        submit(site, "x@second.example", "b%d@example.net" % i)
    server.record.wait_messages(3)
    site.wait(lambda: all(a["state"] == "budget"
                          for a in states(site).values()),
              "both to be out of their budget")
    site.wait(lambda: len(site.queue()) == 1, "the fourth alone")
    site.restart()
    told = states(site)
    assert len(site.queue()) == 1 and len(told) == 2
    for account in told.values():
        assert account["state"] == "budget"
        assert account["sent_day"] == 3
    assert len(server.record.accepted) == 3


def test_its_connections_are_never_more_than_it_may_have(make_site, server):
    server.options.connections = 2
    site = make_site(server, connections=2)
    site.conf["account second"] = dict(
        site.conf["account"], user=USER.upper(), senders="@second.example")
    server.options.send_as_also.append("*@second.example")
    site.conf["queue"]["delivery"] = "off"
    site.start()
    for i in range(15):
        submit(site, USER, "a%d@example.net" % i)
        submit(site, "x@second.example", "b%d@example.net" % i)
    site.conf["queue"]["delivery"] = "on"
    site.write_conf()
    site.restart()
    server.record.wait_messages(30)
    site.wait_empty()
    assert not [e for e in server.record.of_kind("reply")
                if e.text.startswith("432")]
    assert not site.log.events("backoff")


# ---- two tenants -----------------------------------------------------------------

@pytest.fixture
def tenants(make_site, make_server, server):
    """The default account is Contoso's; Fabrikam's has a server of its own."""
    other = make_server()
    site = make_site(server)
    other.options.users[FABRIKAM] = site.password
    site.conf["account fabrikam"] = dict(
        site.conf["account"], user=FABRIKAM, port=other.port,
        senders="%s @fabrikam.example" % FABRIKAM)
    # Matches the same, and comes later.
    site.conf["account third"] = dict(
        site.conf["account"], user=FABRIKAM, senders="@fabrikam.example")
    return site, server, other


def test_the_first_match_wins_and_the_default_takes_the_rest(tenants):
    site, contoso, fabrikam = tenants
    site.start()
    submit(site, FABRIKAM, "a@example.net")
    submit(site, USER, "b@example.net")
    submit(site, "joe@nowhere.example", "c@example.net")
    assert fabrikam.record.wait_messages(1)[0].addresses == ["a@example.net"]
    contoso.record.wait_messages(2)
    site.wait_empty()
    assert {m.addresses[0] for m in contoso.record.accepted} == {
        "b@example.net", "c@example.net"}
    assert len(fabrikam.record.accepted) == 1
    assert all(c.user == FABRIKAM for c in fabrikam.record.connections)


def test_a_held_account_delays_no_other(tenants):
    site, contoso, fabrikam = tenants
    fabrikam.options.users[FABRIKAM] = "another one"
    site.start()
    submit(site, FABRIKAM, "a@example.net")
    site.wait(lambda: states(site)["fabrikam"]["state"] == "held",
              "Fabrikam's account to be held")
    for i in range(5):
        submit(site, USER, "b%d@example.net" % i)
        submit(site, FABRIKAM, "a%d@example.net" % i)
    contoso.record.wait_messages(5)
    site.wait(lambda: len(site.queue()) == 6, "Fabrikam's alone to wait")
    assert {m["account"] for m in site.queue()} == {"fabrikam"}
    assert not fabrikam.record.accepted


def test_nor_does_one_that_cannot_be_reached(tenants):
    site, contoso, fabrikam = tenants
    fabrikam.down()
    site.start()
    submit(site, FABRIKAM, "a@example.net")
    site.wait(lambda: states(site)["fabrikam"]["state"] == "backoff",
              "Fabrikam's account to back off")
    submit(site, USER, "b@example.net")
    contoso.record.wait_messages(1)
    site.wait(lambda: [m["account"] for m in site.queue()] == ["fabrikam"],
              "Fabrikam's alone to wait")


# ---- what the server need not be asked -------------------------------------------

def test_recipients_that_cannot_be_meet_no_server(site, server):
    """Each one refused brings the mailbox nearer to being throttled."""
    site.start()
    for address in "a@", "a@b..example", "a@-b.example", "a..b@example.net":
        assert site.sendmail("-i", "--", address).returncode == 65
    # Of a list what can be goes, and the sender is told of the others.
    done = site.sendmail("-t", stdin="To: b@@example.net, good@example.net"
                         "\nSubject: x\n\nhello\n")
    assert done.returncode == 0
    server.record.wait_messages(2)
    site.wait_empty()
    for message in server.record.messages:
        assert all(a == "good@example.net" or "example.net" not in a
                   for a in message.addresses)
    assert not [e for e in server.record.of_kind("reply")
                if e.text.startswith("5")]
