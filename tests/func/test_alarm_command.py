# SPDX-License-Identifier: ISC
"""Programs for alarms that do not do what they should."""

import os
import signal

import pytest

from lib.alarms import Told, cure, hold, refuse, script, submit
from lib.notify import wait_end
from lib.site import USER, program

OTHER = "other@contoso.example"


@pytest.mark.parametrize("text, said", [
    ("#!/bin/sh\nread x; echo \"no $x\" >&2; echo second >&2; exit 3\n",
     "ended with status 3: no mailchute on web01"),
    ("#!/bin/sh\nkill -9 $$\n", "was ended by signal 9"),
    ("#!/bin/sh\nprintf '\\n\\033[31mred' >&2; exit 1\n",
     "status 1: \\x1b[31mred"),
    ("#!/bin/sh\nhead -c 10000000 /dev/zero >&2; exit 4\n", "status 4"),
    ("#!/no/such/interpreter\n", "cannot start"),
    ("no program at all", "cannot start"),
])
def test_a_program_that_fails(site, server, text, said):
    site.conf["local"]["alarm_command"] = script(site, text)
    hold(site, server)
    failed = site.log.wait_for("alarm-command")
    assert failed["program"] == site.path("conf/command")
    raw = [line for line in site.log.text().splitlines()
           if "event=alarm-command" in line]
    assert said in raw[0] and "second" not in raw[0]
    # Mail goes on as before.
    cure(site, server)
    site.wait_empty()


def test_a_program_that_is_missing(site, server):
    """Said at the start, not only when it is wanted."""
    site.conf["local"]["alarm_command"] = site.path("conf/nothing")
    site.start()
    warned = site.log.wait_for("alarm-command")
    assert warned["program"] == site.path("conf/nothing")
    assert "No such file" in warned["text"]
    refuse(server)
    submit(site)
    failed = site.log.wait_for("alarm-command", nth=2)
    assert "cannot start" in failed["text"]
    script(site, "#!/bin/sh\n:\n")
    site.conf["local"]["alarm_command"] = site.path("conf")
    site.write_conf()
    site.daemon.send_signal(signal.SIGHUP)
    assert "is no program" in site.log.wait_for("alarm-command",
                                                nth=3)["text"]


def test_a_path_that_is_not_whole_is_refused(site):
    site.conf["local"]["alarm_command"] = "notify-admin"
    site.write_conf()
    done = site.run([program("mailchuted"), "-f", "-C", site.conf_path])
    assert done.returncode == 78
    assert "alarm_command" in done.stderr and "absolute" in done.stderr


def test_a_program_that_hangs(site, server):
    """It holds up neither mail nor the end, and goes with all it started."""
    site.conf["local"]["alarm_command"] = script(
        site, "#!/bin/sh\nsleep 1000 & echo $$ $! >%s.new\n"
        "mv %s.new %s\nwait\n" % ((site.path("log/pids"),) * 3))
    site.conf["account other"] = dict(site.conf["account"], user=OTHER)
    refuse(server, OTHER)
    site.start()
    submit(site, 1, OTHER)
    site.log.wait_for("alarm")
    site.wait(lambda: os.path.exists(site.path("log/pids")), "the program")
    pids = [int(pid) for pid in open(site.path("log/pids")).read().split()]
    submit(site, 2)
    server.record.wait_messages(2)
    assert site.stop() == 0
    assert all(wait_end(pid) for pid in pids)


def test_it_dies_with_the_daemon(site, server):
    site.conf["local"]["alarm_command"] = script(
        site, "#!/bin/sh\necho $$ >%s.new\nmv %s.new %s\n"
        "while :; do sleep 1; done\n" % ((site.path("log/pids"),) * 3))
    hold(site, server)
    site.wait(lambda: os.path.exists(site.path("log/pids")), "the program")
    site.kill()
    assert wait_end(int(open(site.path("log/pids")).read()))


def test_a_reload_takes_a_new_one(site, server):
    site.start()
    site.conf["local"]["alarm_command"] = script(site) + " after"
    site.write_conf()
    site.daemon.send_signal(signal.SIGHUP)
    site.log.wait_for("reloaded")
    refuse(server)
    submit(site)
    assert Told(site).wait(1)[0]["argv"] == ["after"]
