# SPDX-License-Identifier: ISC
"""Configuration errors end mailchuted with 78 and all of them at once."""

import grp
import os
import re
import select
import signal
import sqlite3

import pytest

from lib.notify import DEADLINE, wait_until
from lib.page import configurations, page
from lib.site import USER, program

CONFIG = 78
TEXT = "From: %s\n\nx\n" % USER


def start_fails(site, *words):
    """The daemon does not start; every word stands in what it says."""
    done = site.run([program("mailchuted"), "-f", "-C", site.conf_path])
    assert done.returncode == CONFIG, done
    for word in words:
        assert word in done.stderr, done.stderr
    assert not os.path.exists(site.path("run/submit"))
    return done.stderr


def add(site, text):
    with open(site.conf_path, "a") as f:
        f.write("\n" + text + "\n")


@pytest.mark.parametrize("text, words", [
    ("[queue]\nlifetime = soon", ["lifetime", "soon"]),
    ("[queue]\nlife_time = 5d", ["life_time", "lifetime"]),
    ("[nonsense]\nx = 1", ["nonsense"]),
    ("[queue\nlifetime = 5d", ["section"]),
    ("word without a sign", ["word"]),
    ("[queue]\nlifetime = -1d", ["-1d"]),
    ("[queue]\nlifetime = 5d\nlifetime = 6d", ["lifetime"]),
    ("[queue]\nretry = 1m soon", ["soon"]),
    ("[queue]\nmessage_size_max = 35X", ["35X"]),
    ("[queue]\nuncertain = maybe", ["maybe"]),
    ("[account]\nport = 99999", ["99999"]),
    ("[account]\nrate = fast", ["fast"]),
    ("[account]\nconnections = 4", ["4"]),
    ("[account]\ntls_min = 1.0", ["1.0"]),
    ("[account]\nprovider = gmail", ["gmail"]),
    ("[account two]\nuser = x", ["two"]),
    ("[account]\nlegacy = fallback\ntls_min = 1.3", ["legacy"]),
    ("[sandbox]\nmode = maybe", ["maybe"]),
    ("[log]\nlevel = loud", ["loud"]),
])
def test_errors(site, text, words):
    if text.startswith("[account]\nport"):
        site.conf["account"].pop("port")
    for name in re.findall(r"^(\w+) =", text, re.M):
        for options in site.conf.values():
            options.pop(name, None)
    site.write_conf()
    add(site, text)
    said = start_fails(site, *words)
    assert re.search("^%s:\\d+: " % re.escape(site.conf_path), said, re.M)


def test_all_errors_at_once(site):
    add(site, "[queue]\nlife_time = 5d\nretry = x\n[account]\nbogus = 1")
    said = start_fails(site, "life_time", "retry", "bogus")
    assert len(re.findall(r"mailchute\.conf:\d+: ", said)) == 3


def test_missing_file(site):
    os.unlink(site.conf_path)
    start_fails(site, site.conf_path)


def test_no_user(site):
    site.conf["account"].pop("user")
    site.write_conf()
    start_fails(site, "user")


def test_tls_none_beyond_loopback(site):
    site.conf["account"].update(provider="smtp", host="mail.example.net",
                                tls="none", auth="none", password_file=None)
    site.write_conf()
    start_fails(site, "tls")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("user", ["root", "no-such-user-here"])
def test_queue_user(site, user):
    site.conf["queue"]["user"] = user
    site.write_conf()
    start_fails(site, user)


def test_what_the_page_of_devices_shows(site):
    """Each of its configurations is one; what it leaves out stands above."""
    blocks = configurations(page("devices.md"))
    assert len(blocks) >= 5
    for i, block in enumerate(blocks):
        if "[account]" not in block:
            block = "[account]\nuser = alerts@contoso.com\n" + block
        if "password_file" not in block:
            block = block.replace("[account]\n",
                                  "[account]\npassword_file = password\n")
        block = "[local]\nhostname = web01.contoso.com\n" + block
        done = site.run([program("mailchute"), "-C",
                         site.write("conf/block%d" % i, block), "config"])
        assert (done.returncode, done.stderr) == (0, ""), block


def test_effective_configuration(site):
    add(site, "[queue]\nlifetime = 3d")
    done = site.mailchute("config")
    assert done.returncode == 0
    lines = dict(re.findall(r"^(\w+) += (.*)$", done.stdout, re.M))
    assert re.fullmatch(r"3d +# .*mailchute\.conf:\d+", lines["lifetime"])
    assert re.fullmatch(r"4h +# default", lines["delay_notice"])
    assert site.password not in done.stdout


def test_config_command_reports_errors(site):
    add(site, "[queue]\nlife_time = 3d")
    done = site.mailchute("config")
    assert done.returncode == CONFIG and "life_time" in done.stderr


def test_missing_folders_are_made(site, server):
    for name in ("lib", "run", "spool/drop"):
        os.rmdir(site.path(name))
    site.daemon = site.spawn()
    wait_until(lambda: os.path.isdir(site.path("run")), [site.root],
               "the folder of the sockets", process=site.daemon)
    wait_until(site.is_ready, [site.path("run")], "the socket",
               process=site.daemon)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    for name, mode in (("lib", 0o700), ("run", 0o755), ("spool/drop", 0o3733)):
        assert os.stat(site.path(name)).st_mode & 0o7777 == mode, name


