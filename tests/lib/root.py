# SPDX-License-Identifier: ISC
"""A Debian of one test's own: its files, processes, name and devices.

It lives in namespaces, whose first process holds all of it: when that one ends,
no process, mount or file is left, also after a test that was killed.  Its
network is the one of whoever makes it, in the tests one of their own with
loopback alone (netns.py).
"""

import os
import pwd
import subprocess

from .notify import DEADLINE

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Tells its process id, and waits for the end of its input.  bash, which as the
# first process of all also buries those that were left by their parents.
FIRST = """\
read -r pid rest </proc/self/stat
cd "$1"
mount -t tmpfs -o mode=755 tmpfs .
cd "$1"
mkdir upper work root
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay root
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 tmpfs root/run
mkdir -m 1777 root/run/lock
mount -t tmpfs -o mode=755 tmpfs root/dev
for name in null zero full random urandom tty; do
    : >"root/dev/$name"
    mount --bind "/dev/$name" "root/dev/$name"
done
mkdir root/dev/pts
mkdir -m 1777 root/dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
ln -s fd/0 root/dev/stdin
ln -s fd/1 root/dev/stdout
ln -s fd/2 root/dev/stderr
hostname "$3"
exec chroot root /bin/bash -c "echo $pid; read -r _"
"""


def ended(process, stdin, deadline=DEADLINE):
    """What it said to its end."""
    with process:
        try:
            return process.communicate(stdin, timeout=deadline)
        except subprocess.TimeoutExpired:
            process.kill()  # that what it has started ends is the root's part
            raise


class Root:
    """Files are reached below path, programs by run.

    below: a folder of debian.py's.
    """

    def __init__(self, below, hostname="localhost"):
        self._below = below
        self.hostname = hostname
        self.path = None
        self._first = None

    def __enter__(self):
        # Its disk is in memory: an overlay cannot lie on another overlay.  The
        # place for it is one that is there, and is seen in there alone.
        room = os.path.join(self._below, "mnt")
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork",
             "--kill-child", "bash", "-ec", FIRST, "root", room,
             self._below, self.hostname],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PATH": PATH}, cwd="/")
        try:
            self.pid = int(self._first.stdout.readline())
            self.path = "/proc/%d/root" % self.pid
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self._first.stdin.close()
        self._first.wait(DEADLINE)
        self._first.stdout.close()

    def file(self, name):
        return os.path.join(self.path, name.lstrip("/"))

    def read(self, name):
        with open(self.file(name), errors="surrogateescape") as f:
            return f.read()

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.file(name)), exist_ok=True)
        with open(self.file(name), "w") as f:
            f.write(text)
        os.chmod(self.file(name), mode)

    def user(self, name):
        """What its own /etc/passwd says."""
        for line in self.read("etc/passwd").splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return pwd.struct_passwd(
                    [*fields[:2], int(fields[2]), int(fields[3]), *fields[4:]])
        raise KeyError(name)

    def become(self, user):
        """What to put before the words of a program of that user's."""
        entry = self.user(user)
        home = entry.pw_dir if os.path.isdir(self.file(entry.pw_dir)) else "/"
        return ["setpriv", "--reuid=" + user, "--regid=%d" % entry.pw_gid,
                "--init-groups", "env", "--chdir=" + home]

    def popen(self, *argv, user="root", env=None, **how):
        """Starts a program of it as that user, from the user's home."""
        entry = self.user(user)
        env = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": entry.pw_dir,
               "USER": user, "LOGNAME": user, **(env or {})}
        enter = ["nsenter", "--target=%d" % self.pid, "--mount", "--pid",
                 "--ipc", "--uts", "--root", "--wd"]
        return subprocess.Popen(
            [*enter, *self.become(user), *argv], env=env, **how)

    def run(self, *argv, stdin=b"", status=0, deadline=DEADLINE, **how):
        """Runs a program of it to its end, with that status; what it said."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        how.setdefault("stderr", subprocess.STDOUT)
        process = self.popen(*argv, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, **how)
        out, _ = ended(process, stdin, deadline)
        out = out.decode(errors="replace")
        assert process.returncode == status, (argv, process.returncode, out)
        return out
