# SPDX-License-Identifier: ISC
"""mailchute check: what it sees, and that what it tells to do helps."""

import fcntl
import json
import os
import pwd
import stat
import subprocess

import pytest

from lib.netns import own_network
from lib.site import USER, program

NEEDS_ROOT = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for others' rights")
STRANGER = 12345


def check(site, **how):
    """Its lines by their subject, the worst of each; and the exit status."""
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json"], **how)
    order = ["ok", "unknown", "warn", "fail"]
    lines = {}
    for line in map(json.loads, done.stdout.splitlines()):
        assert set(line) == {"check", "level", "text", "next"}
        if line["level"] not in ("ok", "unknown"):
            assert line["next"], line
        old = lines.get(line["check"])
        if old is None or \
                order.index(old["level"]) < order.index(line["level"]):
            lines[line["check"]] = line
    worst = max((order.index(v["level"]) for v in lines.values()))
    assert done.returncode == [0, 3, 1, 2][worst]
    assert done.stderr == ""
    return lines, done.returncode


ACCOUNT = "account " + USER
SECRET = "secret of account (default)"
WELL = ["configuration", SECRET, "queue.directory", "disk of the queue",
        "queue.socket_directory", "queue.drop_directory", "dropped mail",
        "disk of dropped mail", "mailchuted", "submission", "queue",
        ACCOUNT]


def test_all_is_well(make_site, server):
    site = make_site(server, rate="28/1m").start()
    os.chmod(site.path("lib"), 0o700)
    lines, _ = check(site)
    for name in WELL:
        assert lines[name]["level"] == "ok", lines[name]
    assert not [v for v in lines.values() if v["level"] == "fail"]


def obeys(site, name, level="fail"):
    """Does what the line says; the fault is gone then."""
    lines, _ = check(site)
    assert lines[name]["level"] == level
    command = lines[name]["next"]
    subprocess.run(["sh", "-c", command], check=True)
    lines, _ = check(site)
    assert lines[name]["level"] == "ok", lines[name]


@NEEDS_ROOT
def test_a_secret_for_all(make_site, server):
    site = make_site(server).start()
    os.chmod(site.path("conf/password"), 0o644)
    obeys(site, SECRET)


@NEEDS_ROOT
def test_a_secret_of_somebody_else(make_site, server):
    site = make_site(server).start()
    os.chown(site.path("conf/password"), STRANGER, STRANGER)
    obeys(site, SECRET)


@pytest.mark.parametrize("mode", [0o755, 0o1777, 0o3777, 0o700])
def test_a_drop_folder_of_a_wrong_mode(make_site, server, mode):
    site = make_site(server).start()
    os.chmod(site.path("spool/drop"), mode)
    obeys(site, "queue.drop_directory")
    assert stat.S_IMODE(os.stat(site.path("spool/drop")).st_mode) == 0o3733


def test_a_queue_for_all(make_site, server):
    site = make_site(server).start()
    os.chmod(site.path("lib"), 0o755)
    obeys(site, "queue.directory", "warn")


def test_secrets_that_are_none(make_site, server):
    site = make_site(server).start()
    site.secret("password", "")
    assert check(site)[0][SECRET]["level"] == "fail"
    os.unlink(site.path("conf/password"))
    lines, _ = check(site)
    assert "No such file" in lines[SECRET]["text"]
    site.conf["account"]["password_file"] = "password"
    site.write_conf()
    assert check(site)[0][SECRET]["level"] == "warn"


def test_a_token_that_nobody_renews(make_site, server):
    site = make_site(server, auth="xoauth2", password_file=None)
    site.conf["account"]["token_file"] = site.path("conf/token")
    site.start()
    assert check(site)[0][SECRET]["level"] == "ok"
    os.utime(site.path("conf/token"), (0, 0))
    assert check(site)[0][SECRET]["level"] == "warn"


def test_a_command_that_is_not_there(make_site, server):
    site = make_site(server, password_file=None,
                     password_command="/no/such/program")
    site.write_conf()
    assert check(site)[0][SECRET]["level"] == "fail"


def test_a_full_disk(make_site, server):
    site = make_site(server).start()
    fs = os.statvfs(site.path("lib"))
    left = fs.f_bavail * fs.f_frsize
    site.conf["queue"]["free_space_min"] = str(left * 2)
    site.write_conf()
    lines, status = check(site)
    assert lines["disk of the queue"]["level"] == "fail" and status == 2


