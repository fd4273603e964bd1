# SPDX-License-Identifier: ISC
"""Mail from programs that somebody has locked up: it needs no right of theirs
but to make a file in one folder, or to connect to one socket."""

import os
import pwd
import subprocess

import pytest

from lib import confine
from lib.confine import step
from lib.site import prefix, program, sanitized

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to take rights away")

GAMES = pwd.getpwnam("games")[2:4]
DYNAMIC = (61234, 61234)  # a DynamicUser=, with no entry anywhere


def as_user(uid, gid):
    return step("user", uid, gid)


def send(site, *steps, rcpt="a@example.net"):
    """sendmail at the end of these steps: exit 0, and not a word."""
    done = site.run(["/usr/bin/python3", confine.__file__, *steps, "--",
                     program("sendmail"), "-C", site.conf_path, "-i", rcpt],
                    stdin="Subject: x\n\nhello\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def arrives(site, server, uid, sender):
    """It is delivered, as his."""
    if site.daemon is None:
        site.start()
    m = server.record.wait_messages(1)[0]
    assert "from userid %d)" % uid in m.header("Received")
    queued = site.log.wait_for("queued")
    assert (queued["uid"], queued["sender"]) == (str(uid), sender)
    site.wait_empty()
    assert site.dropped() == []
    assert len(server.record.accepted) == 1


@pytest.fixture(params=["socket", "folder"])
def way(request, site):
    """With a daemon, and without one."""
    if request.param == "socket":
        site.start()
    return request.param


def went(site, way):
    """By the way that it was to take."""
    assert len(site.dropped()) == (way == "folder")


STEPS = {
    "no_new_privs": [as_user(*GAMES), step("no_new_privs")],
    "another network": [step("no_network"), as_user(*GAMES)],
    "all of these": [step("no_network"), as_user(*GAMES),
                     step("no_new_privs")],
}


@pytest.mark.parametrize("what", STEPS)
def test_what_takes_nothing_we_need(site, server, way, what):
    send(site, *STEPS[what])
    went(site, way)
    arrives(site, server, GAMES[0], "games")


def test_a_user_whom_nobody_knows(site, server, way):
    """No passwd entry; a setuid program would not be any better off."""
    send(site, as_user(*DYNAMIC), step("no_new_privs"))
    went(site, way)
    arrives(site, server, DYNAMIC[0], "uid%d" % DYNAMIC[0])


@pytest.mark.parametrize("error", ["EPERM", "EAFNOSUPPORT", "EACCES",
                                   "ENOSYS"])
@pytest.mark.parametrize("user", [GAMES, DYNAMIC], ids=["known", "unknown"])
def test_no_socket_of_our_family(site, server, error, user):
    """RestrictAddressFamilies=AF_INET: the folder, beside a running daemon;
    neither is there a system log to tell it to."""
    site.start()
    send(site, as_user(*user), step("no_new_privs"),
         step("no_unix_sockets", error))
    arrives(site, server, user[0],
            "games" if user is GAMES else "uid%d" % user[0])
    assert site.log.events("replayed")


def test_only_the_folder_can_be_written(site, server, way):
    """ProtectSystem=strict, ReadWritePaths= of the folder."""
    send(site, step("read_only_but", site.path("spool/drop")),
         as_user(*GAMES), step("no_new_privs"))
    went(site, way)
    arrives(site, server, GAMES[0], "games")


def test_not_even_the_folder_can_be_written(site):
    """Then the mail is the program's still, and it is told so."""
    done = site.run(["/usr/bin/python3", confine.__file__,
                     step("read_only_but"), as_user(*GAMES), "--",
                     program("sendmail"), "-C", site.conf_path, "-i",
                     "a@example.net"], stdin="Subject: x\n\nhello\n")
    assert done.returncode == 75
    assert "read-only" in done.stderr.lower(), done
    assert site.dropped() == []


def test_without_the_folder_of_sockets(site, server):
    """A mount namespace that has another /run."""
    site.start()
    send(site, step("hidden", site.path("run")), as_user(*GAMES))
    arrives(site, server, GAMES[0], "games")
    assert site.log.events("replayed")


def libraries():
    """Folders of whatever sendmail needs to be loaded."""
    out = subprocess.run(["ldd", program("sendmail")], capture_output=True,
                         text=True, check=True).stdout
    return {os.path.dirname(word) for word in out.split()
            if word.startswith("/")}


@pytest.mark.parametrize("socket", [False, True], ids=["folder", "socket"])
def test_in_a_root_of_its_own(site, server, socket):
    """A chroot with a program, its configuration and the folder: no /etc, no
    /dev, no /proc, no /run, nobody's name."""
    site.start()
    os.mkdir(site.path("jail"))
    folders = [prefix(), site.path("conf"), site.path("spool/drop"),
               *libraries()]
    if socket:
        folders.append(site.path("run"))
    if sanitized():
        folders.append("/proc")  # where sanitizers read what they are told
    send(site, step("root_of", site.path("jail"), *folders),
         as_user(*GAMES), step("no_new_privs"))
    arrives(site, server, GAMES[0], "uid%d" % GAMES[0])
    assert bool(site.log.events("replayed")) == (not socket)


def test_root_of_a_user_namespace_is_no_root(site, server, way):
    """He may call himself what he likes: the kernel says who it is."""
    send(site, as_user(*GAMES), step("root_in_own_users"))
    went(site, way)
    arrives(site, server, GAMES[0], "root")


def test_such_a_root_makes_no_folder(site):
    os.rmdir(site.path("spool/drop"))
    done = site.run(["/usr/bin/python3", confine.__file__, as_user(*GAMES),
                     step("root_in_own_users"), "--", program("sendmail"),
                     "-C", site.conf_path, "-i", "a@example.net"],
                    stdin="Subject: x\n\nhello\n")
    assert done.returncode == 75 and done.stderr
    assert not os.path.exists(site.path("spool/drop"))
