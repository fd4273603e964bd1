# SPDX-License-Identifier: ISC
"""What a local user can put into the drop folder that is no file for it, while
another's mail is taken from there."""

import os
import re
import socket
import stat

import pytest

from lib.guard import ATTACKER, looks
from lib.stranger import Eyes, Held, act, drop_file, write

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


# ---- things that are no files to be read ------------------------------------

def fifo(path, site):
    os.mkfifo(path, 0o666)


def folder_of_files(path, site):
    os.mkdir(path, 0o777)
    for i in range(100):
        write("%s/%032x" % (path, i), drop_file("x@example.net"))


def link_to(target):
    def plant(path, site):
        os.symlink(target(path, site), path)
    return plant


def bound(path, site):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)


def fill(path):
    """Makes it whole when it is odd already."""
    with open(path, "wb") as f:
        f.write(drop_file("x@example.net"))


def two_links(path, site):
    write(path, b"")
    os.link(path, site.path("home/other"))
    fill(path)


def moved_in(path, site):
    """A file that was made elsewhere keeps its owner's group."""
    write(site.path("home/file"), drop_file("x@example.net"), 0o644)
    os.rename(site.path("home/file"), path)


def given_away(path, site):
    write(path, b"", 0o644)
    os.chown(path, -1, os.getgid())
    fill(path)


def closed(path, site):
    write(path, drop_file("x@example.net"), 0)


ODD = {
    "fifo": (fifo, "it is a pipe"),
    "folder": (folder_of_files, "it is a folder"),
    "link to a secret": (link_to(lambda p, s: s.path("secret")),
                         "it is a symbolic link"),
    "link to shadow": (link_to(lambda p, s: "/etc/shadow"),
                       "it is a symbolic link"),
    "link to the queue": (link_to(lambda p, s: s.path("lib/queue.db")),
                          "it is a symbolic link"),
    "dangling link": (link_to(lambda p, s: "/nonexistent/x"),
                      "it is a symbolic link"),
    "link to itself": (link_to(lambda p, s: p), "it is a symbolic link"),
    "link to a folder": (link_to(lambda p, s: s.path("home")),
                         "it is a symbolic link"),
    "socket": (bound, "it is a socket"),
    "two links": (two_links, "more than one link"),
    "moved in": (moved_in, "not of the folder's group"),
    "another group": (given_away, "not of the folder's group"),
    "unreadable": (closed, "its mode forbids"),
}


@pytest.mark.parametrize("running", [False, True], ids=["found", "noticed"])
@pytest.mark.parametrize("what", ODD)
def test_it_is_told_once_and_left(guarded, site, folder, what, running):
    plant, word = ODD[what]
    path = folder("0123456789abcdef0123456789abcdef")
    if running:
        guarded.start()
    act(ATTACKER, plant, path, site)
    guarded.eyes.seen()  # its maker has been at home
    before = looks(path)
    if running:
        # A thing that nobody writes to is noticed when it gets a new name.
        act(ATTACKER, os.rename, path, path[:-1])
        path = path[:-1]
    else:
        guarded.start()
    site.log.wait_for("drop-file-odd", text=word)
    guarded.unharmed()
    # Once more by each event, and never told again.
    act(ATTACKER, os.rename, path, path + "0")
    act(ATTACKER, os.rename, path + "0", path)
    guarded.unharmed()
    assert looks(path) == before
    assert guarded.told(file=os.path.basename(path) + "0") <= 1
    assert len([e for e in site.log.events("drop-file-odd")
                if e["file"] == os.path.basename(path)]) == 1


def test_another_s_file_with_a_second_link(guarded, site, folder):
    """Where the kernel lets anyone link to anything, it is not his mail; it
    goes on when the link is gone."""
    rcpt = guarded.drop()
    [name] = site.dropped()
    os.link(folder(name), folder("stolen"))
    guarded.due -= 1
    guarded.start()
    site.log.wait_for("drop-file-odd", nth=2, text="more than one link")
    guarded.unharmed()
    assert site.dropped() == sorted([name, "stolen"])
    guarded.due += 1
    os.unlink(folder("stolen"))
    site.restart()
    guarded.arrives(rcpt)


