# SPDX-License-Identifier: ISC
"""One way of a message through the programs, again and again, with a blow of
lib/strike.py somewhere; and what must hold after each."""

import os
import re
import shutil
import sqlite3
import time

from . import strike
from .notify import DEADLINE, Watch, wait_end
from .site import USER, program

PATIENCE = 4   # seconds for an end that a blow may keep away
TEMPFAIL, NOINPUT, IOERR = 75, 66, 74
END_FRAME = 18  # octets of the frame END

# Stands in the place of deliver: the real one, traced when a file says how.
WRAPPER = """#!/bin/sh
if mv '%(dir)s/options' '%(dir)s/taken' 2>/dev/null; then
    exec strace -DD -o '%(dir)s/trace' $(cat '%(dir)s/taken') \\
        '%(dir)s/deliver' "$@"
fi
exec '%(dir)s/deliver' "$@"
"""

# A mount namespace in which it does; then the command.
VIEW = """
mount --make-rprivate / && mount --bind "$1" "$2" || exit 71
shift 2
exec "$@"
"""


class Scene:
    """What is handed in, how, and what the server makes of it."""

    def __init__(self, lines=30, to="r%d@example.net", fault=None,
                 has_daemon=True, by_folder=False, by_smtp=False):
        self.lines = lines
        self.to = to                  # gone...: refused for good
        self.fault = fault            # of the server, once
        self.has_daemon = has_daemon  # while it is handed in
        self.by_folder = by_folder    # though a daemon runs
        self.by_smtp = by_smtp        # sendmail -bs
        self.bounces = to.startswith("gone")

    def text(self, number):
        return "From: %s\nX-Number: %d\nSubject: x\n\n%s" % (
            USER, number, ("x" * 70 + "\n") * self.lines)


def is_whole(path):
    """Does a drop file end with END?"""
    with open(path, "rb") as f:
        return f.read()[-END_FRAME:][:1] == b"\x05"


