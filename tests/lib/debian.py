# SPDX-License-Identifier: ISC
"""A small Debian of a test's own, for servers as they are installed.

root(packages) is a folder with a minimal Debian 12 and those packages, made by
debootstrap from where this machine's own apt takes its packages.  It is made
once and kept: in the folder of MAILCHUTE_DEBIAN, which ./dev sets, else in
build-dev/debian beside the sources.  Nobody writes into what is kept; each test
has a view of it with a layer of its own on top (Root).
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from .site import TESTS

SUITE = "bookworm"
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list",
           "/etc/apt/sources.list.d/*.sources")
DEVICES = ("null", "zero", "random", "urandom", "tty", "full")
LONG = 600  # seconds; a mirror may be slow


class Source:
    """One place of packages, as sources.list(5) describes it."""

    def __init__(self, uri, suites, components, options):
        self.uri, self.suites = uri, suites
        self.components, self.options = components, options


def _one_line(text):
    for line in text.splitlines():
        m = re.match(r"deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)",
                     line.strip())
        if m:
            options = dict(o.partition("=")[::2]
                           for o in (m.group(1) or "").split())
            yield Source(m.group(2), [m.group(3)], m.group(4).split(), options)


def _deb822(text):
    text = re.sub(r"^#.*\n?", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for name, value in re.findall(
                r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, flags=re.M):
            fields[name.lower()] = value.strip()
        if "deb" not in fields.get("types", "").split() or \
                fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        for uri in fields.get("uris", "").split():
            yield Source(uri, fields.get("suites", "").split(),
                         fields.get("components", "").split(), fields)


def sources():
    """What apt reads here, in its order."""
    for pattern in SOURCES:
        for path in sorted(glob.glob(pattern)):
            with open(path) as f:
                text = f.read()
            yield from (_deb822 if path.endswith(".sources") else
                        _one_line)(text)


def _apt_settings():
    done = subprocess.run(["apt-config", "dump"], capture_output=True,
                          text=True, check=True)
    return dict(re.findall(r'^(\S+) "(.*)";$', done.stdout, flags=re.M))


def _environment(settings):
    """wget's proxies, where apt has them."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
           **{k: v for k, v in os.environ.items()
              if k.lower().endswith("_proxy")}}
    for scheme in ("http", "https"):
        proxy = settings.get("Acquire::%s::Proxy" % scheme)
        if proxy and proxy != "DIRECT":
            env[scheme + "_proxy"] = proxy
    return env


def _signing(source, folder):
    """debootstrap's argument for the keys that apt trusts for this source."""
    options = {k.lower(): v for k, v in source.options.items()}
    if options.get("trusted", "no").lower() == "yes":
        return ["--no-check-gpg"]
    signed = options.get("signed-by", "")
    if "BEGIN PGP" in signed:
        path = os.path.join(folder, "mirror.asc")
        with open(path, "w") as f:  # deb822: a dot stands for an empty line
            f.write(re.sub(r"^[ \t]+\.?", "", signed, flags=re.M) + "\n")
        return ["--keyring=" + path]
    keys = signed.replace(",", " ").split()
    return ["--keyring=" + keys[0]] if keys and keys[0].startswith("/") else []


def _make(target, packages):
    """The root in target; what debootstrap said is in target.log."""
    folder = os.path.dirname(target)
    source = next((s for s in sources() if SUITE in s.suites
                   and "main" in s.components), None)
    if source is None:
        raise RuntimeError("apt has no source of Debian's suite %s here"
                           % SUITE)
    archives = os.path.join(folder, "archives")
    os.makedirs(archives, exist_ok=True)
    # What it mounts must not be left behind: a mount namespace of its own.
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase",
               "--cache-dir=" + archives,
               "--include=" + ",".join(packages), *_signing(source, folder),
               SUITE, target, source.uri]
    with open(target + ".log", "wb") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                              stderr=log, env=_environment(_apt_settings()),
                              timeout=LONG)
    if done.returncode != 0:
        with open(target + ".log", errors="replace") as f:
            raise RuntimeError("debootstrap failed:\n" + f.read()[-2000:])


def root(packages):
    """The folder that holds them; made now if it is not there."""
    folder = os.environ.get("MAILCHUTE_DEBIAN") or os.path.join(
        os.path.dirname(TESTS), "build-dev", "debian")
    os.makedirs(folder, exist_ok=True)
    names = ",".join(sorted(packages))
    target = os.path.join(folder, "%s-%s" % (
        SUITE, hashlib.sha256(names.encode()).hexdigest()[:12]))
    # One makes it, however many ask at once.
    with open(target + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(target):
            shutil.rmtree(target + ".new", ignore_errors=True)
            _make(target + ".new", sorted(packages))
            os.rename(target + ".new", target)
    return target


class Root:
    """A Debian of one test's own.  Its processes see its files alone, with a
    /proc and a few devices; they live in the caller's network."""

    def __init__(self, packages):
        self._stack = contextlib.ExitStack()
        self.path = None
        self._below = root(packages)

    def __enter__(self):
        # On a disk of its own: an overlay cannot lie on another overlay.
        room = tempfile.mkdtemp(prefix="mailchute-debian-")
        self._stack.callback(shutil.rmtree, room, ignore_errors=True)
        try:
            self._mount(room, "-t", "tmpfs", "-o", "mode=755", "tmpfs")
            self.path = os.path.join(room, "root")
            for name in ("upper", "work", "root"):
                os.mkdir(os.path.join(room, name))
            self._mount(
                self.path, "-t", "overlay", "-o",
                "lowerdir={1},upperdir={0}/upper,workdir={0}/work".format(
                    room, self._below), "overlay")
            self._mount(self.file("proc"), "-t", "proc", "proc")
            self._mount(self.file("dev"), "-t", "tmpfs", "-o", "mode=755",
                        "tmpfs")
            for name in DEVICES:
                place = self.file("dev/" + name)
                with open(place, "w"):
                    self._mount(place, "--bind", "/dev/" + name)
            os.symlink("/proc/self/fd", self.file("dev/fd"))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def _mount(self, target, *how):
        subprocess.run(["mount", *how, target], check=True)
        self._stack.callback(subprocess.run, ["umount", "--lazy", target],
                             check=True)

    def file(self, name):
        return os.path.join(self.path, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        with open(self.file(name), "w") as f:
            f.write(text)
        os.chmod(self.file(name), mode)

    def popen(self, *argv, **how):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        return subprocess.Popen(["chroot", self.path, *argv], env=env, **how)

    def run(self, *argv, stdin=b""):
        """Runs a program of it to its end, which must be a good one."""
        with self.popen(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT) as process:
            out, _ = process.communicate(stdin, timeout=60)
        assert process.returncode == 0, (argv, out)
        return out.decode(errors="replace")
