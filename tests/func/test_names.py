# SPDX-License-Identifier: ISC
"""The name service: as it fails, and as it changes while the daemon runs."""

import os

import pytest

from lib.names import NameServer, view
from lib.netns import own_network

HOST = "smtp.mailchute-test.example"
DEAF = "127.0.53.1"  # nobody listens there
GOOD = "127.0.53.2"


pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a view of its own")


@pytest.fixture(autouse=True)
def network():
    """Port 53 is free in it."""
    with own_network():
        yield


@pytest.fixture
def names(network):
    s = NameServer(GOOD, {HOST: "127.0.0.1"})
    yield s
    s.close()


@pytest.fixture
def away(make_server, make_site, authority):
    """A site whose server has a name that only a name server knows."""
    server = make_server(authority.issue(HOST))
    site = make_site(server, host=HOST, backoff_min="1h", backoff_max="1h")
    site.far = server
    return site


def test_a_changed_resolver_is_seen(away, names):
    """resolv.conf is read anew for each connection."""
    away.start(through=view(away, DEAF + "\noptions timeout:1 attempts:1"))
    away.submit("a@example.net")
    said = away.log.wait_for("backoff")
    assert HOST in said["text"]
    assert "name" in said["text"]
    # In place: a bind mount stays with the file that it was made of.
    with open(away.path("resolv.conf"), "r+") as f:
        f.write("nameserver %s\n" % GOOD)
        f.truncate()
    away.mailchute("retry", "ALL")
    away.far.record.wait_messages(1)


def test_a_name_that_does_not_exist(away, names):
    """Temporary all the same: it may have been mistyped, or be to come."""
    names.names.clear()
    away.start(through=view(away, GOOD))
    away.submit("a@example.net")
    said = away.log.wait_for("backoff")
    assert HOST in said["text"] and "account.host" in said["fix"]
    names.names[HOST] = "127.0.0.1"
    away.mailchute("retry", "ALL")
    away.far.record.wait_messages(1)
