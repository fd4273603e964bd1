# SPDX-License-Identifier: ISC
"""Is my mail going out?  What mailchute status says, to whom, and how it
exits."""

import contextlib
import os
import signal

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


# ---- our own limits ------------------------------------------------------------

@pytest.mark.parametrize("limit, said", [
    ({"rate": "1/1h"}, "account.rate is used up (1 message in 1h)"),
    ({"recipients_per_day": "1"},
     "account.recipients_per_day is used up (1 recipient in 1d)")])
def test_a_budget_that_lets_nothing_out(make_site, server, limit, said):
    """Once nothing waits for it, it worries nobody."""
    site = make_site(server, **limit).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    done = site.mailchute("status")
    assert done.returncode == 0 and done.stdout.startswith("ok: ")
    site.submit("b@example.net", stdin=TEXT)
    site.wait(site.queue, "a message that waits")
    done = site.mailchute("status")
    line = done.stdout.splitlines()[0]
    assert (done.returncode, line.partition(":")[0]) == (1, "warning")
    assert said in line and "; 1 message waits, the next try is in " in line
    account, = site.status()["accounts"]
    assert (account["state"], account["text"]) == ("budget", said)
    assert account["meaning"] and account["fix"]
    recipient = site.recipients()["b@example.net"]
    assert recipient["next_at"] == account["next_at"]


# ---- figures -----------------------------------------------------------------------

def test_what_failed_within_a_day(running, server):
    """Messages, however many of their recipients; and not for ever."""
    server.options.recipient_replies["no*@*"] = "550 5.1.1 No such user"
    assert running.status()["failed"] == 0
    running.submit("no1@example.net", "no2@example.net", "a@example.net",
                   stdin=TEXT)
    running.submit("no3@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["failed"] == 2, "two failures")
    running.wait_empty()
    assert "2 failed in 24 h" in running.mailchute("status").stdout
    assert running.json("status", uid=5)[0]["failed"] == 2
    running.stop()
    assert running.status()["failed"] == 2
    # They were the day before yesterday's.
    running.database_change("UPDATE event SET at = at - 2 * 86400")
    assert running.status()["failed"] == 0


# ---- a daemon that hangs -------------------------------------------------------

@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_daemon_that_hangs(running, server):
    """No mail goes out: critical, before a monitoring plugin gives up."""
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    with stopped(running.group(running.daemon.pid)):
        done = running.mailchute("status")
        assert done.returncode == 2
        assert done.stdout == "critical: mailchuted (pid %d) does not " \
            "answer\n" % running.daemon.pid
        status = running.status()
    assert (status["verdict"], status["waiting"]) == ("critical", None)
    assert running.mailchute("status").returncode == 0