def test_without_a_daemon(make_site, server):
    site = make_site(server)
    lines, status = check(site)
    assert lines["mailchuted"]["level"] == "fail" and status == 2
    assert "mailchuted" in lines["mailchuted"]["next"]
    assert "submission" not in lines


def test_dropped_mail_that_stays(make_site, server):
    site = make_site(server)
    path = site.path("spool/drop/x")
    site.write("spool/drop/x", "")
    os.utime(path, (0, 0))
    site.write("spool/drop/aside.y", "")
    lines, _ = check(site)
    assert lines["dropped mail"]["level"] == "warn"


def test_paused(make_site, server):
    site = make_site(server).start()
    site.mailchute("pause")
    lines, _ = check(site)
    assert lines["delivery"]["next"] == "mailchute resume"


def test_a_wrong_password_is_not_tried_again(make_site, server):
    site = make_site(server).start()
    site.secret("password", "wrong\n")
    site.submit("a@example.net")
    site.log.wait_for("account-held")
    for _ in range(3):
        lines, status = check(site)
        line = lines[ACCOUNT]
        assert line["level"] == "fail" and status == 2
        assert "no sign-in is tried" in line["text"]
        assert "535" in line["text"]
    assert sum(c.auths for c in server.record.connections) == 1


def test_errors_of_the_configuration(make_site, server):
    site = make_site(server, rate="fast", connections="9")
    site.write_conf()
    done = site.run([program("mailchute"), "-C", site.conf_path, "check"])
    assert done.returncode == 2
    assert done.stdout.count("fail    configuration: ") == 2


@NEEDS_ROOT
def test_who_may_not_look(make_site, server):
    site = make_site(server).start()
    lines, _ = check(site, uid=STRANGER)
    assert lines["accounts"]["level"] == "unknown"
    assert lines["dropped mail"]["level"] == "unknown"
    assert USER not in str(lines)
    os.chmod(site.conf_path, 0o600)
    lines, status = check(site, uid=STRANGER)
    assert lines["configuration"]["level"] == "unknown"


def test_usage(make_site):
    site = make_site()
    for words in (["check", "x"], ["check", "--yes"]):
        done = site.run([program("mailchute"), "-C", site.conf_path, *words])
        assert done.returncode == 64


# ---- the way to the server ----

STEPS = ["name service", "connection", "TLS", "EHLO", "sign-in", "Send As"]
PROBED = ["ok"] * len(STEPS)
PROBE = ["MAIL", "RCPT", "RSET", "QUIT"]


def steps(lines):
    """The levels of the steps that were told, in their order."""
    return [lines[s + " of " + ACCOUNT]["level"] for s in STEPS
            if s + " of " + ACCOUNT in lines]


def line_of(lines, step):
    return lines[step + " of " + ACCOUNT]


def test_each_step_to_the_server(make_site, server):
    site = make_site(server, family="ipv4").start()
    lines, _ = check(site)
    assert steps(lines) == PROBED
    assert "localhost at 127.0.0.1:%d" % server.port in \
        line_of(lines, "connection")["text"]
    assert "TLSv1.3" in line_of(lines, "TLS")["text"]
    assert "issued by" in line_of(lines, "TLS")["text"]
    assert "SIZE 157286400, PIPELINING" in line_of(lines, "EHLO")["text"]
    assert "AUTH LOGIN XOAUTH2" in line_of(lines, "EHLO")["text"]
    assert USER in line_of(lines, "sign-in")["text"]
    server.record.wait(lambda: server.record.connections[0].quit, "QUIT")
    (seen,) = server.record.connections
    assert seen.verbs()[-4:] == PROBE
    assert seen.auths == 1 and not server.record.messages
    assert line_of(lines, "Send As")["text"].startswith(
        "mail from %s may begin" % USER)


def test_a_session_that_is_there_serves(make_site, server):
    site = make_site(server, linger="60s", family="ipv4").start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    lines, _ = check(site)
    assert steps(lines) == PROBED
    assert "not tried" in line_of(lines, "Send As")["text"]
    assert len(server.record.connections) == 1


