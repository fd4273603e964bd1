# SPDX-License-Identifier: ISC
"""A whole mailchute in a temporary folder: configuration, daemon, commands."""

import functools
import glob
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile

from . import canary
from .logfile import LogFile
from .notify import DEADLINE, wait_end, wait_until

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
USER = "alerts@contoso.example"

# As root the daemon becomes this user; it exists everywhere.
DAEMON_USER = "nobody"

# A sanitizer that cannot write its report says these on stderr, or in a log.
SANITIZER = ("Sanitizer", "runtime error:", "ERROR: Can't open file")


def prefix():
    """Where the programs under test are installed."""
    return os.environ.get("MAILCHUTE_PREFIX") or os.path.join(
        os.path.dirname(TESTS), "build", "inst")


def program(name):
    for folder in ("sbin", "bin", "libexec/mailchute"):
        path = os.path.join(prefix(), folder, name)
        if os.path.exists(path):
            return path
    raise FileNotFoundError("%s under %s; run make install first"
                            % (name, prefix()))


@functools.lru_cache(maxsize=None)
def sanitized():
    """Are the programs built with --enable-sanitizers?"""
    with open(program("sendmail"), "rb") as f:
        return b"__asan_init" in f.read()


class Site:
    """Made for one server of tests/exchange, or for none.

    conf is a dict of sections, each a dict of options; change it, then
    write_conf() (start does it too).  password and token are canaries, and
    what watch() adds: check looks for them wherever they must not be.
    """

    _secrets = frozenset()  # as check() has found them

    def __init__(self, server=None, as_root=None, **account):
        self.root = tempfile.mkdtemp(prefix="mailchute-test-")
        os.chmod(self.root, 0o755)
        self.is_root = os.getuid() == 0
        self.user = DAEMON_USER if self.is_root else \
            pwd.getpwuid(os.getuid()).pw_name
        entry = pwd.getpwnam(self.user)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.password = canary.make()
        self.token = "eyJ0." + secrets.token_urlsafe(90)
        self.server = server
        self.hunt = canary.Hunt(self)
        self.watch(lambda: [self.password, self.token])
        self.daemon = None
        self.may_crash = False  # a test that kills the queue process itself
        self.outputs = []  # all that commands of ours have printed
        self._procs = []
        for name in ("lib", "run", "log", "conf"):
            self._owned_dir(self.path(name))
        os.mkdir(self.path("spool"), 0o755)
        # Whoever runs a program of ours, its sanitizer can write here.
        os.mkdir(self.path("reports"))
        os.chmod(self.path("reports"), 0o1777)
        self._owned_dir(self.path("spool/drop"), 0o3733)
        self.conf_path = self.path("conf/mailchute.conf")
        self.secret("password", self.password + "\n")
        self.secret("token", self.token + "\n")
        self.write("conf/aliases", "")
        self.conf = self._default_conf(account)
        self.log = LogFile(self.path("log/log"), lambda: self.daemon)
        self.write_conf()

    # ---- files ----------------------------------------------------------

    def path(self, name):
        return os.path.join(self.root, name)

    def _text(self, name):
        try:
            with open(self.path(name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def _owned_dir(self, path, mode=0o755):
        os.mkdir(path)
        if self.is_root:
            os.chown(path, self.uid, self.gid)
        os.chmod(path, mode)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def secret(self, name, text, mode=0o600):
        """Writes a secret's file, owned by the daemon's user: text or octets,
        each line of which is looked for from now on, but for a certificate's,
        which anybody may read."""
        octets = text if isinstance(text, bytes) else text.encode()
        if not mode & 0o004:
            self.watch(lambda: [line for line in octets.splitlines()
                                if not line.startswith(b"-----")])
        self.hunt.belongs.update(("conf/" + name, "conf/" + name + ".new"))
        path = self.path("conf/" + name)
        # A new file each time: its change must show whatever the clock does.
        with open(path + ".new", "wb", opener=lambda p, f: os.open(
                p, f, mode)) as f:
            f.write(octets)
        if self.is_root:
            os.chown(path + ".new", self.uid, self.gid)
        os.rename(path + ".new", path)
        return path

    def _default_conf(self, account):
        conf = {
            "local": {
                "hostname": "web01.contoso.example",
                "domain": "contoso.example",
                "admin": "it@contoso.example",
                "aliases": self.path("conf/aliases"),
            },
            "queue": {
                "user": self.user,
                "directory": self.path("lib"),
                "socket_directory": self.path("run"),
                "drop_directory": self.path("spool/drop"),
                "free_space_min": "1M",
            },
            "account": {
                "provider": "office365",
                "host": "localhost",
                "user": USER,
                "password_file": self.path("conf/password"),
                "auth": "login",
                "rate": "none",
            },
            "log": {"target": "file", "file": self.path("log/log"),
                    "level": "debug"},
        }
        if sanitized():
            # Leaks are looked for by a process that traces ours: never inside
            # of a sandbox, whose tests are tests/unit/sandbox.c.
            conf["sandbox"] = {"mode": "off"}
        if self.server is not None:
            conf["account"]["port"] = self.server.port
        conf["account"].update(account)
        return conf

    def write_conf(self):
        lines = []
        for section, options in self.conf.items():
            lines.append("[%s]" % section)
            lines += ["%s = %s" % (name, value)
                      for name, value in options.items() if value is not None]
            lines.append("")
        # At once: programs that run meanwhile read the one or the other.
        os.rename(self.write("conf/mailchute.conf.new", "\n".join(lines)),
                  self.conf_path)

    # ---- the daemon -----------------------------------------------------

    def spawn(self, *args, through=(), is_named=True, **how):
        """Starts mailchuted, through a command that executes it if one is
        given; it leads a process group of its own.  Unless the configuration
        is named, it finds one by itself."""
        named = ["-C", self.conf_path] if is_named else []
        self.write_conf()
        err = open(self.path("log/stderr"), "ab")
        how.setdefault("stdout", err)
        how.setdefault("env", self.environment())
        with err:
            proc = subprocess.Popen(
                [*through, program("mailchuted"), "-f", *named, *args],
                stdin=subprocess.DEVNULL, stderr=err, start_new_session=True,
                cwd="/", **how)
        self._procs.append(proc)
        return proc

    def start(self, *args, **how):
        """Starts the daemon and waits until it takes submissions."""
        self.daemon = self.spawn(*args, **how)
        wait_until(self.is_ready, [self.path("run")],
                   "the socket " + self.path("run/submit"),
                   process=self.daemon)
        return self

    def is_ready(self):
        """The socket exists only once it takes connections; try it."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(DEADLINE)
            try:
                s.connect(self.path("run/submit"))
            except OSError:
                return False
            return True

    def stop(self, deadline=DEADLINE):
        """SIGTERM; returns the exit status."""
        proc, self.daemon = self.daemon, None
        self.look_at_processes(proc)
        proc.send_signal(signal.SIGTERM)
        status = proc.wait(deadline)
        assert not self.group(proc.pid), "processes are left after the stop"
        return status

    def kill(self):
        """SIGKILL to every process of the daemon at once."""
        proc, self.daemon = self.daemon, None
        pids = self.group(proc.pid)
        self.kill_group(proc)
        # Until they have ended their sockets look as if somebody answered.
        assert all(wait_end(pid) for pid in pids), "they do not end"

    def kill_group(self, proc):
        """All of it is gone then: nobody answers at its sockets."""
        pids = self.group(proc.pid)
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        proc.wait(DEADLINE)
        for pid in pids:
            wait_end(pid)

    def restart(self):
        self.stop()
        return self.start()

    def background_pid(self):
        """Of a daemon that nobody is the parent of."""
        path = self.path("run/mailchuted.pid")
        wait_until(lambda: os.path.exists(path), [self.path("run")], path)
        with open(path) as f:
            return int(f.read())

    def end_background(self):
        """Ends that one."""
        pid = self.background_pid()
        os.kill(pid, signal.SIGTERM)
        assert wait_end(pid), "a daemon in the background is left"

    @staticmethod
    def group(pgid):
        """Pids of a process group that are still alive."""
        found = []
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(stat) as f:
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == pgid and fields[0] != "Z":
                found.append(int(stat.split("/")[2]))
        return found

    def queue_pid(self):
        """The process that has queue.db open."""
        for pid in self.group(self.daemon.pid):
            for fd in glob.glob("/proc/%d/fd/*" % pid):
                try:
                    if os.readlink(fd) == self.path("lib/queue.db"):
                        return pid
                except OSError:
                    continue
        raise AssertionError("no queue process")

    # ---- commands -------------------------------------------------------

    def environment(self, leaks=True, **more):
        """leaks: look for them; nobody can under strace, which traces, too."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if sanitized():
            # A test may preload a library of its own.
            env["ASAN_OPTIONS"] = "detect_leaks=%d:" % leaks + \
                "verify_asan_link_order=0:log_path=" + \
                self.path("reports/asan")
            env["UBSAN_OPTIONS"] = "print_stacktrace=1:log_path=" + \
                self.path("reports/ubsan")
        env.update(more)
        return env

    def run(self, argv, stdin=b"", uid=None, env=None, **how):
        """Runs a command to its end; stdout and stderr come as text.

        stdin is what it reads: text, octets, or an open file.
        """
        if isinstance(stdin, str):
            stdin = stdin.encode()
        how["input" if isinstance(stdin, bytes) else "stdin"] = stdin
        if uid is not None and self.is_root:
            how.update(user=uid, group=uid, extra_groups=[])
        done = subprocess.run(
            argv, capture_output=True, cwd="/", timeout=DEADLINE,
            env=self.environment(**(env or {})), **how)
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        self.outputs += [done.stdout, done.stderr]
        return done

    def sendmail(self, *args, stdin="Subject: x\n\nhello\n", **how):
        return self.run([program("sendmail"), "-C", self.conf_path, *args],
                        stdin, **how)

    def submit(self, *rcpts, stdin="Subject: x\n\nhello\n", **how):
        """sendmail that must succeed, and silently."""
        done = self.sendmail("-i", "-f", USER, "--", *rcpts, stdin=stdin,
                             **how)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
        return done

    def mailq(self, *args, **how):
        done = self.run([program("mailq"), "-C", self.conf_path, *args], **how)
        # A word on stderr is a warning to those that watch queues.
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def mailchute(self, *args, **how):
        return self.run([program("mailchute"), "-C", self.conf_path, *args],
                        **how)

    def json(self, *args, **how):
        """The objects that a mailchute command prints with --json."""
        done = self.mailchute(*args, "--json", **how)
        assert done.returncode in (0, 1, 2), done
        return [json.loads(line) for line in done.stdout.splitlines()]

    def queue(self):
        return self.json("queue")

    def recipients(self):
        """All that waits, as {address: its object of the queue}."""
        return {r["address"]: r for m in self.queue()
                for r in m["recipients"]}

    def wait(self, true, what):
        """Waits until true() holds; each line of the log asks again."""
        return wait_until(true, [self.path("log"), self.path("lib"),
                                 self.path("spool/drop")], what,
                          process=self.daemon)

    def wait_empty(self):
        """Waits until nothing is left to deliver."""
        self.wait(lambda: not self.queue(), "an empty queue")

    def status(self):
        return self.json("status")[0]

    def database(self, sql, *args):
        """Asks queue.db itself, as an administrator may."""
        uri = "file:%s?mode=ro" % self.path("lib/queue.db")
        db = sqlite3.connect(uri, uri=True)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def database_change(self, sql, *args):
        """Changes queue.db while no daemon runs; how many rows."""
        db = sqlite3.connect(self.path("lib/queue.db"))
        try:
            with db:
                return db.execute(sql, args).rowcount
        finally:
            db.close()

    def dropped(self):
        return sorted(os.listdir(self.path("spool/drop")))

    # ---- the end --------------------------------------------------------

    def watch(self, secrets):
        """secrets: a function to more texts that stand nowhere; what they
        are is asked at the end of the test."""
        self.hunt.sources.append(secrets)

    def canary(self):
        """Another secret, for a test to give to somebody."""
        made = canary.make()
        self.watch(lambda: [made])
        return made

    def look_at_processes(self, proc):
        """Keeps what their arguments and environments are, for check."""
        self.hunt.look_at(self.group(proc.pid))

    def _sanitizers(self):
        """What sanitizers have said, as (where, text)."""
        for name in sorted(os.listdir(self.path("reports"))):
            yield name, self._text("reports/" + name)
        for text in [*self.outputs, self._text("log/stderr"),
                     self.log.text()]:
            if any(word in text for word in SANITIZER):
                yield "a sanitizer", text

    def check(self):
        """What holds after every test."""
        self.hunt.search()
        said = ["%s:\n%s" % pair for pair in self._sanitizers()]
        assert not said, "\n".join(said)
        if not self.may_crash:
            for line in self.log.text().splitlines():
                assert "queue-process-ended" not in line, line

    def close(self):
        """Ends every process and removes the folder."""
        for proc in self._procs:
            if proc.poll() is None or self.group(proc.pid):
                self.look_at_processes(proc)
                in_time = not sanitized() or self._end(proc)
                self.kill_group(proc)
                assert in_time, "the daemon does not stop"

    def _end(self, proc):
        """Leaks are looked for by those that come to their end; do all?"""
        pids = self.group(proc.pid)
        proc.send_signal(signal.SIGTERM)
        return all(wait_end(pid) for pid in pids)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def report(self):
        """For the report of a failed test."""
        parts = [("log", self.log.text())]
        parts += [("configuration", self._text("conf/mailchute.conf")),
                  ("stderr of mailchuted", self._text("log/stderr")),
                  *self._sanitizers()]
        if self.daemon and self.daemon.poll() is None:
            try:
                parts.append(("mailq", self.mailq()))
            except (AssertionError, OSError,
                    subprocess.SubprocessError) as e:
                parts.append(("mailq", str(e)))
        if self.server is not None:
            parts.append(("what the server saw", self.server.record.text()))
        return parts
