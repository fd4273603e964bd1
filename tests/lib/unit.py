# SPDX-License-Identifier: ISC
"""Starts a program as systemd would by its unit, where systemd is not the first
process: what the unit takes away is taken away, and what it says of the
program's socket, sign of life, reload and end is done.

Not done, for want of a kernel's or systemd's help: cgroups (the limits of tasks
and memory, DevicePolicy), RestrictNamespaces, RestrictRealtime, LockPersonality,
KeyringMode, RemoveIPC.  The program's processes are all in its mount namespace,
which stands for the cgroup when it is stopped.
"""

import glob
import os
import re
import signal
import socket
import subprocess

from . import confine
from .confine import step
from .notify import DEADLINE
from .supervisor import Supervisor

FOLDER = "lib/systemd/system/"
NOTIFY = "/run/systemd/notify"
CALLS = "/run/systemd/calls"
CREDENTIALS = "/run/credentials/mailchuted.service"


def settings(text):
    """{name: [value, ...]}, whatever the section; an empty one clears."""
    found = {}
    for line in text.splitlines():
        m = re.match(r"(\w+)=(.*)", line)
        if m:
            name, value = m.groups()
            found[name] = found.get(name, []) + [value] if value else []
    return found


def _sets():
    """What systemd calls each set of system calls."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"],
                          capture_output=True, text=True, check=True).stdout
    sets, name = {}, None
    for line in said.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif re.match(r"    [@a-z_0-9-]+$", line) and name:
            sets[name].append(line.strip())
        elif line.startswith("#"):
            name = None
    return sets


def allowed_calls(filters):
    """The system calls that a unit's SystemCallFilter= lines leave."""
    sets, left = _sets(), set()

    def expand(word):
        if not word.startswith("@"):
            return {word}
        return set().union(*map(expand, sets[word]))
    for line in filters:
        names = set().union(*map(expand, line.lstrip("~").split()))
        left = left - names if line.startswith("~") else left | names
    return left | expand("@default")


def confined(root, steps, *argv, before=(), **how):
    """A program of that root, started through the steps of confine.py."""
    how.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(
        ["nsenter", "--target=%d" % root.pid, "--mount", "--pid", "--ipc",
         "--uts", *before, "/usr/bin/python3", confine.__file__,
         step("chroot", root.path), *steps, "--", *argv],
        cwd="/", **how)


class Unit:
    """mailchuted.service of a Packaged; drop_in is text as of systemctl edit"""

    def __init__(self, root, drop_in=""):
        self.root = root
        self.set = settings(root.read(FOLDER + "mailchuted.service") + drop_in)
        self.allowed = allowed_calls(self.set["SystemCallFilter"])
        os.makedirs(os.path.dirname(root.file(NOTIFY)), exist_ok=True)
        self.supervisor = Supervisor(root.file(NOTIFY))
        self.socket = self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process:
            self.end_all(signal.SIGKILL)
            self.process.wait(DEADLINE)
        self.supervisor.close()
        if self.socket:
            self.socket.close()

    def one(self, name):
        return self.set[name][-1]

    def listen(self):
        """mailchuted.socket"""
        conf = settings(self.root.read(FOLDER + "mailchuted.socket"))
        path = self.root.file(conf["ListenStream"][0])
        owner = self.root.user(conf["SocketUser"][0])
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, int(conf["SocketMode"][0], 8))
        os.chown(path, owner.pw_uid, -1)
        self.socket.listen(int(conf["Backlog"][0]))
        self._name = conf["FileDescriptorName"][0]

    def _steps(self):
        """In the order in which nothing that comes later is out of reach."""
        root, entry = self.root, self.root.user(self.one("User"))
        writable = self.set["ReadWritePaths"] + [
            "/var/log/" + name for name in self.set["LogsDirectory"]]
        groups = [root.group(g) for line in
                  self.set.get("SupplementaryGroups", []) for g in line.split()]
        root.write(CALLS, "\n".join(sorted(self.allowed)))
        yield step("read_only_but", *writable)
        yield step("hidden", "/tmp", "/var/tmp", "/home", "/root")
        yield step("own_processes")
        yield step("limits", self.one("LimitNOFILE"))
        if self.socket:
            yield step("listen", self.socket.fileno(), self._name)
        yield step("user", entry.pw_uid, entry.pw_gid, *groups)
        yield step("no_new_privs")
        yield step("only_calls", CALLS)

    def _environment(self):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
               "NOTIFY_SOCKET": NOTIFY, "WATCHDOG_USEC": "3000000"}
        if "LoadCredential" in self.set:
            env["CREDENTIALS_DIRECTORY"] = CREDENTIALS
        return env

    def _prepare(self):
        """What systemd makes as root, before it becomes the user."""
        run, user = self.root.run, self.one("User")
        for name in self.set["LogsDirectory"]:
            run("install", "-d", "-o", user, "-g", user, "-m",
                self.one("LogsDirectoryMode"), "/var/log/" + name)
        for credential in self.set.get("LoadCredential", []):
            name, path = credential.split(":")
            run("install", "-d", "-o", user, "-m", "0500", CREDENTIALS)
            run("install", "-o", user, "-m", "0400", path,
                CREDENTIALS + "/" + name)

    def popen(self, *argv, watch=None, **how):
        """A program in this unit's place; watch: a file, in which strace notes
        the calls that the filter refuses."""
        strace = ["strace", "-f", "-qq", "-o", watch, "-e", "signal=none",
                  "-e", "trace=!" + ",".join(
                      "?" + name for name in sorted(self.allowed)
                      if name != "execve")] if watch else []
        return confined(self.root, self._steps(), *argv, before=strace,
                        env=self._environment(), **how)

    def start(self, watch=None):
        self._prepare()
        self.process = self.popen(
            *self.one("ExecStart").split(), watch=watch,
            pass_fds=[self.socket.fileno()] if self.socket else [])
        self.supervisor.wait_for("READY=1")

    def main_pid(self):
        return int(self.root.read("run/mailchute/mailchuted.pid"))

    def reload(self):
        command = self.one("ExecReload").replace("$MAINPID",
                                                 str(self.main_pid()))
        self.root.run(*command.split())
        self.supervisor.wait_for("RELOADING=1")
        self.supervisor.wait_for("READY=1")

    def processes(self):
        """Those of the unit, as this machine numbers them."""
        found = {}
        for path in glob.glob("/proc/[0-9]*"):
            try:
                with open(path + "/cmdline") as f:
                    words = f.read().split("\0")
                same = os.stat(path + "/root").st_dev == os.stat(
                    self.root.path).st_dev
                where = os.readlink(path + "/ns/mnt")
            except (OSError, ProcessLookupError):
                continue
            if same and where != os.readlink("/proc/%d/ns/mnt"
                                             % self.root.pid):
                found[int(os.path.basename(path))] = words
        return found

    def end_all(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self):
        """KillMode=control-group: each process of it is told."""
        self.end_all(signal.SIGTERM)
        status = self.process.wait(DEADLINE)
        self.process = None
        return status