def test_the_check_s_password_is_refused_once(make_site, server):
    site = make_site(server, family="ipv4")
    site.secret("password", "wrong\n")
    site.start()
    lines, status = check(site)
    assert steps(lines) == ["ok"] * 4 + ["fail"] and status == 2
    assert "535" in line_of(lines, "sign-in")["text"]
    for _ in range(3):
        lines, status = check(site)
        assert not steps(lines) and status == 2
        assert "no sign-in is tried" in lines[ACCOUNT]["text"]
    site.submit("a@example.net")
    lines, _ = check(site)
    assert sum(c.auths for c in server.record.connections) == 1
    site.secret("password", site.password + "\n")
    server.record.wait_messages(1)
    lines, _ = check(site)
    assert line_of(lines, "sign-in")["level"] == "ok"


def test_nothing_takes_the_connection(make_site, server):
    site = make_site(server, port="1", family="ipv4").start()
    lines, status = check(site)
    assert steps(lines) == ["ok", "fail"] and status == 2
    assert "refuse" in line_of(lines, "connection")["text"]
    assert "firewall" in line_of(lines, "connection")["text"]


@NEEDS_ROOT
def test_no_way_there(make_site, server):
    """It says so, and what to try by hand."""
    with own_network():
        site = make_site(server, provider="smtp", host="192.0.2.1").start()
        lines, status = check(site)
    line = line_of(lines, "connection")
    assert line["level"] == "fail" and status == 2
    assert "this host has no way there" in line["text"]
    assert "nc -vz 192.0.2.1 %d" % server.port in line["next"]


def test_no_such_name(make_site, server):
    site = make_site(server, provider="smtp", host="no.such.invalid").start()
    lines, status = check(site)
    assert steps(lines) == ["fail"] and status == 2
    assert "getent hosts no.such.invalid" in \
        line_of(lines, "name service")["next"]


def test_a_certificate_that_is_not_trusted(make_site, make_server, authority):
    server = make_server(certificate=authority.issue("other.example"))
    site = make_site(server, family="ipv4").start()
    lines, status = check(site)
    assert steps(lines) == ["ok", "ok", "fail"] and status == 2
    assert "certificate" in line_of(lines, "TLS")["text"]


def test_while_delivery_is_paused(make_site, server):
    site = make_site(server, family="ipv4").start()
    site.mailchute("pause")
    site.submit("a@example.net")
    lines, _ = check(site)
    assert steps(lines) == PROBED
    assert not server.record.messages


@NEEDS_ROOT
def test_others_may_not_have_it_sign_in(make_site, server):
    site = make_site(server).start()
    lines, _ = check(site, uid=STRANGER)
    assert not steps(lines) and not server.record.connections
    assert lines["servers"]["level"] == "unknown"


# ---- the same where mailchuted does not run, which is when it is asked first


def test_each_step_without_a_daemon(make_site, server):
    site = make_site(server, family="ipv4")
    lines, status = check(site)
    assert steps(lines) == PROBED
    assert lines["mailchuted"]["level"] == "fail" and status == 2
    (seen,) = server.record.connections
    server.record.wait(lambda: seen.quit, "QUIT")
    assert seen.verbs()[-4:] == PROBE
    assert seen.auths == 1 and not server.record.messages


def test_no_mail_leaves_without_a_daemon(make_site, make_server, server):
    """Nor while another account has still to answer."""
    site = make_site(server, family="ipv4", linger="60s")
    slow = make_server()
    slow.options.users["slow@contoso.example"] = site.password
    slow.faults.add(state="greeting", delay=1)
    site.conf["account slow"] = {**site.conf["account"], "port": slow.port,
                                 "user": "slow@contoso.example"}
    site.write_conf()
    site.submit("a@example.net")
    assert "a@example.net" in site.mailq()  # it is in the queue then
    lines, _ = check(site)
    assert steps(lines) == PROBED
    assert lines["sign-in of account slow"]["level"] == "ok"
    assert not server.record.messages and not slow.record.messages
    assert len(server.record.connections) == 1
    assert "1 message waits" in lines["queue"]["text"]
    site.start()
    server.record.wait_messages(1)


def test_a_password_refused_without_a_daemon_is_not_tried_by_it(
        make_site, server):
    site = make_site(server, family="ipv4")
    site.secret("password", "wrong\n")
    lines, status = check(site)
    assert steps(lines) == ["ok"] * 4 + ["fail"] and status == 2
    assert "535" in line_of(lines, "sign-in")["text"]
    lines, _ = check(site)
    assert not steps(lines)
    assert "no sign-in is tried" in lines[ACCOUNT]["text"]
    site.start()
    site.submit("a@example.net")
    lines, _ = check(site)
    assert "535" in lines[ACCOUNT]["text"]
    assert sum(c.auths for c in server.record.connections) == 1


