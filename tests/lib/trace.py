# SPDX-License-Identifier: ISC
"""How programs called sendmail: what the kernel was asked, by strace.

No wrapper stands between the two: what is tested is what is installed.
"""

import glob
import os
import re
import shlex
from ast import literal_eval
from collections import namedtuple

OURS = "/libexec/mailchute/"
NAMES = ("sendmail", "mailq", "newaliases")
EXECUTED = re.compile(r'execve\(("(?:[^"\\]|\\.)*"), (\[.*\]), 0x\w+ /\*.*\*/\)'
                      r' = 0$')
WROTE = re.compile(r'write\([12], ("(?:[^"\\]|\\.)*")')
ENDED = re.compile(r"\+\+\+ exited with (\d+) \+\+\+$")

# argv is a tuple of words; said: all that it wrote to descriptors 1 and 2.
Call = namedtuple("Call", "path argv status said")


def command(prefix, set_ids=False):
    """What to put before a program's own words; a file for each process.

    By a filter in the kernel it costs next to nothing, but then no set-uid
    program has its rights.
    """
    return ["strace", "-q", "-ff", *([] if set_ids else ["--seccomp-bpf"]),
            "-e", "trace=execve,write", "-e", "signal=none", "-s", "65536",
            "--output=" + prefix]


def words(call):
    """As one would type it."""
    return shlex.join([call.path, *call.argv[1:]])


def _text(word):
    """strace writes octets as C does, which Python reads as latin-1."""
    return literal_eval(word).encode("latin-1").decode("utf-8", "replace")


def _words(array):
    return tuple(_text(word) for word in
                 re.findall(r'"(?:[^"\\]|\\.)*"', array))


def _call(file):
    """The last program of this process, when it was sendmail."""
    path = argv = status = None
    said = ""
    with open(file) as f:
        for line in f.read().splitlines():
            executed, wrote = EXECUTED.match(line), WROTE.match(line)
            ended = ENDED.search(line)
            if executed and OURS in executed.group(1):
                continue  # sendmail -bs, which goes on as smtpd
            if executed:
                path = _text(executed.group(1))
                argv = _words(executed.group(2))
                said = ""
            elif wrote:
                said += _text(wrote.group(1))
            elif ended:
                status = int(ended.group(1))
    if path is None or os.path.basename(path) not in NAMES:
        return None
    return Call(path, argv, status, said)


def calls(prefix):
    """In the order of their processes."""
    paths = sorted(glob.glob(glob.escape(prefix) + ".*"),
                   key=lambda p: int(p.rpartition(".")[2]))
    return [call for call in map(_call, paths) if call]
