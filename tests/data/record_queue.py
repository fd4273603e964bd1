#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes a queue.db with mail in every state, and stores it compressed.

mailchuted, of those under MAILCHUTE_PREFIX, makes it in some minutes of its
life against the server of tests/exchange; README.md in this folder says what
for.  lib.specimens tells what is in it.
"""

import gzip
import os
import pwd
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from exchange import Authority, Exchange  # noqa: E402
from lib.site import USER, Site, program  # noqa: E402
from lib.specimens import ALIASES, AWAY, HELD, queue_conf  # noqa: E402

BODY = "From: %s\nSubject: %s\n\nhello %s\n"
GAMES = pwd.getpwnam("games").pw_uid


class Story:
    def __init__(self, site, server):
        self.site, self.server = site, server

    def send(self, *rcpts, sender=USER, body=None, uid=0, options=()):
        text = body or BODY % (sender, rcpts[0], rcpts[0])
        done = self.site.sendmail("-i", "-f", sender, *options, "--", *rcpts,
                                  stdin=text, uid=uid)
        assert done.returncode == 0, done

    def id_of(self, address):
        return next(m["id"] for m in self.site.queue()
                    if address in [r["address"] for r in m["recipients"]])

    def wait_state(self, address, state):
        self.site.wait(
            lambda: self.site.recipients()[address]["state"] == state,
            "%s %s" % (address, state))

    def what_is_over(self):
        """Delivered, bounced, expired and removed: the journal alone."""
        self.send("delivered@example.net")
        self.server.record.wait_messages(1)
        with smtplib.SMTP("127.0.0.1", self.site.conf["listen scan"]["port"],
                          local_hostname="copier", timeout=60) as c:
            c.sendmail(USER, "device@example.net", BODY % (
                USER, "device@example.net", "device@example.net"))
        self.server.record.wait_messages(2)
        self.send("refused@example.net")
        self.site.log.wait_for("bounced")
        self.site.wait_empty()
        self.send("late@example.net")
        self.site.log.wait_for("deferred", rcpt="late@example.net")
        self.site.conf["queue"].update(lifetime="1s", retry="1s")
        self.site.restart()
        self.site.mailchute("retry", "ALL")
        self.site.log.wait_for("bounced", nth=2)
        self.site.wait_empty()
        self.site.conf["queue"].update(lifetime="365d", retry="30d")
        self.site.restart()
        self.site.mailchute("pause")
        self.send("removed@example.net")
        self.site.mailchute("remove", self.id_of("removed@example.net"))
        self.site.mailchute("resume")

    def what_waits(self):
        """One delivered, one refused, one put off; a notice that waits."""
        options = self.server.options
        options.recipient_replies[USER] = "451 4.7.1 not now"
        self.send("one@example.net", "refused@example.net",
                  "later@example.net", uid=GAMES)
        self.site.log.wait_for("deferred", rcpt=USER)
        # 8-bit octets, more than one chunk, an alias.
        self.send("ops", body="From: %s\nSubject: =?utf-8?q?=C3=BC?=\n\n"
                  % USER + "für später, in zwei Teilen\n" * 3000)
        self.site.log.wait_for("deferred", rcpt="ops@example.net")
        for sender in HELD, AWAY:
            self.send("of-%s@example.net" % sender.split("@")[0],
                      sender=sender)
        self.site.log.wait_for("account-held")
        self.site.log.wait_for("backoff", account="away")

    def what_is_uncertain(self):
        self.server.faults.add(state="dot", close=True)
        self.send("uncertain@example.net")
        self.wait_state("uncertain@example.net", "uncertain")

    def what_is_held(self):
        self.site.mailchute("pause")
        self.send("held@example.net", "too@example.net")
        self.site.mailchute("hold", self.id_of("held@example.net"))
        self.site.mailchute("resume")

    def the_end(self):
        """Killed with one on its way, one half-way in, and paused."""
        self.server.faults.add(state="dot", stall=True)
        self.send("active@example.net")
        self.server.record.wait_event("stall", "dot")
        self.site.mailchute("pause")
        self.send("queued@example.net", options=[
            "-N", "failure,delay", "-R", "full", "-V", "env-1"])
        with subprocess.Popen(
                [program("sendmail"), "-C", self.site.conf_path, "-i", "--",
                 "staging@example.net"], stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self.site.environment()) as proc:
            proc.stdin.write(b"Subject: large\n\n" + b"0123456789\n" * 120000)
            proc.stdin.flush()
            self.site.wait(lambda: self.site.database(
                "SELECT 1 FROM message WHERE state = 'staging'"), "staging")
            self.site.kill()


def store(site, path):
    """The database as one file, compressed."""
    db = sqlite3.connect(site.path("lib/queue.db"))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with open(site.path("lib/queue.db"), "rb") as f, \
            open(path, "wb") as raw, \
            gzip.GzipFile("queue.db", "wb", 9, raw, mtime=0) as out:
        out.write(f.read())


def main(path):
    with tempfile.TemporaryDirectory() as folder:
        server = Exchange(Authority(folder).issue("localhost"))
        os.chmod(folder, 0o755)
        server.up()
        site = Site(server, tls_ca_file=os.path.join(folder, "roots.pem"))
        try:
            server.options.users[USER] = site.password
            server.options.recipient_replies.update({
                "refused@example.net": "550 5.1.1 nobody of that name",
                "late*@example.net": "451 4.3.2 not now",
                "ops@example.net": "452 4.2.2 full"})
            site.write("conf/aliases", ALIASES)
            queue_conf(site, away_port=1)
            # No mail goes by it, so that it signs in nowhere.
            site.conf["account app"] = dict(
                provider="office365", host="localhost", user="app@" +
                USER.split("@")[1], tenant="t.example", client_id="11111111-2222-3333-4444-555555555555",
                client_secret_file="app_secret",
                client_secret_expires="2099-01-31")
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                site.conf["listen scan"] = {"port": s.getsockname()[1]}
            site.start()
            story = Story(site, server)
            story.what_is_over()
            story.what_waits()
            story.what_is_uncertain()
            story.what_is_held()
            story.the_end()
            store(site, path)
            site.check()
        finally:
            site.close()
            site.remove()
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1])
