# SPDX-License-Identifier: ISC
"""Alarms: told once, without mail, and over when their cause is."""

import os
import re
import signal
import subprocess

import pytest

from lib.alarms import (TEXT, Told, alarms, cure, hold, is_ended, refuse,
                        script, submit)
from lib.clock import Clock
from lib.site import USER, program, sanitized

OTHER = "other@contoso.example"


@pytest.fixture
def told(site):
    site.conf["local"]["alarm_command"] = script(site) + ' one "two three"'
    return Told(site)


# ---- a held account ----


def test_the_program_gets_the_text_and_nothing_else(site, server, told):
    logged = hold(site, server)
    assert (logged["kind"], logged["account"]) == ("account-held", USER)
    assert "credentials were incorrect" in logged["text"] and logged["fix"]
    got, = told.wait(1)
    assert got["argv"] == ["one", "two three"]
    if not sanitized():  # which hands on all of it
        assert got["env"] == ["PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                              "LC_ALL=C"]
    assert sorted(got["fds"]) == ["0", "1", "2"]
    assert got["fds"]["0"].startswith("pipe:")
    assert got["fds"]["1"] == "/dev/null"
    assert got["fds"]["2"].startswith("pipe:")
    assert got["leads"] and got["uid"] == site.uid
    first, empty, *lines = got["text"].splitlines()
    assert first.startswith("mailchute on web01.contoso.example: account %s "
                            "is held: " % USER)
    assert "credentials were incorrect" in first and empty == ""
    facts = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert facts["alarm"] == "account-held"
    assert facts["account"] == USER
    assert facts["waiting"] == "1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", facts["since"])
    assert facts["meaning"] and facts["do"]
    site.log.wait_for("alarm-told")


def test_once_each_time_it_comes(site, server, told):
    hold(site, server)
    told.wait(1)  # a restart would end the program
    # Another refusal, a restart and a new configuration tell it no more.
    site.mailchute("retry", "ALL")
    site.log.wait_for("account-held", nth=2)
    site.restart()
    site.daemon.send_signal(signal.SIGHUP)
    site.log.wait_for("started", nth=3)
    site.log.wait_for("account-held", nth=3)
    now, = alarms(site)
    assert now["kind"] == "account-held" and now["account"] == USER
    assert now["since"] == site.status()["accounts"][0]["since"]
    assert len(site.log.events("alarm")) == 1
    assert len(told.all()) == 1
    cure(site, server)
    assert is_ended(site)["account"] == USER
    site.wait_empty()
    assert alarms(site) == []
    assert site.status()["verdict"] == "ok"
    # No mail about it: it would have had to go by the account itself.
    assert len(server.record.accepted) == 1
    # The next time is another alarm.
    refuse(server)
    site.restart()
    submit(site, 1)
    site.log.wait_for("alarm", nth=2)
    assert len(told.wait(2)) == 2
    cure(site, server)
    is_ended(site, 2)


def test_trouble_with_the_connection_does_not_end_it(site, server, told):
    hold(site, server)
    port = server.port
    server.down()
    site.mailchute("retry", "ALL")
    site.log.wait_for("backoff")
    assert [a["kind"] for a in alarms(site)] == ["account-held"]
    assert site.mailchute("status").returncode == 2
    assert not site.log.events("alarm-over")
    server.up()
    assert server.port == port
    cure(site, server)
    is_ended(site)
    told.wait(1)
    assert len(told.all()) == 1


def test_nothing_is_told_without_a_daemon(site, server, told):
    hold(site, server)
    told.wait(1)
    site.stop()
    assert [a["kind"] for a in alarms(site)] == ["account-held"]
    assert site.mailchute("status").returncode == 2
    assert site.mailchute("hold", "ALL").returncode == 0
    assert "a0@example.net" in site.mailq()
    assert len(told.all()) == 1


def test_one_run_over_the_queue_tells_it(site, server, told):
    refuse(server)
    site.write_conf()
    submit(site)  # to the drop folder
    done = site.run([program("mailchuted"), "--once", "-C", site.conf_path])
    assert done.returncode == 0, done
    assert len(told.all()) == 1  # the run has waited for it
    assert site.log.events("alarm-told")


def test_no_commands_runs_none(site, server, told):
    refuse(server)
    site.start("--no-commands")
    # The log is not where the configuration has it, either.
    submit(site)
    site.wait(lambda: alarms(site), "the alarm")
    site.stop()
    assert told.all() == []


# ---- the mail ----


