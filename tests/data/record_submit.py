#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Records what sendmail and mailchuted say to one another, into a new folder.

The programs are those under MAILCHUTE_PREFIX.  README.md in this folder says
what for: a folder that was recorded once is never recorded again.
"""

import os
import shutil
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib.fakedaemon import frame, frames  # noqa: E402
from lib.site import USER, Site, program  # noqa: E402

SMALL = "From: %s\nTo: a@example.net\nSubject: small\n\nhello\n" % USER
EIGHT_BIT = ("From: %s\nTo: a@example.net\nSubject: =?utf-8?q?caf=C3=A9?=\n"
             "Content-Type: text/plain; charset=utf-8\n"
             "Content-Transfer-Encoding: 8bit\n\nGrüße aus dem Café\n" % USER)
CRON = ("Subject: Cron <root@web01> backup\nTo: ops\n\n"
        "the disk\n.\nis full\n")

# name, arguments of sendmail, what it reads.
CASES = [
    ("small", ["-f", USER, "--", "a@example.net"], SMALL),
    ("eight-bit", ["-B8BITMIME", "-f", USER, "--", "a@example.net"],
     EIGHT_BIT),
    ("many", ["-f", USER, "--"] + ["r%d@example.net" % n
                                   for n in range(300)], SMALL),
    ("dsn", ["-f", USER, "-N", "success,delay,failure", "-R", "hdrs",
             "-V", "QQ+2B314159", "--", "a@example.net", "b@example.net"],
     SMALL),
    ("local", ["--", "root", "ops"], CRON),
    ("null-sender", ["-f", "<>", "--", "a@example.net"], SMALL),
]


def exchange(site, said):
    """The frames of the daemon that a client hears who says this."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(site.path("run/submit"))
        s.sendall(said)
        heard = b""
        while True:
            more = s.recv(65536)
            if not more:
                return [frame(*f) for f in frames(heard)]
            heard += more


def words_of_the_daemon(site, folder):
    """Its greeting, and each kind of answer."""
    def write(name, data):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)

    with open(os.path.join(folder, "small.drop"), "rb") as f:
        small = f.read().partition(b"\n")[2]
    site.conf["queue"]["delivery"] = "off"
    site.start()
    greeting, accepted = exchange(site, small)
    write("greeting", greeting)
    write("accepted", accepted)
    write("refused-permanent", exchange(site, frame(99))[1])
    site.stop()
    site.conf["queue"]["free_space_min"] = "1024G"
    site.start()
    write("refused-temporary", exchange(site, small)[1])


def main(folder):
    os.mkdir(folder)
    site = Site()
    try:
        for name, args, text in CASES:
            done = site.run([program("sendmail"), "-C", site.conf_path, "-i",
                             *args], text)
            assert done.returncode == 0, done
            (file,) = site.dropped()
            shutil.copyfile(site.path("spool/drop/" + file),
                            os.path.join(folder, name + ".drop"))
            os.unlink(site.path("spool/drop/" + file))
        words_of_the_daemon(site, folder)
    finally:
        site.close()
        site.remove()


if __name__ == "__main__":
    main(sys.argv[1])
