# SPDX-License-Identifier: ISC
"""SIGHUP: a new configuration, without a message lost, cut off or refused."""

import os
import signal
import subprocess
import threading

import pytest

from exchange import Fault
from lib.site import program


def hup(site):
    site.daemon.send_signal(signal.SIGHUP)


def reloaded(site, nth=1):
    hup(site)
    return site.log.wait_for("started", nth=nth + 1)


def test_takes_a_change(holding, server):
    holding.submit("a@example.net")
    holding.conf["queue"]["delivery"] = "on"
    holding.write_conf()
    hup(holding)
    server.record.wait_messages(1)


def test_a_change_serves_mail_that_waits(holding, server):
    """Headers are rewritten on the way out: by the configuration of then."""
    site = holding
    site.conf["account"]["rewrite"] = "never"
    site.restart()
    site.submit("a@example.net",
                stdin="From: Bob <bob@contoso.example>\nSubject: x\n\nx\n")
    site.conf["account"]["rewrite"] = "auto"
    site.conf["queue"]["delivery"] = "on"
    site.write_conf()
    hup(site)
    sent, = server.record.wait_messages(1)
    assert sent.header("From") == \
        '"Bob (bob@contoso.example)" <%s>' % site.conf["account"]["user"]


def test_an_error_keeps_the_configuration(running, server):
    good = open(running.conf_path).read()
    running.write("conf/mailchute.conf", good + "[queue]\nlife_time = 3d\n")
    hup(running)
    said = running.log.wait_for("reload-refused")
    assert "mailchute.conf:" in said["text"]
    assert "life_time" in said["text"]
    assert "before stays" in said["fix"]
    running.submit("a@example.net")
    server.record.wait_messages(1)


def test_a_file_that_is_gone_keeps_the_configuration(running, server):
    os.rename(running.conf_path, running.conf_path + ".away")
    hup(running)
    said = running.log.wait_for("reload-refused")
    assert "cannot be read" in said["text"]
    os.rename(running.conf_path + ".away", running.conf_path)
    running.submit("a@example.net")
    server.record.wait_messages(1)


@pytest.mark.parametrize("option", ["user", "directory", "socket_directory",
                                    "drop_directory", "admin_group"])
def test_what_needs_a_new_start_is_refused(running, server, option):
    values = {"user": "daemon", "admin_group": "daemon"}
    running.conf["queue"][option] = values.get(option, running.path("else"))
    running.write_conf()
    hup(running)
    said = running.log.wait_for("reload-refused")
    assert "queue." + option + " has changed" in said["text"]
    assert not os.path.exists(running.path("else"))


def test_a_delivery_under_way_is_finished(running, server):
    """What waits for the server's answer is not cut off, and mail is taken
    meanwhile."""
    stall = server.faults.add(state="dot", stall=True)
    running.submit("slow@example.net")
    server.record.wait_event("stall", "dot")
    hup(running)
    running.log.wait_for("leaving")
    running.submit("meanwhile@example.net")
    assert running.dropped() == []
    stall.release()
    server.record.wait_messages(2)
    running.log.wait_for("started", nth=2)
    running.wait_empty()
    assert sorted(r for m in server.record.messages
                  for r in m.addresses) == ["meanwhile@example.net",
                                             "slow@example.net"]
    assert not running.log.events("uncertain")


def test_a_submission_under_way_is_finished(running, server):
    """A large message that comes from a pipe cannot be sent twice."""
    with subprocess.Popen(
            [program("sendmail"), "-C", running.conf_path, "-i", "--",
             "a@example.net"], stdin=subprocess.PIPE,
            env=running.environment()) as proc:
        proc.stdin.write(b"Subject: large\n\n" + b"0123456789\n" * 300000)
        proc.stdin.flush()
        hup(running)
        running.log.wait_for("leaving")
        proc.stdin.close()
        assert proc.wait() == 0
    running.log.wait_for("started", nth=2)
    server.record.wait_messages(1)
    assert running.dropped() == []


def test_nothing_is_turned_away(running, server):
    """Submissions all along; each is taken by the socket, and arrives."""
    failed = []

    def submit_some(who):
        for n in range(12):
            done = running.sendmail("-i", "--", "%s%d@example.net" % (who, n))
            if (done.returncode, done.stderr) != (0, ""):
                failed.append(done)

    threads = [threading.Thread(target=submit_some, args=(who,))
               for who in "abc"]
    for t in threads:
        t.start()
    for n in range(5):
        reloaded(running, n + 1)
    for t in threads:
        t.join()
    assert failed == []
    server.record.wait_messages(36)
    running.wait_empty()
    assert len(server.record.messages) == 36


def test_the_log_is_opened_anew(running):
    """As after logrotate has moved it away."""
    moved = running.path("log/log.1")
    os.rename(running.path("log/log"), moved)
    hup(running)
    running.log.wait_for("reloaded")
    running.log.wait_for("started")
    with open(moved) as f:
        assert "event=reloaded" not in f.read()


def test_the_log_is_opened_anew_by_one_that_is_refused(running, server):
    """A mistake in the configuration is none of logrotate's."""
    moved = running.path("log/log.1")
    good = open(running.conf_path).read()
    running.write("conf/mailchute.conf", good + "nonsense\n")
    os.rename(running.path("log/log"), moved)
    hup(running)
    running.log.wait_for("reload-refused")
    # The first has reached all, once the parent tells of the second.
    hup(running)
    running.log.wait_for("reload-refused", nth=2)
    running.submit("a@example.net")
    server.record.wait_messages(1)
    running.log.wait_for("delivered")
    with open(moved) as f:
        old = f.read()
    assert "event=reload-refused" not in old
    assert "a@example.net" not in old


@pytest.mark.parametrize("also", ["", "nonsense\n"])
def test_a_held_account_may_try_once(running, server, also):
    """Even when the configuration is refused."""
    server.options.users["alerts@contoso.example"] = "changed"
    running.submit("a@example.net")
    running.log.wait_for("account-held")
    attempts = server.record.auths
    running.write("conf/mailchute.conf",
                  open(running.conf_path).read() + also)
    hup(running)
    server.record.wait(lambda: server.record.auths == attempts + 1,
                       "one more sign-in")


def test_one_that_cannot_start_brings_back_the_former(make_site, server):
    """The configuration is right, but the kernel refuses what it asks for."""
    site = make_site(server)
    site.conf["sandbox"] = {"mode": "off"}
    site.start(env=site.environment(leaks=False),
               through=["strace", "-f", "-qq", "-o", "/dev/null",
                        "-e", "trace=seccomp",
                        "-e", "inject=seccomp:error=EINVAL"])
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.conf["sandbox"] = {"mode": "strict"}
    site.write_conf()
    os.kill(site.background_pid(), signal.SIGHUP)
    site.log.wait_for("reload-failed")
    site.submit("b@example.net")
    server.record.wait_messages(2)
    site.kill()  # SIGTERM would be for strace


def test_a_change_while_the_queue_process_is_down(holding, server):
    """It ends again and again, and somebody mends the file between two."""
    site = holding
    site.may_crash = True
    site.submit("a@example.net")
    for n in (1, 2):
        site.log.wait_for("started", nth=n)
        os.kill(site.queue_pid(), signal.SIGKILL)
        site.log.wait_for("queue-process-ended", nth=n)
    site.conf["queue"]["delivery"] = "on"
    site.write_conf()
    hup(site)
    site.log.wait_for("reloaded")
    server.record.wait_messages(1)