def test_mail_tells_of_another_account(site, server, told):
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    server.options.users[USER] = site.password
    refuse(server, OTHER)
    site.start()
    submit(site, 1, OTHER)
    m, = server.record.wait_messages(1)
    assert m.addresses == ["it@contoso.example"]
    assert m.parsed["From"].addresses[0].addr_spec == USER
    assert m.parsed["To"].addresses[0].addr_spec == "it@contoso.example"
    assert m.parsed["Subject"] == \
        "mailchute on web01.contoso.example: account other is held"
    assert m.parsed["Auto-Submitted"] == "auto-generated"
    assert m.parsed["Message-ID"] and m.parsed["Date"]
    body = m.parsed.get_content().replace("\r\n", "\n")
    assert body == told.wait(1)[0]["text"]
    mailed = site.log.wait_for("alarm-mailed")
    assert mailed["kind"] == "account-held"
    # As restarts tell no more, they mail no more.
    site.restart()
    submit(site, 2)
    assert server.record.wait_messages(2)[1].addresses == ["a2@example.net"]
    assert len(site.log.events("alarm-mailed")) == 1


def test_mail_waits_for_the_account_that_carries_it(site, server, told):
    """Nothing is written while it could not leave, and then it is."""
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    refuse(server)
    refuse(server, OTHER)
    site.start()
    submit(site, 1)
    site.log.wait_for("alarm", account=USER)
    submit(site, 2, OTHER)
    site.log.wait_for("alarm", account="other")
    assert len(site.queue()) == 2
    server.options.users[USER] = site.password
    number = [m["id"] for m in site.queue() if m["account"] == USER]
    site.mailchute("retry", *number)
    to = [m.addresses for m in server.record.wait_messages(2)]
    assert to == [["a1@example.net"], ["it@contoso.example"]]


def test_an_alias_that_is_of_no_use(site, server, told):
    """Told by the other ways all the same, and not tried each minute."""
    site.conf["local"]["admin"] = "root@localhost"
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    site.write("conf/aliases", "root: " + ", ".join(
        "r%d@example.net" % i for i in range(10001)))
    refuse(server, OTHER)
    site.start()
    submit(site, 1, OTHER)
    failed = site.log.wait_for("alarm-not-mailed")
    assert failed["rcpt"] == "root@localhost" and "split it" in failed["text"]
    told.wait(1)
    assert len(site.status()["alarms"]) == 1
    site.restart()
    assert len(site.log.events("alarm-not-mailed")) == 1


def test_a_notice_that_nobody_takes(site, server, told):
    """Neither the sender nor local.admin: it is held, and not by mail told."""
    server.options.recipient_replies.update({
        "gone@*": "550 5.1.10 Not found", USER: "550 5.1.10 Not found",
        "it@*": "550 5.1.10 Not found"})
    site.start()
    site.submit("gone@example.net", stdin=TEXT)
    logged = site.log.wait_for("alarm")
    assert logged["kind"] == "mail-held"
    held, = site.queue()
    assert held["id"] in logged["text"] and held["id"] in logged["fix"]
    # Anyone may ask for the status: it names nobody.
    got, = told.wait(1)
    assert "it@contoso.example" not in got["text"]
    one, = alarms(site)
    assert (one["kind"], one["account"]) == ("mail-held", None)
    assert site.mailchute("status").returncode == 1
    assert not server.record.accepted
    site.restart()
    assert [a["kind"] for a in alarms(site)] == ["mail-held"]
    assert site.mailchute("remove", held["id"]).returncode == 0
    assert alarms(site) == []
    is_ended(site)
    assert len(site.log.events("alarm")) == 1
    assert not site.log.events("alarm-mailed")


# ---- nothing is delivered ----


def test_a_stall(make_site, server):
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["stall"] = "2s"
    site.conf["local"]["alarm_command"] = script(site)
    told = Told(site)
    server.down()
    site.start()
    submit(site)
    logged = site.log.wait_for("alarm")
    assert (logged["kind"], logged["account"]) == ("stall", USER)
    assert "refused" in logged["text"]
    assert "delivers nothing" in told.wait(1)[0]["text"]
    status = site.status()
    assert [a["kind"] for a in status["alarms"]] == ["stall"]
    assert status["verdict"] == "critical"
    assert "though mail is due" in status["reason"]
    assert "delivers nothing" in site.mailchute("status").stdout
    assert len(site.log.events("alarm")) == 1
    server.up()
    is_ended(site)
    site.wait_empty()
    assert site.status()["verdict"] == "ok"


def test_it_is_logged_as_an_error(make_site, server):
    """Who lets errors alone through hears of it."""
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["stall"] = "2s"
    site.conf["log"]["level"] = "err"
    server.down()
    site.start()
    submit(site)
    assert site.log.wait_for("alarm")["kind"] == "stall"
    assert not site.log.events("backoff")  # which is a warning


def test_an_account_stalls_while_another_delivers(make_site, server):
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["stall"] = "2s"
    site.conf["account other"] = dict(site.conf["account"], user=OTHER,
                                      port="1")
    site.start()
    submit(site, 1, OTHER)
    submit(site, 2)
    logged = site.log.wait_for("alarm")
    assert (logged["kind"], logged["account"]) == ("stall", "other")
    to = [m.addresses for m in server.record.wait_messages(2)]
    assert ["it@contoso.example"] in to and ["a2@example.net"] in to