class Stand:
    """A site and its server.

    The roles are the processes that a blow falls on: sendmail, queue, parent
    and deliver of a daemon that runs, and start, all those of one that starts.
    """

    def __init__(self, make_site, make_server):
        self.server = make_server(recipient_replies={
            "gone*": "550 5.1.1 User unknown"})
        self.site = make_site(self.server, backoff_min="1s", backoff_max="1s",
                              linger="1s")
        self.site.may_crash = True
        self.site.hunt.belongs.add("inject/trace")  # who reads it, is seen
        self.number = 0    # of the message
        self.fault = None  # of the server, in this run
        self._make_wrapper()
        self._make_conf()
        self.start()
        self.site.stop()
        os.mkdir(self.site.path("fresh"))
        self._copy_queue("lib", "fresh")

    def _make_wrapper(self):
        folder = self.dir = self.site.path("inject")
        os.mkdir(folder)
        os.chown(folder, self.site.uid, self.site.gid)
        shutil.copy(program("deliver"), folder)
        wrapper = self.site.write("inject/wrapper", WRAPPER % {"dir": folder},
                                  0o755)
        self.through = ["unshare", "-m", "sh", "-c", VIEW, "sh", wrapper,
                        program("deliver")]

    def _make_conf(self):
        """And one beside it by which nobody finds the daemon."""
        queue = self.site.conf["queue"]
        queue.update(retry="1s", socket_directory=self.site.path("none"))
        self.site.write_conf()
        shutil.copy(self.site.conf_path, self.site.path("conf/away.conf"))
        queue["socket_directory"] = self.site.path("run")

    # ---- the daemon and its queue ----

    def start(self):
        self.site.start(through=self.through,
                        env=self.site.environment(leaks=False))

    def _copy_queue(self, source, target):
        """queue.db and what belongs to it; the ballast stays."""
        source, target = self.site.path(source), self.site.path(target)
        for name in os.listdir(target):
            if name.startswith("queue.db"):
                os.unlink(os.path.join(target, name))
        for name in os.listdir(source):
            if name.startswith("queue.db"):
                to = shutil.copy2(os.path.join(source, name), target)
                os.chown(to, self.site.uid, self.site.gid)

    def _reset(self):
        """As if nothing had been."""
        site = self.site
        if site.daemon is not None:
            site.kill()
        self._copy_queue("fresh", "lib")
        for name in site.dropped():
            os.unlink(site.path("spool/drop/" + name))
        for name in ("log/log", "inject/trace", "inject/options"):
            if os.path.exists(site.path(name)):
                os.unlink(site.path(name))
        self.server.faults.clear()
        self.fault = None
        self.server.record.wait_idle()
        self.server.record.forget()
        self.number += 1

    def _until(self, true, seconds, pid=None):
        """Waits; false when the process ends, or the time, before."""
        end = time.monotonic() + seconds
        folders = [self.site.path(n) for n in ("log", "lib", "spool/drop")]
        try:
            fds = [] if pid is None else [os.pidfd_open(pid)]
        except ProcessLookupError:
            return true()
        try:
            with Watch(*folders) as watch:
                while not true():
                    left = end - time.monotonic()
                    if left <= 0 or (pid and wait_end(pid, 0)):
                        return true()
                    watch.wait(left, fds)
                return True
        finally:
            for fd in fds:
                os.close(fd)

    # ---- one run ----

    def _say(self, scene):
        """A whole dialogue, all at once."""
        text = scene.text(self.number).replace("\n", "\r\n")
        return ("EHLO web02\r\nMAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n"
                "%s.\r\nQUIT\r\n" % (USER, scene.to % self.number, text))

    def _hand_in(self, scene, options=None):
        """The exit status; by SMTP 0 when it was said to be safe."""
        site = self.site
        conf = site.path("conf/away.conf") if scene.by_folder else \
            site.conf_path
        argv = [program("sendmail"), "-C", conf]
        argv += ["-bs"] if scene.by_smtp else \
            ["-i", "-f", USER, scene.to % self.number]
        if options is not None:
            argv = ["strace", "-o", self.dir + "/trace", *options, *argv]
        says = self._say(scene) if scene.by_smtp else scene.text(self.number)
        done = site.run(argv, says, env={"leaks": False})
        if not scene.by_smtp:
            return done.returncode
        if re.search("^250 2.0.0 (queued|safe)", done.stdout, re.M):
            return 0
        return done.returncode or TEMPFAIL

    def _is_over(self, scene):
        """Has the daemon settled what was handed in?"""
        to = USER if scene.bounces else scene.to % self.number
        return bool(self.site.log.events("delivered", rcpt=to))

    def _run(self, scene, role, options, point=None):
        """All of it under strace: the exit status, and the trace."""
        site, trace = self.site, self.dir + "/trace"
        patience = DEADLINE if point is None else PATIENCE

        def is_over():
            return self._is_over(scene)

        def is_done():
            """A place beyond the last line of the log comes yet."""
            return is_over() and (point is None or point.was_hit(
                strike.read(trace)))
        if scene.fault:
            self.fault = self.server.faults.add(**scene.fault)
        if role == "sendmail":
            status = self._hand_in(scene, options)
            if scene.has_daemon and status == 0:
                self._until(is_over, patience)
        elif role == "deliver":
            site.write("inject/options", " ".join(options))
            status = self._hand_in(scene)
            self._until(is_over, patience)
        elif role == "start":
            status = self._hand_in(scene)
            daemon = site.spawn(env=site.environment(leaks=False), through=[
                "strace", "-f", "-o", trace, *options])
            self._until(is_over, patience, daemon.pid)
            seen = strike.read(trace)  # the end of all of it is no blow
            site.kill_group(daemon)
            return status, seen
        else:
            pid = site.daemon.pid if role == "parent" else site.queue_pid()
            with strike.attached(pid, trace, options):
                status = self._hand_in(scene)
                self._until(is_done, patience, pid)
        return status, strike.read(trace)

    def enumerate(self, scene, role):
        """The places of a run without a blow that come each time: as
        {(call, nth): the line of the trace}."""
        runs = []
        for _ in range(2):
            self._reset()
            if scene.has_daemon:
                self.start()
            status, trace = self._run(scene, role, strike.ALL_CALLS)
            assert status == 0
            assert self._is_over(scene) or role == "sendmail", \
                self.site.log.text()
            runs.append(strike.calls_of(trace))
        # By its first execve strace becomes the program: out of its reach.
        if role in ("sendmail", "deliver"):
            runs[0].pop(("execve", 1))
        return {p: line for p, line in runs[0].items() if p in runs[1]}

    def walk(self, scene, role, point):
        """(was it hit, what is wrong)"""
        self._reset()
        if scene.has_daemon:
            self.start()
        status, trace = self._run(scene, role, point.options(), point)
        hit = point.was_hit(trace)
        if self.site.daemon is not None:
            if point.blow == strike.KILL:
                self.site.kill()
            else:
                self.site.stop()
        problems = self._judge_status(scene, role, point, status)
        # One that was killed may have had no time to say so.
        unsaid = max(0, self._lost_answers() - self._uncertain())
        self.start()
        if not self._until(self._is_drained, DEADLINE):
            problems.append("the queue does not become empty: %s, %s" % (
                self.site.dropped(), self.site.queue()))
        if self.site.stop() != 0:
            problems.append("the daemon stopped with an error")
        problems += self._judge_mail(scene, status, self._uncertain() + unsaid)
        problems += self._judge_queue(point)
        if problems:
            problems.append("exit status %s; trace:\n%s\nlog:\n%s" % (
                status, trace[-1500:], self.site.log.text()[-3000:]))
        return hit, problems

    def _is_drained(self):
        try:
            return not self.site.dropped() and self.site.database(
                "select count(*) from message") == [(0,)]
        except sqlite3.Error:
            return False

    # ---- what must hold ----

    def _lost_answers(self):
        """How often the server took a message and did not say so."""
        return self.fault.struck if self.fault and \
            self.fault.drop_after_accept else 0

    def _uncertain(self):
        """How often the log calls a delivery uncertain."""
        log = self.site.log
        return len(log.events("uncertain")) + sum(
            int(e["uncertain"]) for e in log.events("queue-opened"))

    def _judge_status(self, scene, role, point, status):
        """Half a file may be left only by whoever got no 0."""
        problems = []
        allowed = {0, TEMPFAIL}
        if role == "sendmail" and point.blow == strike.KILL:
            allowed = {0, -9, 137}
        elif role == "sendmail" and point.call in ("read", "poll"):
            allowed.add(NOINPUT)
        elif scene.by_smtp and point.call in ("sendto", "write"):
            allowed.add(IOERR)  # of its replies, which go by either
        if status not in allowed:
            problems.append("exit status %d" % status)
        for name in self.site.dropped():
            path = self.site.path("spool/drop/" + name)
            if not is_whole(path):
                if status == 0 or name.startswith("aside."):
                    problems.append("%s is no whole message" % name)
                os.unlink(path)
        return problems

    def _judge_mail(self, scene, status, uncertain):
        problems = []
        admin = self.site.conf["local"]["admin"]  # who gets the alarms
        accepted = [m for m in self.server.record.accepted
                    if m.addresses != [admin]]
        copies = [m for m in accepted
                  if m.header("X-Number") == str(self.number)]
        bounces = [m for m in accepted if m not in copies]
        wanted, other = (bounces, copies) if scene.bounces else \
            (copies, bounces)
        if status == 0 and not wanted:
            problems.append("LOST: exit 0, and nothing came")
        if len(wanted) > 1 + uncertain:
            problems.append("%d copies, and %d times uncertain" % (
                len(wanted), uncertain))
        if other:
            problems.append("mail that nobody asked for: %r" % [
                m.raw for m in other])
        return problems

    def _judge_queue(self, point):
        problems = []
        db = sqlite3.connect(self.site.path("lib/queue.db"))
        said = db.execute("pragma integrity_check").fetchall()
        db.close()
        if said != [("ok",)]:
            problems.append("integrity_check: %s" % said)
        left = set(os.listdir(self.site.path("lib"))) - {
            "queue.db", "queue.db-wal", "queue.db-shm", "lock", "ballast",
            "proved"}
        # What cannot be read may be damaged: its file is kept then.
        if point.call == "pread64":
            left = {n for n in left if ".damaged-" not in n}
        if left:
            problems.append("left in queue.directory: %s" % left)
        return problems
