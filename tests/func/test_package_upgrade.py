# SPDX-License-Identifier: ISC
"""Debian's package over what an earlier version left: its queue, as it was when
that was killed, and its drop files; both are those of tests/data."""

import gzip
import os

import pytest

from lib import specimens
from lib.packaged import LOG, PASSWORD
from lib.packaged import bare, provider  # noqa: F401
from lib.specimens import AWAY, HELD, VERSION_1, WAITING

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

# The accounts that the queue knows, and nothing in it is too old.
CONF = """\
[local]
admin = it@contoso.example
domain = contoso.example
[queue]
lifetime = 365d
delay_notice = never
retry = 30d
history = 36500d
[account]
user = alerts@contoso.example
password_file = password
rate = none
[account held]
user = %s
password_file = password
[account away]
user = %s
password_file = password
""" % (HELD, AWAY) + LOG
USERS = ("alerts@contoso.example", HELD, AWAY)
QUEUE = "/var/lib/mailchute/queue.db"
DROP = "/var/spool/mailchute/drop/"


def put(host, path, octets, owner, mode):
    with open(host.file(path), "wb") as f:
        f.write(octets)
    host.run("chown", owner, path)
    host.run("chmod", mode, path)


@pytest.fixture
def left_behind(bare, provider):
    """A host where the version before was killed, with mail in each state in
    its queue, and programs have sent more since."""
    for user in USERS:
        provider.options.users[user] = PASSWORD
    bare.install()
    bare.configure()
    bare.write("etc/mailchute/mailchute.conf", CONF)
    bare.write("etc/aliases", specimens.ALIASES)
    put(bare, QUEUE, gzip.decompress(specimens.read("queue-1", "queue.db.gz")),
        "mailchute:mailchute", "0600")
    for name in VERSION_1:
        put(bare, DROP + name, specimens.drop_file(name), "alice:mailchute",
            "0640")
    return bare


def mail(provider):
    """What has arrived, but for alarms."""
    return [m for m in provider.record.accepted
            if "mailchute on " not in (m.header("Subject") or "")]


def arrived(provider, n):
    provider.record.wait(lambda: len(mail(provider)) >= n, "%d messages" % n)
    return sorted(a for m in mail(provider) for a in m.addresses)


def let_go(host, provider):
    """All of it is delivered, once."""
    for words in (["release", "ALL"], ["retry", "ALL"], ["resume"]):
        host.run("mailchute", *words)
    # Of what waited one message has two recipients.
    messages = len(WAITING) - 1 + len(VERSION_1)
    everybody = sorted([*WAITING, *(a for to in VERSION_1.values()
                                    for a in to)])
    assert arrived(provider, messages) == everybody
    host.wait(lambda: host.run("mailq") == "Mail queue is empty\n",
              "an empty queue")
    assert len(mail(provider)) == messages
    assert "event=bounced" not in host.log()


def test_upgrade(left_behind, provider):
    """What was decided before stands until the administrator decides otherwise,
    and what is over is still known."""
    host = left_behind
    host.dpkg("--install", "/root/" + host.newer())
    host.service("status")
    host.wait_log("event=replayed", len(VERSION_1))
    host.wait(lambda: not host.drops(), "an empty drop folder")
    assert host.run("mailchute", "status", status=2).startswith(
        "critical: account held is held")
    assert provider.record.accepted == []  # it was paused, and still is
    listed = host.run("mailq")
    for address in WAITING:
        assert address in listed
    assert "delivered@example.net" in host.run(
        "mailchute", "trace", "delivered@example.net")

    let_go(host, provider)


def test_removal_and_return(left_behind, provider):
    """The version before was removed instead; what it left is found again by
    the one that comes later."""
    host = left_behind
    host.dpkg("--force-depends", "--remove", "mailchute")
    assert os.path.exists(host.file(QUEUE))
    host.dpkg("--install", "/root/" + host.newer())
    let_go(host, provider)
