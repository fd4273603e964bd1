# SPDX-License-Identifier: ISC
"""150 MiB in and out, in little memory, while others are served."""

import fcntl
import hashlib
import subprocess

import pytest

from lib.notify import DEADLINE
from lib.site import USER, program, sanitized

MIB = 1024 * 1024
LINE = b"0123456789" * 7 + b"\n"
PIECE = LINE * 4096
PIECES = 150 * MIB // (len(PIECE) + 4096) + 1  # each LF becomes CRLF
HEAD = b"From: %s\nSubject: large\n\n" % USER.encode()
SMALL = "From: %s\nSubject: small\n\nhello\n" % USER
LONG = 5 * DEADLINE  # for all of it, on a machine with other work


def peak(pid):
    """The most memory that a process has had, in MiB."""
    with open("/proc/%d/status" % pid) as f:
        fields = dict(line.split(":", 1) for line in f if ":" in line)
    return int(fields["VmHWM"].split()[0]) / 1024


def peaks(site):
    """The same of each process of the daemon: [(name, MiB)]."""
    found = []
    for pid in site.group(site.daemon.pid):
        with open("/proc/%d/comm" % pid) as f:
            found.append((f.read().strip(), peak(pid)))
    return found


def check(what, mib, limit):
    """A sanitizer's shadow memory counts, too, and is not ours."""
    print("%s: %.1f MiB" % (what, mib))
    if not sanitized():
        assert mib <= limit, what


@pytest.mark.parametrize("chunking", ["yes", "no"])
def test_large(make_site, make_server, chunking):
    server = make_server(size=200 * MIB)
    stalled = server.faults.add(state="body", match="large@", stall=True,
                                after=75 * MIB)
    site = make_site(server, chunking=chunking, linger="10m", connections=2)
    site.conf["queue"]["message_size_max"] = "200M"
    site.start()

    def small(name):
        """Somebody else's mail goes through from end to end."""
        site.submit(name + "@example.net", stdin=SMALL, uid=5)
        server.record.wait(lambda: [m for m in server.record.accepted
                                    if name + "@example.net" in m.addresses],
                           "the mail to " + name)

    sender = subprocess.Popen(
        [program("sendmail"), "-C", site.conf_path, "-i", "-f", USER, "--",
         "large@example.net"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd="/", env=site.environment())
    try:
        # What is written has been read, but for the last 4 KiB.
        fcntl.fcntl(sender.stdin.fileno(), fcntl.F_SETPIPE_SZ, 4096)
        sender.stdin.write(HEAD)
        for i in range(PIECES):
            sender.stdin.write(PIECE)
            if i == PIECES // 2:
                small("while-it-comes-in")
        sender.stdin.flush()
        check("sendmail", peak(sender.pid), 4)
        _, said = sender.communicate(timeout=LONG)
    finally:
        sender.kill()
    assert (sender.returncode, said) == (0, b"")

    server.record.wait(lambda: server.record.of_kind("stall"),
                       "half of the message", LONG)
    small("while-it-goes-out")
    stalled.release()
    message, = server.record.wait(
        lambda: [m for m in server.record.accepted
                 if "large@example.net" in m.addresses], "the message", LONG)
    assert message.size > 150 * MIB
    head, end, _ = message.raw.partition(b"\r\n\r\n")
    whole = hashlib.sha256(head + end)
    piece = PIECE.replace(b"\n", b"\r\n")
    for _ in range(PIECES):
        whole.update(piece)
    assert message.sha256 == whole.hexdigest()
    assert message.how == ("BDAT" if chunking == "yes" else "DATA")
    site.wait_empty()
    names = set()
    for name, mib in peaks(site):
        check(name, mib, 16)
        names.add(name)
    assert names == {"mailchuted", "deliver"}


# What 8-bit lines, and one endless line, become as quoted-printable.
EIGHT = ("Grüße, und noch mehr in einer Zeile\n".encode(),
         b"Gr=C3=BC=C3=9Fe, und noch mehr in einer Zeile\r\n")
ENDLESS = (b"0123456789" * 15, (b"0123456789" * 7 + b"01234=\r\n"
                                + b"56789" + b"0123456789" * 7 + b"=\r\n"))


@pytest.mark.parametrize("piece, encoded, chunking", [
    (*EIGHT, "yes"), (*EIGHT, "no"), (*ENDLESS, "yes"), (*ENDLESS, "no")],
    ids=["8bit-bdat", "8bit-data", "line-bdat", "line-data"])
def test_large_and_encoded(make_site, make_server, piece, encoded, chunking):
    server = make_server(size=300 * MIB)
    server.options.extensions.remove("8BITMIME")
    site = make_site(server, chunking=chunking, linger="10m")
    site.conf["queue"]["message_size_max"] = "200M"
    site.start()
    times = 100 * MIB // len(piece)
    with subprocess.Popen(
        [program("sendmail"), "-C", site.conf_path, "-i", "-f", USER, "--",
         "large@example.net"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd="/", env=site.environment()) as sender:
        fcntl.fcntl(sender.stdin.fileno(), fcntl.F_SETPIPE_SZ, 4096)
        sender.stdin.write(HEAD)
        for _ in range(100):
            sender.stdin.write(piece * (times // 100))
        sender.stdin.write(b"end\n")
        sender.stdin.flush()
        check("sendmail", peak(sender.pid), 4)
        _, said = sender.communicate(timeout=LONG)
    assert (sender.returncode, said) == (0, b"")
    message = server.record.wait_messages(1, LONG)[0]
    head, end, _ = message.raw.partition(b"\r\n\r\n")
    whole = hashlib.sha256(head + end)
    for _ in range(100):
        whole.update(encoded * (times // 100))
    whole.update(b"end\r\n")
    assert message.sha256 == whole.hexdigest()
    assert "SIZE" not in message.mail_params
    site.wait_empty()
    for name, mib in peaks(site):
        check(name, mib, 16)
