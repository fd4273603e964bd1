# SPDX-License-Identifier: ISC
"""The drop folder, attacked by a local user with files that are held, broken
and changed, and with heaps of them, while another's mail is taken."""

import contextlib
import fcntl
import os
import signal

import pytest

from lib.guard import ATTACKER, SECRET, VICTIM, looks
from lib.stranger import (MAGIC, Held, act, drop_file, drop_frames, stopped,
                          write)

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


# ---- files that are held, changed and broken ---------------------------------

def own_file(path, text=b"Subject: x\r\n\r\nhello\r\n"):
    write(path, drop_file("a@example.net", text))


@pytest.mark.parametrize("mode", [0o640, 0o666, 0o755, 0o4755, 0o6750])
def test_a_file_s_other_bits_mean_nothing(guarded, folder, mode):
    act(ATTACKER, write, folder("own"), drop_file("a@example.net"), mode)
    guarded.start()
    guarded.due += 1
    guarded.arrives("a@example.net", ATTACKER)
    guarded.unharmed()


def test_a_lease_is_waited_for_and_not_on(guarded, site, folder):
    """With a write lease nobody else may open it; that is no reason to wait,
    nor to say anything."""
    act(ATTACKER, own_file, folder("own"))

    def lease(over):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fd = os.open(folder("own"), os.O_RDWR)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        over(True)

    with Held(ATTACKER, lease) as holder:
        guarded.start().unharmed()
        assert site.dropped() == ["own"]
        assert not site.log.events(file="own")
        guarded.due += 1
        holder.stop()
        guarded.arrives("a@example.net", ATTACKER)
    guarded.unharmed()


def hold(how):
    def held(path, over):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fd = os.open(path, os.O_RDONLY if how == "lease" else os.O_RDWR)
        if how == "lease":
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        elif how == "flock":
            fcntl.flock(fd, fcntl.LOCK_EX)
        elif how == "lockf":
            fcntl.lockf(fd, fcntl.LOCK_EX)
        over(True)
    return held


@pytest.mark.parametrize("how", ["lease", "flock", "lockf", "open"])
def test_what_is_whole_is_taken_whoever_holds_it(guarded, folder, how):
    act(ATTACKER, own_file, folder("own"))
    with Held(ATTACKER, lambda over: hold(how)(folder("own"), over)):
        guarded.start()
        guarded.due += 1
        guarded.arrives("a@example.net", ATTACKER)
        guarded.unharmed()


WHOLE = drop_frames("a@example.net")
HALF = {
    "empty": b"",
    "half a magic": MAGIC[:5],
    "magic": MAGIC,
    "no end": b"".join(WHOLE[:-1]),
    "half an end": b"".join(WHOLE)[:-1],
    "octets behind": b"".join(WHOLE) + b"x",
    "a line behind": b"".join(WHOLE) + b"\n",
}
JUNK = {
    "script": b"#!/bin/sh\nid\n",
    "an end in the middle": b"".join(WHOLE + WHOLE[1:]),
    "no envelope": MAGIC + b"".join(WHOLE[3:]),
    "two envelopes": b"".join(WHOLE[:2] + WHOLE[1:]),
    "a frame too long": MAGIC + WHOLE[1] + b"\x04\xff\xff\xff\xff" + WHOLE[-1],
    "a frame cut short": MAGIC + WHOLE[1] + b"\x04\x00\x00\x10\x00"
    + WHOLE[-1],
    "a wrong count": b"".join(WHOLE[:-2] + [WHOLE[-1]]),
}


@pytest.mark.parametrize("what", HALF)
def test_what_has_no_end_yet_waits_in_silence(guarded, site, folder, what):
    act(ATTACKER, write, folder("half"), HALF[what])
    guarded.start().unharmed()
    assert site.dropped() == ["half"]
    assert not site.log.events(file="half")


@pytest.mark.parametrize("what", JUNK)
def test_what_is_no_message_goes_aside(guarded, site, folder, what):
    act(ATTACKER, write, folder("junk"), JUNK[what])
    before = looks(folder("junk"))
    guarded.start()
    site.log.wait_for("drop-file-aside", file="junk")
    guarded.unharmed()
    assert looks(folder("aside.junk")) == before
    assert guarded.told("drop-file-aside", file="junk") == 1
    # It is no more looked at, whatever becomes of it.
    act(ATTACKER, os.utime, folder("aside.junk"))
    guarded.unharmed()
    assert guarded.told("drop-file-aside") == 1


