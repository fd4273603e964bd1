#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A quick look at our own figures, without peers: medians over rounds.

Takes the program of load.c and, optionally, what to measure.  The server is
that of tests/exchange, in Python, so that figures of the drain are a floor:
README.md says how to measure beside the peers.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from exchange import Authority, Exchange  # noqa: E402
from lib.site import Site, program  # noqa: E402

ROUNDS = 3
DEEP_ROUNDS = 9  # a p99 is restless


class Bench:
    def __init__(self, load, folder):
        self.load = load
        authority = Authority(folder)
        self.roots = authority.roots
        self.server = Exchange(authority.issue("localhost"), provider="smtp")
        self.server.up()
        self.site = None

    def open(self, delivery, **account):
        """A fresh queue and a running daemon."""
        self.site = Site(self.server, provider="smtp", senders="*",
                         tls_ca_file=self.roots, **account)
        user = self.site.conf["account"]["user"]
        self.server.options.users[user] = self.site.password
        self.site.conf["account"]["senders"] = "@contoso.example"
        self.site.conf["log"]["level"] = "info"
        self.site.conf["queue"]["delivery"] = delivery
        self.site.start()
        self.server.record.forget()

    def close(self):
        self.site.stop()
        self.site.remove()
        self.site = None

    def give_up(self):
        """Leaves nothing running."""
        if self.site is not None:
            self.site.close()
            self.site.remove()
        self.server.stop()

    def submit(self, runs, at_once=1, octets=2048):
        done = subprocess.run(
            [self.load, "-n", str(runs), "-c", str(at_once), "-s", str(octets),
             "--", program("sendmail"), "-C", self.site.conf_path, "-i",
             "rcpt@fabrikam.example"],
            stdout=subprocess.PIPE, text=True, timeout=600)
        result = json.loads(done.stdout)
        if result["failed"]:
            sys.exit("%d of %d submissions failed" % (result["failed"], runs))
        return result

    def daemon_rss(self):
        """Resident memory of each process of the daemon, in MiB, at most."""
        sizes = {}
        for pid in self.site.group(self.site.daemon.pid):
            with open("/proc/%d/status" % pid) as f:
                fields = dict(line.split(":", 1) for line in f)
            name = fields["Name"].strip()
            peak = int(fields.get("VmHWM", "0 kB").split()[0]) / 1024
            sizes[name] = max(sizes.get(name, 0), peak)
        return sizes

    # ---- measures -------------------------------------------------------

    def submission(self):
        """one submission of 2 KiB, daemon idle"""
        p50, cpu, rss = [], [], []
        for _ in range(ROUNDS):
            self.open("off")
            result = self.submit(100)
            p50.append(result["p50_ms"])
            cpu.append(result["cpu_ms"])
            rss.append(result["rss_kib"] / 1024)
            self.close()
        return "%.1f ms, %.1f ms of processor, sendmail %.1f MiB" % (
            statistics.median(p50), statistics.median(cpu), max(rss))

    def intake(self):
        """intake by 1 / 8 / 64 submitters"""
        rates = {1: [], 8: [], 64: []}
        for _ in range(ROUNDS):
            for at_once, results in rates.items():
                self.open("off")
                result = self.submit(1000, at_once)
                results.append(1000 * result["runs"] / result["wall_ms"])
                self.close()
        return " / ".join("%.0f" % statistics.median(r)
                          for r in rates.values()) + " messages/s"

    def drain(self):
        """drain of 1,000 over 3 connections"""
        rates = []
        for _ in range(ROUNDS):
            self.open("off", connections="3")
            self.submit(1000, 8)
            self.site.stop()
            self.site.conf["queue"]["delivery"] = "on"
            self.site.start()
            got = self.server.record.wait_messages(1000)
            rates.append(999 / (got[-1].at - got[0].at))
            record = self.server.record
            ways = "%d connections, %d sign-ins" % (
                len(record.connections), record.auths)
            self.close()
        return "%.0f messages/s, %s" % (statistics.median(rates), ways)

    def first(self):
        """start of sendmail to the server's 250: cold / within linger"""
        cold, warm = [], []
        for _ in range(ROUNDS):
            self.open("on", linger="30s")
            for i in range(1, 11):
                began = time.time()
                self.submit(1)
                got = self.server.record.wait_messages(i)
                (cold if i == 1 else warm).append(1000 * (got[-1].at - began))
            self.close()
        return "%.1f / %.1f ms" % (statistics.median(cold),
                                   statistics.median(warm))

    def large(self):
        """100 MiB: submission / until 250; peak memory"""
        self.open("on")
        self.site.stop()
        self.site.conf["queue"]["message_size_max"] = "200M"
        self.site.start()
        began = time.time()
        result = self.submit(1, octets=100 * 1024 * 1024)
        until = self.server.record.wait_messages(1)[0].at - began
        sizes = self.daemon_rss()
        self.close()
        return "%.2f / %.2f s; sendmail %.1f MiB, %s" % (
            result["wall_ms"] / 1000, until, result["rss_kib"] / 1024,
            ", ".join("%s %.1f MiB" % s for s in sorted(sizes.items())))

    def listing(self):
        """mailq, 10,000 queued"""
        times = []
        self.open("off")
        self.submit(10000, 8)
        for _ in range(ROUNDS):
            began = time.monotonic()
            self.site.mailq()
            times.append(1000 * (time.monotonic() - began))
        sizes = self.daemon_rss()
        self.close()
        return "%.0f ms; %s" % (statistics.median(times), ", ".join(
            "%s %.1f MiB" % s for s in sorted(sizes.items())))

    def deep(self):
        """100,000 queued / none: p99 of a submission, status"""
        self.server.faults.add(state="greeting", count="forever",
                               reply="421 4.3.2 Service not available")
        self.open("on")
        self.submit(100000, 8)
        deep, self.site = self.site, None
        self.open("on")
        self.submit(1)
        empty, self.site = self.site, None
        sites = {"deep": deep, "empty": empty}
        p99 = {name: [] for name in sites}
        status = {name: [] for name in sites}
        for _ in range(DEEP_ROUNDS):
            for name, self.site in sites.items():
                p99[name].append(self.submit(300)["p99_ms"])
                for _ in range(10):
                    began = time.monotonic()
                    self.site.mailchute("status")
                    status[name].append(1000 * (time.monotonic() - began))
        for self.site in sites.values():
            self.site.stop()
            self.site.remove()
        self.site = None
        self.server.faults.clear()
        return "; ".join(
            "%.1f / %.1f ms, ratio %.2f" % (d, e, d / e) for d, e in (
                [statistics.median(of[name]) for name in ("deep", "empty")]
                for of in (p99, status)))


MEASURES = ("submission", "intake", "drain", "first", "large", "listing",
            "deep")


def main(load, wanted):
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        sys.exit("no measure %s; there are %s" % (unknown[0],
                                                  ", ".join(MEASURES)))
    with tempfile.TemporaryDirectory(prefix="mailchute-bench-") as folder:
        os.chmod(folder, 0o755)  # the daemon may be another user
        bench = Bench(load, folder)
        try:
            for name in wanted or MEASURES:
                measure = getattr(bench, name)
                print("%-60s" % measure.__doc__, end="", flush=True)
                print(measure(), flush=True)
        finally:
            bench.give_up()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
