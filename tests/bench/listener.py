#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A listener beside Postfix, in one run: 64 clients, each message of 2 KiB on
the disk before its 250, and nothing delivered.

The load is smtp-source of Postfix itself, with a connection for each message as
most devices do it, and with one for all of a client's.  Rounds take turns, so
that noise hits both; ratios of their medians count.  Needs root and the disk of
/var/tmp.
"""

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib import debian, postfix  # noqa: E402
from lib.netns import own_network  # noqa: E402
from lib.notify import wait_until  # noqa: E402
from lib.site import Site  # noqa: E402

ROUNDS = 5
CLIENTS, OCTETS = 64, 2048
PORT = {"ours": 2525, "postfix": 2526}
# Enough messages that the start of 64 processes does not count.
MODES = {"a connection each": (2000, []), "connections kept": (10000, ["-d"])}

MAIN = """\
compatibility_level = 3.6
myhostname = mail.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
relayhost = [127.0.0.1]:9
header_checks = static:HOLD
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 200
maillog_file = /var/log/postfix/log
"""

MASTER = """\
2526      inet  n  -  n  -    -  smtpd
cleanup   unix  n  -  n  -    0  cleanup
qmgr      unix  n  -  n  300  1  qmgr
rewrite   unix  -  -  n  -    -  trivial-rewrite
defer     unix  -  -  n  -    0  bounce
bounce    unix  -  -  n  -    0  bounce
smtp      unix  -  -  n  -    -  smtp
proxymap  unix  -  -  n  -    -  proxymap
tlsmgr    unix  -  -  n  1000?  1  tlsmgr
anvil     unix  -  -  n  -    1  anvil
postlog   unix-dgram  n  -  n  -  1  postlogd
"""

# Its files on the disk under test; its processes end with their first one.
ROOM = """\
mount --make-rprivate /
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=755 tmpfs "$0/dev"
for name in null zero full random urandom; do
    : >"$0/dev/$name"
    mount --bind "/dev/$name" "$0/dev/$name"
done
exec chroot "$0" postfix start-fg
"""


class Postfix:
    def __init__(self, folder):
        self.root = os.path.join(folder, "root")
        subprocess.run(["cp", "-a", debian.root(postfix.PACKAGES), self.root],
                       check=True)
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER)):
            with open(self.root + "/etc/postfix/" + name, "w") as f:
                f.write(text)
        os.makedirs(self.root + "/var/log/postfix", exist_ok=True)
        self.source = [
            "chroot", self.root, "smtp-source", "-f", "copier@contoso.example",
            "-t", "rcpt@fabrikam.example"]

    def __enter__(self):
        with open(self.root + "/var/log/postfix/start", "ab") as out:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh",
                 "-ec", ROOM, self.root], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True)
        log = self.root + "/var/log/postfix/log"
        wait_until(lambda: os.path.exists(log) and
                   "daemon started" in open(log).read(),
                   [os.path.dirname(log)], "Postfix", process=self.process)
        return self

    def __exit__(self, *exc):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def taken(self):
        hold = self.root + "/var/spool/postfix/hold"
        return sum(len(files) for _, _, files in os.walk(hold))


class Ours:
    def __init__(self):
        self.site = Site()
        self.site.conf["queue"].update(delivery="off", uid_messages=10**6,
                                       uid_bytes="1G")
        self.site.conf["log"]["level"] = "info"
        self.site.conf["account"].update(host="smtp.example.net",
                                         provider="smtp")
        self.site.conf["listen bench"] = {
            "port": PORT["ours"], "rate": "none",
            "connection_rate": "none",
            # Who has just left counts until its process is gone.
            "client_connections": 4 * CLIENTS, "connections": 4 * CLIENTS}

    def __enter__(self):
        self.site.start()
        return self

    def __exit__(self, *exc):
        self.site.stop()
        self.site.remove()

    def taken(self):
        return self.site.status()["waiting"]


def rate(source, program, port, mode):
    """Messages a second."""
    messages, options = MODES[mode]
    before = program.taken()
    start = time.monotonic()
    subprocess.run([*source, "-s", str(CLIENTS), "-m", str(messages), "-l",
                    str(OCTETS), *options, "127.0.0.1:%d" % port],
                   check=True, stdin=subprocess.DEVNULL)
    took = time.monotonic() - start
    taken = program.taken() - before
    if taken != messages:
        sys.exit("%d of %d messages were taken" % (taken, messages))
    return messages / took


def main():
    if os.getuid() != 0:
        sys.exit("needs root, for a Debian with Postfix and a network of its "
                 "own")
    folder = tempfile.mkdtemp(prefix="mailchute-bench-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    tempfile.tempdir = folder
    try:
        with own_network(), contextlib.ExitStack() as stack:
            peer = stack.enter_context(Postfix(folder))
            programs = {"ours": stack.enter_context(Ours()), "postfix": peer}
            for mode in MODES:
                rates = {name: [] for name in programs}
                for _ in range(ROUNDS):
                    for name, program in programs.items():
                        rates[name].append(rate(peer.source, program,
                                                PORT[name], mode))
                ours, theirs = (statistics.median(rates[n]) for n in PORT)
                print("%d clients, %s: %.0f messages/s, Postfix %.0f: %.1f x"
                      % (CLIENTS, mode, ours, theirs, ours / theirs))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