def test_no_stall_while_delivery_is_off(make_site, server):
    site = make_site(server, backoff_min="1s", backoff_max="1s")
    site.conf["queue"]["stall"] = "1s"
    server.down()
    site.start()
    submit(site)
    site.log.wait_for("alarm")
    site.mailchute("pause")
    # An administrator's choice: the verdict says so, and nothing else.
    status = site.status()
    assert status["alarms"] == []
    assert (status["verdict"], status["paused"]) == ("warning", True)
    is_ended(site)
    site.mailchute("resume")
    site.log.wait_for("alarm", nth=2)


def test_an_hour_is_an_hour(site, server):
    """By the default of queue.stall, and a clock that is set a minute on and
    on: so little at a time is followed, and is no jump."""
    clock = Clock(site.path("clock"))
    site.conf["sandbox"] = {"mode": "off"}  # which lets no such clock in
    server.options.recipient_replies["*"] = "451 4.3.0 Not now"
    site.start(env=site.environment(**clock.environment()))
    submit(site)
    site.log.wait_for("deferred")
    minutes = 0
    while not alarms(site):
        minutes += 1
        assert minutes < 65
        clock.set(59 * minutes)
    logged = site.log.wait_for("alarm")
    assert (logged["kind"], logged["account"]) == ("stall", USER)
    assert int(logged["for_s"]) >= 3600
    assert "puts each message off" in logged["text"]
    assert not site.log.events("backoff") and not site.log.events("clock")
    server.options.recipient_replies.clear()
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
    site.wait(lambda: alarms(site) == [], "the end of the alarm")
    is_ended(site)


def test_a_jump_of_the_clock_is_no_stall(site, server):
    clock = Clock(site.path("clock"))
    site.conf["sandbox"] = {"mode": "off"}
    server.options.recipient_replies["*"] = "451 4.3.0 Not now"
    site.start(env=site.environment(**clock.environment()))
    submit(site)
    site.log.wait_for("deferred")
    clock.set(30 * 86400)
    assert alarms(site) == []
    site.log.wait_for("clock")
    assert alarms(site) == []


# ---- the disk, and damage ----


def test_no_room(site, server, told):
    clock = Clock(site.path("clock"))
    site.conf["sandbox"] = {"mode": "off"}
    site.conf["queue"]["free_space_min"] = "1000G"
    site.start(env=site.environment(**clock.environment()))
    # What passes within a minute is no alarm.
    assert alarms(site) == []
    for minute in (1, 2):
        clock.set(59 * minute)
        alarms(site)
    logged = site.log.wait_for("alarm")
    assert logged["kind"] == "disk-full"
    assert site.path("lib") in logged["text"]
    assert "free_space_min" in told.wait(1)[0]["text"]
    assert site.status()["verdict"] == "warning"
    assert server.record.wait_messages(1)[0].addresses == [
        "it@contoso.example"]
    site.conf["queue"]["free_space_min"] = "1M"
    site.write_conf()
    site.daemon.send_signal(signal.SIGHUP)
    is_ended(site)
    assert alarms(site) == []


def test_a_queue_that_was_replaced(site, server, told):
    site.start()
    site.stop()
    with open(site.path("lib/queue.db"), "r+b") as f:
        f.write(b"\xde\xad" * 50)
    site.start()
    logged = site.log.wait_for("alarm")
    assert logged["kind"] == "queue-replaced"
    told.wait(1)
    aside = [n for n in os.listdir(site.path("lib")) if "damaged" in n]
    assert any(name in logged["text"] for name in aside)
    for name in aside:
        os.rename(site.path("lib/" + name), site.path("conf/" + name))
    assert alarms(site) == []
    is_ended(site)


# ---- at the login ----

LOGIN = 'said=$(%s 2>&1); case $? in 1|2) echo "$said" | head -n 1;; esac'


def test_a_line_at_the_login(site, server):
    """As mailchute(1) has it: only when something is wrong."""
    def at_login():
        command = LOGIN % ("%s -C %s status" % (program("mailchute"),
                                                site.conf_path))
        return subprocess.run(["/bin/sh", "-c", command], text=True,
                              capture_output=True, check=True).stdout

    site.start()
    assert at_login() == ""
    refuse(server)
    submit(site)
    site.log.wait_for("alarm")
    line, = at_login().splitlines()
    assert line.startswith("critical: account %s is held: " % USER)
    with open(os.path.join(os.path.dirname(__file__),
                           "../../docs/mailchute.1.in")) as f:
        assert LOGIN % "mailchute status" in f.read().replace("\\&", "")
