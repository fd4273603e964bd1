# SPDX-License-Identifier: ISC
"""A listing of a very deep queue: it streams, at the memory of a small one."""

import sqlite3
import subprocess

from lib.site import program, sanitized

DEEP = 100000
MAILQ_KIB = 4096
MORE_KIB = 2048  # of the queue process, than with one message

TEXT = "From: a@contoso.example\nSubject: x\n\nhello\n"

# Each message and its recipient again, under ids of their own.
AGAIN = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
    WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM %s, n"""


def multiply(db, table, changed):
    columns = [c[1] for c in db.execute("PRAGMA table_info(%s)" % table)]
    values = [changed.get(c, c) for c in columns]
    db.execute(AGAIN % (DEEP - 1, table, ", ".join(columns),
                        ", ".join(values), table))


def peak_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        fields = dict(line.split(":", 1) for line in f if ":" in line)
    # One that has ended has none.
    return int(fields.get("VmHWM", "0").split()[0])


def listing(site):
    """How many entries mailq printed, and the most memory it had."""
    with subprocess.Popen([program("mailq"), "-C", site.conf_path],
                          stdout=subprocess.PIPE,
                          env=site.environment()) as mailq:
        entries, peak = 0, 0
        for line in mailq.stdout:
            if line[:1].isdigit() or line[:1] in b"ABCDEF":
                entries += 1
                if entries % 5000 == 1:
                    peak = max(peak, peak_kib(mailq.pid))
        last = line
    assert mailq.returncode == 0
    return entries, peak, last


def test_a_hundred_thousand(make_site, server):
    site = make_site(server)
    site.conf["queue"]["delivery"] = "off"
    site.start()
    site.submit("b@example.net", stdin=TEXT)
    assert listing(site)[0] == 1
    small = peak_kib(site.queue_pid())
    site.stop()
    db = sqlite3.connect(site.path("lib/queue.db"))
    with db:
        multiply(db, "message", {"id": "id + i"})
        multiply(db, "recipient", {"message": "message + i"})
    db.close()
    site.start()
    entries, peak, last = listing(site)
    assert entries == DEEP
    assert b"in %d Requests." % DEEP in last
    more = peak_kib(site.queue_pid()) - small
    print("mailq: %d KiB; queue process: %d KiB more" % (peak, more))
    # A sanitizer's shadow memory counts, too, and is not ours.
    if not sanitized():
        assert peak <= MAILQ_KIB and more <= MORE_KIB
