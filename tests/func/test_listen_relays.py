# SPDX-License-Identifier: ISC
"""Two relays, each a host of its own: one dies under load, and nothing is lost."""

import collections
import contextlib
import os
import threading

import pytest

from lib.netns import another_host, own_network

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for networks of its own")

HERE, RELAYS = "192.0.2.1", ("192.0.2.11", "192.0.2.12")
SENDER, LOGIN = "web02@contoso.example", "web02"
SUBMITTERS, EACH = 4, 30
DIE_AFTER = 20  # messages that the first relay has taken


@pytest.fixture
def hosts():
    """What runs a command on each of the relays."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(own_network())
        yield [stack.enter_context(another_host(HERE, there))
               for there in RELAYS]


class Relay:
    """A site that takes the mail of clients that sign in, on a host, and has a
    mailbox of its own."""

    def __init__(self, site, authority, address, host, password):
        self.site, self.host = site, host
        user = site.conf["account"]["user"]
        site.server.options.users[user] = site.password
        for name, path in zip(("relay.pem", "relay.key"),
                              authority.issue(address)):
            with open(path) as f:
                site.secret(name, f.read())
        site.conf["listen edge"] = {
            "address": address, "port": "587", "allow": HERE,
            "tls": "required", "certificate_file": "relay.pem",
            "key_file": "relay.key", "auth": "required",
            "users_file": "users", "rate": "none"}
        site.conf["queue"]["retry"] = "1s"
        site.mailchute("passwd", "--file", site.path("conf/users"), LOGIN,
                       stdin=password + "\n")

    def start(self):
        self.site.start(through=self.host)

    def taken(self):
        return len(self.site.log.events("queued"))


@pytest.fixture
def relays(hosts, make_server, make_site, authority):
    """The edge, the two relays, and the server behind them."""
    server = make_server(authority.issue(HERE), host=HERE,
                         provider="smtp")
    edge = make_site(provider="smtp", host=", ".join(RELAYS), port="587",
                     user=LOGIN, rewrite="never", backoff_min="1s",
                     backoff_max="1s")
    edge.conf["queue"]["retry"] = "1s"
    made = [Relay(make_site(server, provider="smtp", host=HERE,
                            user="relay-%s@contoso.example" % address,
                            rewrite="never"),
                  authority, address, host, edge.password)
            for address, host in zip(RELAYS, hosts)]
    for relay in made:
        relay.start()
    edge.start()
    return edge, made, server


def submit_all(edge):
    """The subjects, one of each message, and the exit statuses."""
    subjects, statuses = [], []

    def submitter(n):
        for i in range(EACH):
            subject = "message %d of %d" % (i, n)
            done = edge.sendmail("-f", SENDER, "a@example.net",
                                 stdin="From: %s\nSubject: %s\n\nhello\n" % (
                                     SENDER, subject))
            subjects.append(subject)
            statuses.append(done.returncode)
    threads = [threading.Thread(target=submitter, args=(n,))
               for n in range(SUBMITTERS)]
    for t in threads:
        t.start()
    return threads, subjects, statuses


def doubts(site):
    """Messages of which it could not know whether they had been taken."""
    return len(site.log.events("uncertain")) + sum(
        int(e["uncertain"]) for e in site.log.events("queue-opened"))


def test_one_dies_under_load(relays):
    edge, (first, second), server = relays
    threads, subjects, statuses = submit_all(edge)
    first.site.wait(lambda: first.taken() >= DIE_AFTER, "mail by the first")
    first.site.kill()
    for t in threads:
        t.join()
    edge.wait_empty()
    assert second.taken() > 0
    # What the first had taken is on its disk.
    first.start()
    for relay in (first, second):
        relay.site.wait_empty()
    assert statuses == [0] * SUBMITTERS * EACH
    arrived = collections.Counter(m.header("Subject")
                                  for m in server.record.accepted)
    assert set(arrived) == set(subjects)
    twice = sum(arrived.values()) - len(arrived)
    assert twice <= sum(doubts(s) for s in (edge, first.site, second.site))
