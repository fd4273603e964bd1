# SPDX-License-Identifier: ISC
"""account.password_command: what it is given, and each way it goes wrong."""

import os
import signal

import pytest

from lib.notify import wait_end, wait_until
from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


@pytest.fixture
def make(make_site, server):
    """A site whose command is a script of these lines, started."""
    def make(lines):
        site = make_site(server, password_file=None)
        script = site.write("conf/command", "#!/bin/sh\n%s\n" % lines, 0o755)
        os.mkdir(site.path("scratch"))
        os.chmod(site.path("scratch"), 0o1777)
        site.conf["account"]["password_command"] = script
        site.start()
        site.submit("a@example.net", stdin=TEXT)
        return site
    return make


def appears(site, name):
    wait_until(lambda: os.path.exists(site.path("scratch/" + name)),
               [site.path("scratch")], name)


def state_of(site, state):
    site.wait(lambda: site.status()["accounts"][0]["state"] == state,
              "an account that is " + state)
    account = site.status()["accounts"][0]
    assert not [r for r in site.recipients().values()
                if r["state"] != "queued"], "mail is kept"
    assert account["fix"]
    return account


def is_held(site, server, *words):
    text = state_of(site, "held")["text"]
    for word in words:
        assert word in text, text
    assert server.record.auths == 0
    return text


def test_its_arguments(make_site, server):
    """As they stand there: no shell takes them apart."""
    site = make_site(server, password_file=None)
    site.password = "canary $HOME;`id` *"
    site.hunt.belongs.add("conf/mailchute.conf")
    server.options.users[USER] = site.password
    site.conf["account"]["password_command"] = "%s \"%s\" \"%s\"" % (
        "/usr/bin/printf", "%s", site.password)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


def test_what_it_finds(make, server):
    """Nothing to read, an environment made from nothing, and no descriptor of
    ours."""
    site = make("cd \"${0%/*}/../scratch\"\nenv >env\ncat >in\n"
                "ls /proc/self/fd >fd\nid -u >uid\nmv uid done\n"
                "cat \"${0%/*}/password\"")
    server.record.wait_messages(1)
    with open(site.path("scratch/env")) as f:
        # The shell's own, the zone, and what a sanitizer is told.
        assert {line.split("=")[0] for line in f} - {
            "PWD", "_", "OLDPWD", "SHLVL", "TZ", "ASAN_OPTIONS",
            "UBSAN_OPTIONS"} == {"PATH", "LC_ALL"}
    assert os.path.getsize(site.path("scratch/in")) == 0
    with open(site.path("scratch/fd")) as f:
        # 0 to 2, and the folder that ls itself reads
        assert f.read().split() == ["0", "1", "2", "3"]
    with open(site.path("scratch/done")) as f:
        assert int(f.read()) == site.uid


def test_the_first_line_counts(make, server):
    make("cat \"${0%/*}/password\"\necho and more\nseq 30000")
    server.record.wait_messages(1)


def test_without_an_end_of_line(make, server):
    make("printf %s \"$(cat \"${0%/*}/password\")\"")
    server.record.wait_messages(1)


def test_it_prints_nothing(make, server):
    site = make(":")
    is_held(site, server, "the output of %s is empty" %
            site.path("conf/command"))


@pytest.mark.parametrize("before", ["", "cat \"${0%/*}/password\"; "])
def test_the_exit_status_counts(make, server, before):
    """What it has printed until then is not tried: it may be anything."""
    site = make(before + "exit 3")
    is_held(site, server, site.path("conf/command") + " ended with status 3",
            "run it by hand as queue.user")


@pytest.mark.parametrize("end, said", [
    ("exit 75", "ended with status 75"),
    ("kill -9 $$", "was ended by signal 9")])
def test_what_may_pass(make, server, end, said):
    """EX_TEMPFAIL, and a blow from elsewhere: no administrator is needed."""
    site = make("cat \"${0%%/*}/password\"\n[ -e \"${0%%/*}/ok\" ] || %s" % end)
    assert said in state_of(site, "backoff")["text"]
    assert server.record.auths == 0
    site.write("conf/ok", "")
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)


def test_there_is_none(make_site, server):
    site = make_site(server, password_file=None,
                     password_command="/no/such/command")
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    is_held(site, server, "/no/such/command")


def test_a_line_without_end(make, server):
    is_held(make("yes | tr -d '\\n'"), server, "too long")


def test_lines_without_end(make, server):
    is_held(make("yes"), server, "more than a line")


def test_what_it_leaves_running(make, server):
    """It holds up nobody, and is gone with the command."""
    site = make("cd \"${0%/*}/../scratch\"\nsleep 100000 &\necho $! >pid\n"
                "cat ../conf/password")
    server.record.wait_messages(1)
    with open(site.path("scratch/pid")) as f:
        assert wait_end(int(f.read()))


def test_what_it_leaves_running_elsewhere(make, server):
    """In a session of its own it is out of reach; the pipe that it holds open
    is not waited for."""
    site = make("cd \"${0%/*}/../scratch\"\nsetsid sh -c 'echo $$ >pid.new; "
                "mv pid.new pid; exec sleep 100000' &\n"
                "until [ -e pid ]; do :; done\n"
                "printf %s \"$(cat ../conf/password)\"")
    try:
        server.record.wait_messages(1)
    finally:
        with open(site.path("scratch/pid")) as f:
            os.kill(int(f.read()), signal.SIGKILL)


def test_what_it_complains_of_is_not_kept(make, server):
    """It may hold the secret, as a shell's -x does: no log has it."""
    site = make("set -x\necho \"$(cat \"${0%/*}/password\")\" >&2\nexit 1")
    text = is_held(site, server, "ended with status 1")
    said = text + site.log.text() + site.mailq() + site._text("log/stderr")
    assert site.password not in said
    assert "+ cat" not in said


def test_the_daemon_s_end_is_its_end(make, server):
    site = make("echo $$ >\"${0%/*}/../scratch/pid.new\"\n"
                "cd \"${0%/*}/../scratch\"\nmv pid.new pid\n"
                "exec sleep 100000")
    appears(site, "pid")
    site.stop()
    with open(site.path("scratch/pid")) as f:
        assert wait_end(int(f.read()))
