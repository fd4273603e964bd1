# SPDX-License-Identifier: ISC
"""Programs that count what waits, by mailq."""

import re

import pytest

from lib.trace import words

PLUGIN = "/usr/lib/nagios/plugins/check_mailq"
OK, WARNING, CRITICAL = 0, 1, 2
FROM, TO = 2, 4  # the plugin's limits: it warns at the first


@pytest.fixture
def paused(host):
    """Nothing leaves; wait(n) makes it hold n messages."""
    host.root.run("mailchute", "pause")
    total = [0]

    def wait(n):
        for _ in range(n - total[0]):
            host.root.run("sendmail", "-i", "bob@example.com", user="alice",
                          stdin="Subject: x\n\nhello\n")
        total[0] = n
    return wait


def check(host, judge, user, how):
    done = host.run(PLUGIN, "-w", str(FROM), "-c", str(TO), *how, user=user)
    [call] = done.calls
    assert words(call) == "/usr/bin/mailq" and call.status == 0
    assert done.err == ""
    return done.status, int(re.search(r"\|unsent=(\d+);", done.out)[1])


@pytest.mark.parametrize("user", ["root", "nagios"])
@pytest.mark.parametrize("how", [("-M", "sendmail"), ("-M", "postfix"), ()],
                         ids=["sendmail", "postfix", "default"])
def test_check_mailq(host, judge, paused, user, how):
    """It counts for Sendmail and for Postfix, also without any rights."""
    for n, status in ((0, OK), (1, OK), (2, WARNING), (3, WARNING),
                      (4, CRITICAL), (11, CRITICAL)):
        paused(n)
        assert check(host, judge, user, how) == (status, n)
    host.root.run("mailchute", "resume")
    counted = judge.messages(11)
    judge.drained()
    assert check(host, judge, user, how) == (OK, 0)
    judge.note("check_mailq -M " + how[1] if how else "check_mailq",
               "/usr/bin/mailq", "monitoring-plugins-standard",
               counted[0].header("Message-ID"))


@pytest.mark.parametrize("user", ["root", "nagios"])
def test_last_line(host, judge, paused, user):
    """What many scripts do: the last line, by its words or by patterns."""
    def tell(command):
        done = host.run("sh", "-c", command, user=user)
        assert (done.status, done.err) == (0, "")
        return done.out.strip()
    assert tell("mailq") == "Mail queue is empty"
    for n in (1, 12):
        paused(n)
        assert tell("mailq | tail -n1 | awk '{print $5}'") == str(n)
        last = tell("mailq | tail -n1")
        assert re.search(r" in (.*) Requests?\.", last)[1] == str(n)
        assert re.search(r"(\d+)\s+(\w+)\s+in\s+(\d+)", last)[3] == str(n)
    if user == "root":  # others see their own entries, of which there is none
        assert tell("mailq | grep -c '^[A-F0-9]'") == "12"
    host.root.run("mailchute", "resume")
    judge.messages(12)
