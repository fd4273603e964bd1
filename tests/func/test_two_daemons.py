# SPDX-License-Identifier: ISC
"""Two daemons on one queue: one works, the other says who does."""

from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


def test_the_second_names_the_first_and_gives_up(running, server):
    """It waits up to 30 seconds for the lock, then exits 75."""
    done = running.run([program("mailchuted"), "-f", "-C",
                        running.conf_path])
    assert done.returncode == 75, done
    said = done.stderr + running.log.text()
    assert any(str(pid) in said for pid in running.group(running.daemon.pid))
    assert running.is_ready()
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


def test_the_second_takes_over(running, server):
    """A restart in which the old one is still stopping."""
    first, second = running.daemon, running.spawn()
    # The second one waits for the lock that the first one holds.
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert second.poll() is None
    running.daemon = first
    running.stop()
    running.daemon = second
    running.wait(running.is_ready, "the socket of the second daemon")
    running.submit("b@example.net", stdin=TEXT)
    server.record.wait_messages(2)


def test_it_runs_already(running):
    """sendmail -bd as an old init script says it."""
    if running.is_root:
        done = running.sendmail("-bd", stdin="")
        assert done.returncode == 0, done


def test_others_start_no_daemon(site):
    if site.is_root:
        for args in (["-bd"], ["-bD"]):
            done = site.sendmail(*args, stdin="", uid=5)
            assert done.returncode == 64 and done.stderr