def test_folders_that_are_there_are_mended(site):
    """Of the wrong mode, the drop folder is of no use to anybody."""
    site.conf["queue"]["admin_group"] = grp.getgrgid(site.gid).gr_name
    os.chmod(site.path("spool/drop"), 0o755)
    os.chmod(site.path("lib"), 0o700)
    site.start()
    assert os.stat(site.path("spool/drop")).st_mode & 0o7777 == 0o3733
    assert os.stat(site.path("lib")).st_mode & 0o7777 == 0o2750
    assert os.stat(site.path("lib/queue.db")).st_mode & 0o7777 == 0o640


def test_the_queue_is_its_own_users_alone(running):
    """And its journal, which a running daemon has open."""
    running.submit("a@example.net", stdin=TEXT)
    for name in ("queue.db", "queue.db-wal", "queue.db-shm", "lock",
                 "ballast"):
        seen = os.stat(running.path("lib/" + name))
        assert (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid) == (
            0o600, running.uid, running.gid), name


def test_an_address_of_loopback_as_the_host(make_site, make_server, authority):
    """provider = office365 has names of its own, and takes any other host."""
    server = make_server(authority.issue("127.0.0.1"))
    site = make_site(server, host="127.0.0.1").start()
    site.submit("a@example.net", stdin=TEXT)
    assert server.record.wait_messages(1)[0].addresses == ["a@example.net"]
    site.wait_empty()
    assert site.log.events("delivered", relay="127.0.0.1")


def test_warnings_are_marked_and_logged(site):
    site.conf["account"]["rate"] = "31/1m"
    site.start()
    told = site.log.wait_for("configuration")["text"]
    assert re.match("%s:\\d+: warning: " % re.escape(site.conf_path), told)
    assert told in site.mailchute("config").stderr


# ---- sendmail -C, of a file that somebody else may have made ----

GUESTS = [["-q"], ["-bp"], ["-bd"], ["-bD"]]


def make_guest(site):
    """A configuration that would do what only mailchuted's own may."""
    site.write("conf/command", "#!/bin/sh\ntouch %s\necho x\n" %
               site.path("log/command-ran"), 0o755)
    site.conf["account"].pop("password_file")
    site.conf["account"]["password_command"] = site.path("conf/command")
    site.conf["log"]["file"] = site.path("log/of-a-guest")
    site.write_conf()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("owner, mode", [(5, 0o644), (0, 0o666), (0, 0o664)])
@pytest.mark.parametrize("args", GUESTS, ids=lambda args: args[0])
def test_foreign_configuration_starts_no_daemon(site, server, args, owner,
                                                mode):
    """Of what others may write not a program is started."""
    make_guest(site)
    os.chown(site.conf_path, owner, owner)
    os.chmod(site.conf_path, mode)
    done = site.sendmail(*args, stdin="")
    assert done.returncode != 0 and done.stderr
    assert not server.record.connections
    assert not os.path.exists(site.path("lib/queue.db"))
    assert not os.listdir(site.path("log"))


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("args", GUESTS[:3], ids=lambda args: args[0])
def test_own_configuration_is_fenced_too(site, server, args):
    """It lists, delivers, starts; but runs no command, and writes no log."""
    make_guest(site)
    site.submit("a@example.net")
    done = site.sendmail(*args, stdin="")
    try:
        assert done.returncode == 0, done.stderr
        if args != ["-bp"]:
            site.wait(lambda: "given by a caller" in site.mailq(),
                      "the reason why the mail waits")
    finally:
        if args == ["-bd"]:
            site.end_background()
    assert not os.listdir(site.path("log"))
    assert not server.record.accepted


@pytest.mark.parametrize("kind", ["foreign", "newer", "read-only"])
def test_databases_that_are_not_ours(site, kind):
    """Refused with the reason; what was there stays as it was."""
    site.start()
    site.submit("it@contoso.example")
    site.stop()
    path = site.path("lib/queue.db")
    if kind == "foreign":
        os.unlink(path)
        db = sqlite3.connect(path)
        db.execute("create table other (x)")
        db.commit()
        db.close()
    elif kind == "newer":
        db = sqlite3.connect(path)
        db.execute("pragma user_version = 9999")
        db.commit()
        db.close()
    elif os.getuid() == 0:
        os.chown(path, 0, 0)
        os.chmod(path, 0o400)
        for extra in ("-wal", "-shm"):
            if os.path.exists(path + extra):
                os.unlink(path + extra)
    else:
        os.chmod(path, 0o400)
    if site.is_root and kind != "read-only":
        os.chown(path, site.uid, site.gid)
    with open(path, "rb") as f:
        before = f.read()
    done = site.run([program("mailchuted"), "-f", "-C", site.conf_path])
    assert done.returncode not in (0, 1) and done.returncode > 0, done
    assert path in done.stderr + site.log.text()
    with open(path, "rb") as f:
        assert f.read() == before
    site.submit("a@example.net")  # into the drop folder
    assert len(site.dropped()) == 1