@pytest.mark.parametrize("how, told", [
    ("name", ["fail"]), ("port", ["ok", "fail"])])
def test_where_it_fails_without_a_daemon(make_site, server, how, told):
    options = {"name": {"provider": "smtp", "host": "no.such.invalid"},
               "port": {"port": "1", "family": "ipv4"}}
    site = make_site(server, **options[how])
    lines, status = check(site)
    assert steps(lines) == told and status == 2


@NEEDS_ROOT
def test_without_a_daemon_others_sign_in_nowhere(make_site, server):
    site = make_site(server)
    check(site)
    seen = len(server.record.connections)
    lines, _ = check(site, uid=STRANGER)
    assert not steps(lines)
    assert lines["servers"]["level"] == "unknown"
    assert lines["servers"]["next"] == "run it as root"
    assert len(server.record.connections) == seen


@NEEDS_ROOT
def test_without_a_daemon_nothing_of_it_is_roots(make_site, server):
    """What it makes is queue.user's, so that the daemon can go on with it."""
    site = make_site(server, family="ipv4")
    lines, _ = check(site)
    assert steps(lines) == PROBED
    owner = pwd.getpwnam("nobody").pw_uid
    for name in os.listdir(site.path("lib")):
        assert os.stat(site.path("lib/" + name)).st_uid == owner, name


def test_while_another_has_the_queue(make_site, server):
    """A daemon that starts at the same moment: no second connection of ours."""
    site = make_site(server, family="ipv4")
    check(site)
    with open(site.path("lib/lock"), "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        lines, _ = check(site)
        assert not steps(lines)
        assert lines["servers"]["level"] == "unknown"
    assert len(server.record.connections) == 1


def test_a_mended_password_is_tried_without_a_daemon(make_site, server):
    """Once for each file: not again for the same, and what is taken is well."""
    site = make_site(server, family="ipv4")
    site.secret("password", "wrong\n")
    check(site)
    site.secret("password", "wrong, too\n")
    for _ in range(2):
        lines, _ = check(site)
        assert lines[ACCOUNT]["level"] == "fail"
    assert sum(c.auths for c in server.record.connections) == 2
    site.secret("password", site.password + "\n")
    lines, _ = check(site)
    assert line_of(lines, "sign-in")["level"] == "ok"
    assert lines[ACCOUNT]["level"] == "ok"
    site.start()
    assert site.status()["accounts"][0]["state"] == "ready"
    site.submit("a@example.net")
    server.record.wait_messages(1)


def test_a_sign_in_that_is_taken_ends_a_hold(make_site, server):
    """Of a sign-in that was refused, and of no other kind."""
    site = make_site(server, family="ipv4").start()
    server.faults.add(state="auth", reply="535 5.7.139 Authentication "
                      "unsuccessful, the user credentials were incorrect.")
    check(site)
    assert site.status()["accounts"][0]["state"] == "held"
    site.mailchute("retry", "ALL")
    lines, _ = check(site)
    assert line_of(lines, "sign-in")["level"] == "ok"
    assert site.status()["accounts"][0]["state"] == "ready"
    server.faults.add(state="dot", count="forever", reply="554 5.2.0 STOREDRV."
                      "Submission.Exception:SubmissionQuotaExceededException")
    site.submit("a@example.net")
    site.log.wait_for("account-held", code="554")
    site.mailchute("pause")
    site.mailchute("retry", "ALL")
    lines, _ = check(site)
    assert line_of(lines, "sign-in")["level"] == "ok"
    assert lines[ACCOUNT]["level"] == "warn"
    assert "may sign in once" in lines[ACCOUNT]["text"]
    assert site.status()["accounts"][0]["state"] == "held"


def test_a_reply_is_told_once(make_site, server):
    site = make_site(server, family="ipv4")
    site.secret("password", "wrong\n")
    for step in ("sign-in of " + ACCOUNT, ACCOUNT):
        lines, _ = check(site)
        assert lines[step]["text"].count("535 5.7.139 Auth") == 1
        assert lines[step]["text"].count("5.7.139") == 1
