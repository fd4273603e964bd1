# SPDX-License-Identifier: ISC
"""A small Debian, kept, for tests that need one of their own.

root(packages) is a folder with a minimal Debian 12 and those packages: a base
by debootstrap, once, and on a copy of it what this machine's own apt takes from
its own sources.  installed(packages, file) is a copy of that, into which its own
apt has installed a package of ours.  All is kept in the folder of
MAILCHUTE_DEBIAN, which ./dev sets, else in build-dev/debian beside the sources.
Nobody writes into what is kept: root.py gives each test a view of it with a
layer of its own on top.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess

from . import aptsources
from .netns import own_network
from .site import TESTS

SUITE = "bookworm"
DEBS = "var/cache/apt/archives"
LONG = 900  # seconds; a mirror may be slow

# No service starts while packages are installed.
POLICY = "#!/bin/sh\nexit 101\n"

# The machine's own settings come first; those that are cleared are hooks of its
# own, which would run in the other root.
APT = """\
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::lists "{folder}/lists";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::State::extended_states "{root}/var/lib/apt/extended_states";
Dir::Log "{root}/var/log/apt";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{root}/%s";
DPkg::Chroot-Directory "{root}";
DPkg::Options {{ "--force-unsafe-io"; "--force-confold"; }};
Dpkg::Use-Pty "false";
APT::Install-Recommends "false";
""" % DEBS

# Maintainers' scripts see a /proc, loopback and no process of ours.
ALONE = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child",
         "sh", "-ec",
         'hostname localhost; mount -t proc proc "$0/proc"; exec "$@"']


def step(log, *command, **how):
    """Runs a step; what it said is in the log, and shown when it fails."""
    how.setdefault("env", aptsources.environment())
    with open(log, "ab") as out:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=out, timeout=LONG, **how)
    if done.returncode != 0:
        with open(log, errors="replace") as f:
            raise RuntimeError("%s failed:\n%s" % (command[0],
                                                   f.read()[-3000:]))


def _base(target, log):
    """What every Debian has."""
    folder = os.path.dirname(target)
    source = next((s for s in aptsources.sources() if SUITE in s.suites
                   and "main" in s.components), None)
    if source is None:
        raise RuntimeError("apt has no source of Debian's suite %s here"
                           % SUITE)
    # What it mounts must not be left behind: a mount namespace of its own.
    archives = place("archives")
    step(log, "unshare", "--mount", "debootstrap", "--variant=minbase",
         "--cache-dir=" + archives, *aptsources.signing(source, folder), SUITE,
         target, source.uri)
    for name in glob.glob(os.path.join(target, DEBS, "*.deb")):
        os.unlink(name)
    with open(os.path.join(target, "usr/sbin/policy-rc.d"), "w") as f:
        f.write(POLICY)
        os.fchmod(f.fileno(), 0o755)


def _with(packages, target, log):
    """The base and these packages; their files are kept for the next time."""
    folder = os.path.dirname(target)
    base = keep("base", POLICY, _base)
    step(log, "cp", "-a", "--reflink=auto", base, target)
    place("lists")
    place("cache")
    conf = os.path.join(folder, "apt.conf")
    with open(conf, "w") as f:
        f.write(APT.format(folder=folder, root=target))
    kept, archives = place("archives"), os.path.join(target, DEBS)
    for path in glob.glob(os.path.join(kept, "*.deb")):
        os.link(path, os.path.join(archives, os.path.basename(path)))
    apt = ["apt-get", "-c", conf, "-qy"]
    step(log, *apt, "update")
    step(log, *apt, "--download-only", "install", *packages)
    with own_network():
        step(log, *ALONE, target, *apt, "--no-download", "install", *packages,
             env={**aptsources.environment(),
                  "DEBIAN_FRONTEND": "noninteractive"})
    for path in glob.glob(os.path.join(archives, "*.deb")):
        with contextlib.suppress(FileExistsError):
            os.link(path, os.path.join(kept, os.path.basename(path)))
        os.unlink(path)


def keep(kind, recipe, make):
    """What is made of this recipe; never a half of it."""
    target = os.path.join(home(), "%s-%s-%s" % (
        SUITE, kind, hashlib.sha256(recipe.encode()).hexdigest()[:12]))
    if not os.path.exists(target):
        shutil.rmtree(target + ".new", ignore_errors=True)
        log = target + ".log"
        if os.path.exists(log):
            os.unlink(log)
        make(target + ".new", log)
        os.rename(target + ".new", target)
    return target


def home():
    return os.environ.get("MAILCHUTE_DEBIAN") or os.path.join(
        os.path.dirname(TESTS), "build-dev", "debian")


def place(name):
    path = os.path.join(home(), name)
    os.makedirs(path, exist_ok=True)
    return path


@contextlib.contextmanager
def alone():
    """One makes things, however many ask at once."""
    os.makedirs(home(), exist_ok=True)
    with open(os.path.join(home(), "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recipe(packages):
    return "\n".join([POLICY, APT, *sorted(packages)])


def _root(packages):
    return keep("with", _recipe(packages), lambda target, log:
                _with(packages, target, log))


def root(packages):
    """The folder that holds them; made now if it is not there."""
    with alone():
        return _root(packages)


def _over(below, file, target, log):
    # Of no use any more: those with another package of ours.
    for path in glob.glob(os.path.join(home(), SUITE + "-over-*")):
        if os.path.isdir(path):
            shutil.rmtree(path)
    step(log, "cp", "-a", "--reflink=auto", below, target)
    package = os.path.join(target, "root", os.path.basename(file))
    shutil.copy(file, package)
    with own_network():
        step(log, *ALONE, target, "chroot", target, "apt-get", "-qy",
             "install", package[len(target):],
             env={**aptsources.environment(), "HOME": "/root",
                  "DEBIAN_FRONTEND": "noninteractive"})


def installed(packages, file):
    """The folder that holds them, over which apt has installed that file."""
    with open(file, "rb") as f:
        octets = hashlib.sha256(f.read()).hexdigest()
    with alone():
        below = _root(packages)
        return keep("over", _recipe(packages) + octets, lambda target, log:
                    _over(below, file, target, log))