@pytest.mark.parametrize("size", [100 << 20, 1 << 40])
def test_a_huge_sparse_file(guarded, site, folder, size):
    """All that is on disk of it is its beginning and its end."""
    def plant():
        write(folder("huge"), MAGIC + WHOLE[1])
        with open(folder("huge"), "r+b") as f:
            f.seek(size - len(WHOLE[-1]))
            f.write(WHOLE[-1])
    act(ATTACKER, plant)
    guarded.start()
    site.log.wait_for("drop-file-aside", file="huge",
                      text="larger than any message")
    guarded.unharmed()
    os.unlink(folder("aside.huge"))


def test_a_sparse_file_within_the_limit(guarded, site, folder):
    def plant():
        write(folder("sparse"), MAGIC + WHOLE[1] + WHOLE[2])
        with open(folder("sparse"), "r+b") as f:
            f.seek((90 << 20) - len(WHOLE[-1]))
            f.write(WHOLE[-1])
    act(ATTACKER, plant)
    guarded.start()
    site.log.wait_for("drop-file-aside", file="sparse")
    guarded.unharmed()


def test_millions_of_empty_frames(guarded, site, folder):
    """A file that is slow to read delays nobody."""
    empty = b"\x04\x00\x00\x00\x00"

    def plant():
        for i in range(3):
            write(folder("slow%d" % i), b"".join(
                drop_frames("a%d@example.net" % i)[:-1])
                + empty * (12 << 20) + WHOLE[-1])
    act(ATTACKER, plant)
    guarded.start()
    guarded.serves()
    guarded.due += 3
    for i in range(3):
        guarded.arrives("a%d@example.net" % i, ATTACKER)
    guarded.unharmed()
    assert site.dropped() == []


def test_what_lies_aside_is_not_replaced(guarded, site, folder):
    """He knows the name of another's that lies aside, and drops junk of it."""
    act(VICTIM, write, folder("aside.feed"), b"the victim's")
    before = looks(folder("aside.feed"))
    act(ATTACKER, write, folder("feed"), b"junk")
    guarded.start()
    site.log.wait_for("drop-file-aside")
    guarded.unharmed()
    assert looks(folder("aside.feed")) == before
    names = site.dropped()
    assert len(names) == 2 and "feed" not in names


# ---- files that change while they are looked at --------------------------------

def swap(path, site):
    """Renames a pipe, a link and a file over one name, for ever."""
    def run(over):
        home = site.path("home/")
        os.mkfifo(home + "pipe")
        os.symlink(site.path("secret"), home + "link")
        os.symlink("/etc/shadow", home + "shadow")
        os.chdir(home)
        n = 0
        while not over():
            n += 1
            with open("file", "xb") as f:
                f.write(WHOLE[0] if n % 2 else b"junk")
            for name in ("pipe", "link", "file", "shadow", "pipe"):
                os.rename(name, path)
                if name == "file":
                    os.unlink(path)
                else:
                    os.rename(path, name)
    return run