def test_a_link_to_another_s_file(guarded, site, folder):
    """He would send it in his own name, or take it away."""
    site.conf["queue"]["free_space_min"] = "1024G"
    guarded.drop()
    [name] = site.dropped()
    act(ATTACKER, os.symlink, name, folder("steal"))
    guarded.start()
    site.log.wait_for("drop-file-odd", file="steal", text="symbolic link")
    site.log.wait_for("drop-file-waits", file=name)
    assert site.dropped() == sorted([name, "steal"])
    site.stop()
    site.conf["queue"]["free_space_min"] = "1M"
    guarded.start().unharmed()
    assert site.dropped() == ["steal"]


def test_a_pipe_s_writer_is_left_waiting(guarded, site, folder):
    """To open a pipe lets its writer go on: it is not opened."""
    act(ATTACKER, fifo, folder("fifo"), site)

    def wait_for_a_reader(over):
        over()
        os.open(folder("fifo"), os.O_WRONLY)

    with Held(ATTACKER, wait_for_a_reader) as writer:
        guarded.eyes.seen()
        guarded.start()
        site.log.wait_for("drop-file-odd", file="fifo", text="it is a pipe")
        guarded.unharmed()
        assert os.waitpid(writer.pid, os.WNOHANG) == (0, 0)
        fd = os.open(folder("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        os.close(fd)


def test_a_pipe_with_a_writer(guarded, site, folder):
    act(ATTACKER, fifo, folder("fifo"), site)

    def write_to_it(over):
        fd = os.open(folder("fifo"), os.O_RDWR)
        os.write(fd, drop_file("x@example.net"))
        over(True)
        assert len(os.read(fd, 1000)) == len(drop_file("x@example.net"))

    with Held(ATTACKER, write_to_it):
        guarded.start()
        site.log.wait_for("drop-file-odd", file="fifo", text="it is a pipe")
        guarded.unharmed()


@pytest.mark.parametrize("kind, device", [
    (stat.S_IFCHR, (1, 5)), (stat.S_IFCHR, (5, 0)), (stat.S_IFBLK, (7, 0))],
    ids=["zero", "tty", "loop"])
def test_devices(guarded, site, folder, kind, device):
    """Only root can make one; opening it would be an act."""
    os.mknod(folder("device"), kind | 0o666, os.makedev(*device))
    eyes = Eyes(folder("device"))
    guarded.start()
    site.log.wait_for("drop-file-odd", file="device", text="it is a device")
    guarded.unharmed()
    assert not eyes.seen()
    eyes.close()


def test_odd_things_without_number(guarded, site, folder):
    """The log is not his to fill."""
    def plant():
        for i in range(5000):
            os.symlink("/etc/shadow", folder("link%d" % i))
    act(ATTACKER, plant)
    guarded.start()
    site.log.wait_for("drop-file-odd", text="more things in")
    guarded.unharmed()
    assert guarded.told() == 1001


# ---- names -------------------------------------------------------------------------

NAMES = {
    "newline": b"x\nevent=delivered id=000000000000",
    "escape": b"\x1b[2J\x1b]0;owned\x07",
    "not UTF-8": b"\xff\xfe\x80",
    "UTF-8": "\u202egnp.exe".encode(),
    "quotes": b'" event="delivered',
    "255 octets": b"n" * 255,
    "250 octets": b"n" * 250,
    "255 odd octets": b"\n" * 255,
    "option": b"-rf",
    "format": b"%s%n%s",
}


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("plant", ["junk", "link"])
def test_names(guarded, site, folder, what, plant):
    """A name is shown and never believed: one line, of printable text."""
    path = os.fsencode(folder()) + NAMES[what]
    if plant == "junk":
        act(ATTACKER, write, path, b"junk")
    else:
        act(ATTACKER, os.symlink, b"/etc/shadow", path)
    guarded.start()
    event = "drop-file-aside" if plant == "junk" else "drop-file-odd"
    site.log.wait_for(event)
    guarded.unharmed()
    assert guarded.told(event) == 1
    with open(site.path("log/log"), "rb") as f:
        lines = f.read().decode("utf-8").split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert line.isprintable() or "\u202e" in line, ascii(line)
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z (mailchuted|deliver)"
                        r"\[\d+\]: event=", line), ascii(line)
    assert not any("000000000000" in e.get("id", "")
                   for e in site.log.events("delivered"))
    if plant == "junk":
        [name] = os.listdir(os.fsencode(folder()))
        assert name.startswith(b"aside.") and NAMES[what][:100] in name
