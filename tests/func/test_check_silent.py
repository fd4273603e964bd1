# SPDX-License-Identifier: ISC
"""mailchute check, where a server says nothing, and what it says of the time."""

import json
import os
import time
from email.utils import formatdate

import pytest

from lib.netns import hanging, own_network
from lib.site import USER, program

NEEDS_ROOT = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a network of its own")


def check(site):
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json"])
    assert done.stderr == ""
    return {v["check"]: v for v in map(json.loads, done.stdout.splitlines())
            }, done.returncode


@NEEDS_ROOT
def test_nobody_answers(make_site, make_server):
    """At each step of the way, and it is said which, before anybody is tired
    of waiting: the usual limits are those of mail that waits by itself."""
    with own_network():
        mute, greets = make_server(), make_server()
        mute.faults.add(state="greeting", stall=True, count="forever")
        greets.faults.add(state="handshake", stall=True, count="forever")
        kept = hanging("127.0.0.1", 5870)
        site = make_site(mute, family="ipv4")
        for name, port in (("greets", greets.port), ("hangs", 5870)):
            site.conf["account " + name] = {
                **site.conf["account"], "port": port,
                "user": name + "@contoso.example"}
        lines, status = check(site.start())
        for sock in kept:
            sock.close()
        mute.faults.clear()
        greets.faults.clear()
    assert status == 2
    line = lines["connection of account " + USER]
    assert "timed out while waiting for the greeting" in line["text"]
    assert "nobody says a word" in line["text"]
    assert "nc localhost %d" % mute.port in line["next"]
    line = lines["TLS of account greets"]
    assert "timed out in the TLS handshake" in line["text"]
    assert "MTU" in line["text"]
    assert "-connect localhost:%d" % greets.port in line["next"]
    line = lines["connection of account hangs"]
    assert "nothing answers at all" in line["text"]
    assert "nc -vz localhost 5870" in line["next"]


@pytest.mark.parametrize("ahead, said", [
    (3600, "behind the mail server's"), (-3600, "ahead of the mail server's"),
    (0, None)])
def test_the_clock_by_the_greeting(make_site, server, ahead, said):
    """Of an account with a password nobody else tells the time."""
    server.faults.add(state="greeting", count="forever", reply=(
        "220 x.outlook.office365.com Microsoft ESMTP MAIL Service ready at %s "
        "[8661B083688CD963]" % formatdate(time.time() + ahead)))
    site = make_site(server).start()
    lines, _ = check(site)
    line = lines["clock"]
    if said is None:
        assert line["text"].endswith("agrees with the mail server's")
    else:
        assert line["level"] == "warn" and said in line["text"]
        assert "set-ntp" in line["next"]
