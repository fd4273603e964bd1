#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A guesser of passwords at a listener, and who signs in beside it.

Each case is a fresh mailchuted with logins of its own, hashed as "mailchute
passwd" does it, and a guesser that never pauses: it signs in wrongly until it is
sent away, and comes again; or a client that comes and goes, and does nothing
else.  Meanwhile a user signs in from another address, again and again.  Over
loopback, in a network of its own; needs root.

Arguments: seconds of each case, and names of cases.
"""

import base64
import collections
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib.netns import own_network  # noqa: E402
from lib.site import Site, program  # noqa: E402

PORT, LOGINS, PASSWORD = 587, 10, "the right one, which nobody guesses"
USER = "127.0.9.1"
PAUSE_S = 0.5  # between the user's sign-ins
CASES = {  # addresses, and connections of each
    "nobody": (0, 0),
    "1x1": (1, 1),
    "1x8": (1, 8),
    "8x1": (8, 1),
    "8x8": (8, 8),
    "60x1": (60, 1),
    "comes": (1, 1),
    "comes, without a rate": (1, 1),
}


class Client:
    def __init__(self, address):
        self.socket = socket.create_connection(
            ("127.0.0.1", PORT), 60, source_address=(address, 0))
        self.file = self.socket.makefile("rb")

    def read(self):
        """The last line of a reply; empty at the end."""
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        return line.decode().rstrip()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.read()

    def sign_in(self, login, password):
        return self.say("AUTH PLAIN " + base64.b64encode(
            ("\0%s\0%s" % (login, password)).encode()).decode())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.file.close()
        self.socket.close()


class Guesser(threading.Thread):
    """One connection after the other, until the end."""

    def __init__(self, address, until, first):
        super().__init__()
        self.address, self.until, self.n = address, until, first
        self.heard = collections.Counter()
        self.cut_off_at = None  # nothing that it tries is tested any more

    def cut_off(self):
        self.cut_off_at = self.cut_off_at or time.monotonic()

    def session(self):
        with Client(self.address) as c:
            reply = c.read()
            if reply.startswith("220"):
                reply = c.say("EHLO guesser")
            elif "Wrong password" in reply:
                self.cut_off()
            while reply[:3] in ("250", "535", "454"):
                if time.monotonic() >= self.until:
                    return
                reply = c.sign_in("user%d" % (self.n % LOGINS),
                                  "guess %d" % self.n)
                self.n += 1
                self.heard[reply[:3]] += 1
                if reply[:3] == "454":
                    self.cut_off()
            if reply[:3] == "421":
                self.heard[reply] += 1

    def run(self):
        while time.monotonic() < self.until:
            try:
                self.session()
            except OSError:
                self.heard["cut"] += 1


class Comer(Guesser):
    """Says nothing, and is gone."""

    def session(self):
        with Client(self.address) as c:
            self.heard[c.read()[:3]] += 1


def user(until):
    """How long each sign-in took, what was heard instead, and when last."""
    took, failed, last = [], collections.Counter(), 0
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            with Client(USER) as c:
                reply = c.read()
                if reply.startswith("220"):
                    c.say("EHLO user")
                    reply = c.sign_in("user0", PASSWORD)
        except OSError as e:
            reply = type(e).__name__
        if reply.startswith("235"):
            took.append(1000 * (time.monotonic() - start))
        else:
            failed[reply] += 1
            last = time.monotonic()
        time.sleep(PAUSE_S)
    return took, failed, last


def processor_s(pid):
    """Of the parent; and of its processes that have ended."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    return [(int(fields[i]) + int(fields[i + 1])) / tick for i in (11, 13)]


def open_site(name):
    site = Site()
    site.conf["queue"]["delivery"] = "off"
    site.conf["log"]["level"] = "info"
    site.conf["account"].update(host="smtp.example.net", provider="smtp")
    site.conf["listen bench"] = {
        "port": PORT, "allow": "127.0.0.0/8", "auth": "required",
        "users_file": "users", "client_connections": 8}
    if "without a rate" in name:
        site.conf["listen bench"]["connection_rate"] = "none"
    site.write_conf()
    for i in range(LOGINS):
        subprocess.run(
            [program("mailchute"), "-C", site.conf_path, "passwd",
             "user%d" % i], input=(PASSWORD + "\n").encode(), check=True,
            stdout=subprocess.DEVNULL, env=site.environment())
    return site.start()


def look(site, name, seconds):
    addresses, each = CASES[name]
    begin = time.monotonic()
    before = processor_s(site.daemon.pid)
    kind = Comer if name.startswith("comes") else Guesser
    guessers = [kind("127.0.1.%d" % (a + 1), begin + seconds,
                     1000 * (a * each + i))
                for a in range(addresses) for i in range(each)]
    for g in guessers:
        g.start()
    took, failed, last = user(begin + seconds)
    used = [b - a for a, b in zip(before, processor_s(site.daemon.pid))]
    for g in guessers:
        g.join()
    heard = sum((g.heard for g in guessers), collections.Counter())
    cut = [g.cut_off_at - begin for g in guessers if g.cut_off_at]
    events = collections.Counter(e["event"] for e in site.log.events())
    tested = events["sign-in-refused"]
    print("%s: %d addresses, %d connections each, for %d s" % (
        name, addresses, each, seconds))
    print("  guesses tested: %d" % tested)
    print("  the guesser heard: %s" % dict(heard))
    if cut:
        print("  cut off after %.1f s, the last after %.1f s" % (
            min(cut), max(cut)))
    print("  processor: parent %.2f %%, its processes %.1f %%" % tuple(
        100 * u / seconds for u in used))
    print("  the user signed in %d times in %.0f ms (median), %.0f ms (most)"
          % (len(took), statistics.median(took or [0]), max(took or [0])))
    if failed:
        print("  the user was refused: %s, the last time after %.1f s" % (
            dict(failed), last - begin))
    print("  lines in the log: %s" % {
        k: v for k, v in sorted(events.items()) if k in (
            "client", "client-sent-away", "device-refused", "sign-in-blocked",
            "sign-in-refused", "signed-in", "turned-away")})
    shown = site.mailchute("devices").stdout.splitlines()
    print("\n".join("  " + line for line in shown[:3]))
    sys.stdout.flush()


def main():
    if os.getuid() != 0:
        sys.exit("needs root, for a network of its own")
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    folder = tempfile.mkdtemp(prefix="mailchute-bench-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    tempfile.tempdir = folder
    try:
        with own_network():
            for name in sys.argv[2:] or CASES:
                site = open_site(name)
                try:
                    look(site, name, seconds)
                finally:
                    site.stop()
                    site.remove()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