def rewrite(path):
    """Completes, breaks, cuts and grows one file, for ever."""
    whole = drop_file("a@example.net", b"Subject: x\r\n\r\n" + b"y" * 300000,
                      ident=b"0123456789abcdef")

    def run(over):
        while not over():
            fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
            os.write(fd, whole)
            os.ftruncate(fd, 1000)
            os.pwrite(fd, b"\x00" * 1000, len(whole) // 2)
            os.pwrite(fd, whole, 0)
            os.pwrite(fd, b"more", len(whole))
            os.ftruncate(fd, len(whole))
            os.close(fd)
            with contextlib.suppress(FileNotFoundError):
                os.truncate(path, len(whole) // 2)
    return run


def come_and_go(folder):
    """Whole files that are gone before they are read, or while they are."""
    def run(over):
        n = 0
        while not over():
            n += 1
            path = folder("file%d" % (n % 50))
            with contextlib.suppress(FileExistsError):
                write(path, drop_file("gone@example.net", ident=b"0" * 16))
            with contextlib.suppress(FileNotFoundError):
                os.unlink(folder("file%d" % ((n + 25) % 50)))
    return run


def aside_first(folder):
    """Takes the names under which things are put aside."""
    def run(over):
        n = 0
        while not over():
            n += 1
            for name in ("junk", "aside.junk"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(folder(name))
                with contextlib.suppress(FileExistsError):
                    write(folder(name), b"junk %d" % n)
    return run


@pytest.mark.parametrize("race", ["swap", "rewrite", "come and go", "aside"])
def test_races(guarded, site, folder, race):
    """Others' mail goes on while somebody changes everything all the time."""
    run = {"swap": lambda: swap(folder("own"), site),
           "rewrite": lambda: rewrite(folder("own")),
           "come and go": lambda: come_and_go(folder),
           "aside": lambda: aside_first(folder)}[race]()
    guarded.start()
    addresses = []
    with Held(ATTACKER, run):
        for i in range(30):
            addresses.append(guarded.drop())
            if i % 10 == 9:
                guarded.arrives(addresses[-1])
    for rcpt in addresses:
        guarded.arrives(rcpt)
    guarded.is_who_it_was()
    guarded.rests()
    # What he dropped himself is his, if it was whole when it was read.
    # (and what was torn is refused, of which a notice tells)
    mine = [m for m in server_mail(guarded)
            if m.sender and not m.addresses[0][0] == "v"]
    assert all("from userid 5)" in m.header("Received") for m in mine)
    assert len(mine) <= 1
    with open(site.path("secret")) as f:
        assert f.read() == SECRET
    assert b"business" not in b"".join(m.raw for m in server_mail(guarded))


def server_mail(guarded):
    return guarded.server.record.accepted


# ---- heaps --------------------------------------------------------------------------

def test_a_hundred_thousand_files(guarded, site, folder):
    """Empty and half-written ones: looked at in turn with others' mail."""
    half = HALF["no end"]

    def plant():
        for i in range(100000):
            fd = os.open(folder("%06d" % i),
                         os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            if i % 2:
                os.write(fd, half)
            os.close(fd)
    act(ATTACKER, plant)
    early = guarded.drop()
    guarded.start()
    late = guarded.drop()
    guarded.arrives(late)
    guarded.arrives(early)
    guarded.unharmed()
    assert len(site.dropped()) == 100000
    assert not site.log.events("drop-file-odd")
    assert not site.log.events("drop-file-aside")


def ahead_of(guarded, rcpt):
    """How much of the heap has arrived before that."""
    order = [m.addresses[0] for m in server_mail(guarded)]
    return order[:order.index(rcpt)].count("heap@example.net")


def test_thousands_of_whole_files(guarded, site, folder):
    """Others' mail goes by turns with it, however long it lies there."""
    n, share = 5000, 1000

    def plant():
        for i in range(n):
            write(folder("%06d" % i), drop_file("heap@example.net"))
    act(ATTACKER, plant)
    early = [guarded.drop() for _ in range(5)]
    guarded.start()
    late = {guarded.drop(): len(server_mail(guarded)) for _ in range(5)}
    for rcpt in [*early, *late]:
        guarded.arrives(rcpt)
    assert all(ahead_of(guarded, rcpt) < share for rcpt in early)
    assert all(ahead_of(guarded, rcpt) < before + share
               for rcpt, before in late.items())
    guarded.is_who_it_was()


def test_more_events_than_the_kernel_keeps(guarded, site, folder):
    """What was lost with them is found by a round."""
    guarded.start().serves()
    with open("/proc/sys/fs/inotify/max_queued_events") as f:
        n = int(f.read())

    def plant():
        for name in ("one", "two"):
            write(folder(name), MAGIC)
        for i in range(n + 10):
            os.close(os.open(folder(("one", "two")[i % 2]), os.O_WRONLY))
    with stopped(guarded.queue):
        act(ATTACKER, plant)
        rcpt = guarded.drop()
    guarded.arrives(rcpt)
    guarded.unharmed()
    assert site.dropped() == ["one", "two"]
