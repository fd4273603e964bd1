# SPDX-License-Identifier: ISC
"""Several hosts, several addresses: what works is used, what does not is left
alone for a while, and a fault of the account goes no further."""

import os

import pytest

from lib.names import view
from lib.netns import hanging, own_network
from lib.site import USER

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a network of its own")

PORT = 587
TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


@pytest.fixture(autouse=True)
def network():
    with own_network():
        yield


@pytest.fixture
def pair(make_server, make_site, authority):
    """Two servers, a and b, and a site that has both in this order."""
    a, b = (make_server(authority.issue(name), provider="smtp", host=address,
                        port=PORT)
            for name, address in (("127.0.0.1", "127.0.0.1"),
                                  ("127.0.0.2", "127.0.0.2")))
    site = make_site(a, provider="smtp", host="127.0.0.1, 127.0.0.2",
                     linger="0s", connections="1", backoff_min="1h",
                     backoff_max="1h")
    b.options.users[USER] = site.password
    return a, b, site


def send(site, server, n):
    """One message, alone on its connection, which is the server's nth."""
    site.submit("a%d@example.net" % n, stdin=TEXT)
    server.record.wait_messages(n)
    site.wait_empty()
    server.record.wait_idle()


def state(site):
    account, = site.status()["accounts"]
    return account["state"]


def test_the_first_is_used(pair):
    a, b, site = pair
    site.start()
    send(site, a, 1)
    send(site, a, 2)
    assert b.record.connections == []


def test_one_that_is_down_is_passed_over_once(pair):
    a, b, site = pair
    a.down()
    site.start()
    for n in (1, 2, 3):
        send(site, b, n)
        assert state(site) == "ready"
    over, = site.log.events("passed-over")
    assert "127.0.0.1:587" in over["text"] and "refused" in over["text"]
    assert not site.log.events("backoff")


def test_retry_looks_at_the_first_again(pair):
    a, b, site = pair
    a.down()
    site.start()
    send(site, b, 1)
    a.up()
    send(site, b, 2)
    site.mailchute("retry", "ALL")
    send(site, a, 1)


def test_back_to_the_first_when_its_time_is_over(pair):
    a, b, site = pair
    site.conf["account"].update(backoff_min="1s", backoff_max="1s")
    a.down()
    site.start()
    send(site, b, 1)
    a.up()
    n = 0
    while not a.record.accepted:
        n += 1
        site.submit("c%d@example.net" % n, stdin=TEXT)
        site.wait_empty()


@pytest.mark.parametrize("where", ["greeting", "ehlo", "mail", "dot"])
def test_what_one_host_says_counts_for_it_alone(pair, where):
    """The message that met it goes by the other at once, and once."""
    a, b, site = pair
    a.faults.add(state=where, count="forever",
                 reply="421 4.3.2 Service not available")
    site.start()
    for n in (1, 2):
        send(site, b, n)
        assert state(site) == "ready"
    failed, = site.log.events("host-failed")
    assert failed["relay"] == "127.0.0.1"
    assert "Service not available" in failed["text"]
    assert len(a.record.connections) == 1
    assert len(b.record.accepted) == 2


def test_no_tls_at_one_host(pair):
    """Nothing secret is said there, and mail goes on."""
    a, b, site = pair
    a.options.starttls = False
    site.start()
    send(site, b, 1)
    assert a.record.auths == 0
    assert "STARTTLS" in site.log.events("host-failed")[0]["text"]


def test_a_wrong_password_goes_no_further(pair):
    """One sign-in in all: the next host knows the same mailbox."""
    a, b, site = pair
    a.options.users[USER] = "another"
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait(lambda: state(site) == "held", "the account held")
    assert (a.record.auths, b.record.connections) == (1, [])


def test_each_that_failed_is_named(pair):
    a, b, site = pair
    a.down()
    b.down()
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    said = site.log.wait_for("backoff")["text"]
    assert "127.0.0.1:587: Connection refused" in said
    assert "127.0.0.2:587: Connection refused" in said
    listing = site.mailq()
    assert "127.0.0.1:587" in listing and "127.0.0.2:587" in listing


def test_each_that_failed_is_named_whatever_it_met(pair):
    a, b, site = pair
    a.faults.add(state="greeting", count="forever", reply="421 4.3.2 Too busy")
    b.down()
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    said = site.log.wait_for("backoff")["text"]
    assert "127.0.0.1: " in said and "Too busy" in said
    assert "127.0.0.2:587: Connection refused" in said
    assert state(site) == "backoff"


def test_lost_answers_at_one_host(pair):
    """Three in a row are trouble: of that host."""
    a, b, site = pair
    a.faults.add(state="dot", drop_after_accept=True, count="forever")
    site.conf["queue"]["retry"] = "1h"
    site.start()
    for n in (1, 2, 3):
        site.submit("u%d@example.net" % n, stdin=TEXT)
        a.record.wait_messages(n)
        site.wait(lambda: site.status()["uncertain"] == n, "the count")
    site.submit("b@example.net", stdin=TEXT)
    b.record.wait_messages(1)
    assert state(site) == "ready"
    assert len(a.record.messages) == 3


@pytest.mark.parametrize("family, first", [
    ("any", "[::1]:"), ("ipv6", "[::1]:"), ("ipv4", "127.0.0.1:")])
def test_families(make_server, make_site, family, first):
    """The system's order, or one family alone."""
    four = make_server(provider="smtp", port=PORT)
    six = make_server(provider="smtp", host="::1", port=PORT)
    site = make_site(four, provider="smtp", family=family)
    six.options.users[USER] = site.password
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait_empty()
    assert site.log.events("session")[0]["address"].startswith(first)


def test_one_family_has_no_server(make_server, make_site):
    """IPv6 is asked for, and there is none: not the other instead."""
    server = make_server(provider="smtp", port=PORT)
    site = make_site(server, provider="smtp", family="ipv6").start()
    site.submit("a@example.net", stdin=TEXT)
    said = site.log.wait_for("backoff")["text"]
    assert "[::1]:587" in said and "127.0.0.1" not in said
    assert server.record.connections == []


def test_the_other_family_takes_over(make_server, make_site):
    server = make_server(provider="smtp", port=PORT)
    site = make_site(server, provider="smtp").start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait_empty()
    over, = site.log.events("passed-over")
    assert "[::1]:587" in over["text"]
    assert len(server.record.accepted) == 1


def test_an_address_that_hangs(make_server, make_site, authority):
    """The next address, or host, has its turn; what hung waits for its own."""
    server = make_server(authority.issue("b.example"), provider="smtp",
                         port=PORT)
    site = make_site(server, provider="smtp", host="a.example b.example",
                     linger="0s", backoff_min="1h", backoff_max="1h")
    kept = hanging("127.0.0.3", PORT)
    try:
        site.start(through=view(
            site, "127.0.0.1", "127.0.0.3 a.example\n127.0.0.1 b.example\n"))
        site.submit("a1@example.net", stdin=TEXT)
        over = site.log.wait_for("passed-over")
        assert "127.0.0.3:587" in over["text"] and "timed out" in over["text"]
        server.record.wait_messages(1)
        site.wait_empty()
        server.record.wait_idle()
        send(site, server, 2)
        assert len(site.log.events("passed-over")) == 1
    finally:
        for sock in kept:
            sock.close()
