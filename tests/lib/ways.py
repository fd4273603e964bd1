# SPDX-License-Identifier: ISC
"""The rows of tests/data/ways, read; its README.md says their form.

Whatever is misspelt is an error: a row that asserts less than its writer
believed would be worse than none.
"""

import glob
import os
import re
import shlex

from .site import TESTS

FOLDER = os.path.join(TESTS, "data", "ways")
PLACES = ("drop", "daemon", "wire")
USERS = ("caller", "root", "somebody", "nameless")
STDIN = ("pipe", "file", "null", "directory", "write-only",
         "terminal", "socket", "broken", "endless")
QUIRKS = ("closed", "open", "ignored", "blocked", "umask", "limit", "cwd",
          "stdin", "without")

# key: may it be a block, may it be one line?
KEYS = {"call": (False, True), "place": (False, True), "user": (False, True),
        "environment": (False, True), "quirks": (False, True),
        "conf": (False, True), "aliases": (True, False),
        "before": (False, True), "stdin": (True, True),
        "status": (False, True), "from": (False, True), "to": (False, True),
        "dsn": (False, True), "queued": (False, True),
        "header": (True, False), "has": (True, False),
        "shows": (True, False), "absent": (False, True), "body": (True, True), "text": (True, False),
        "wire": (False, True), "notice": (False, True),
        "stdout": (True, True), "stderr": (True, True)}
SUBJECTS = {"envelope": (), "output": ("stdout", "stderr"),
            "header": ("header", "has", "absent", "shows"),
            "body": ("body", "text")}
DEFAULT_STDIN = b"Subject: x\n\nhello\n"


class Mistake(ValueError):
    """A row says what the form does not know."""


ESCAPE = re.compile(r"\\(\\|r|n|t|0|x[0-9a-f]{2}|\{(.*?[^\\])\*(\d+)\}|.)")
COUNTER = r"\#"


def plain(text):
    r"""The octets that a text with escapes stands for, as text: \x80 and so
    on become the one octet (as surrogates, which octets() takes back)."""
    def one(found):
        what = found.group(1)
        if found.group(3):
            part, times = found.group(2), int(found.group(3))
            return plain(part) * times if COUNTER not in part else "".join(
                plain(part.replace(COUNTER, str(n)))
                for n in range(1, times + 1))
        if what[0] == "x":
            return bytes([int(what[1:], 16)]).decode(
                "utf-8", "surrogateescape")
        if what not in ("\\", "r", "n", "t", "0"):
            raise Mistake("no such escape: \\" + what)
        return {"\\": "\\", "r": "\r", "n": "\n", "t": "\t", "0": "\0"}[what]
    return ESCAPE.sub(one, text)


def octets(text):
    return text.encode("utf-8", "surrogateescape")


def block_text(lines):
    r"""Lines end in LF; "\c" at the end of the last one takes that away."""
    text = ""
    for n, line in enumerate(lines):
        if line.endswith("\\c") and n == len(lines) - 1:
            return text + plain(line[:-2])
        text += plain(line) + "\n"
    return text


def words(text):
    """As a shell splits, and then the escapes of ours."""
    return [plain(word) for word in shlex.split(text)]


class Way:
    """One row."""

    def __init__(self, file, title, subject, values, line):
        self.file, self.title = file, title
        self.subject, self.values = subject, values
        self.where = "%s.txt:%d" % (file, line)
        self.call = words(self.line("call") or "")
        self.place = self.line("place", "drop")
        self.user = self.line("user", "caller")
        self.environment = dict(self._pair(w) for w in words(
            self.line("environment", "")))
        self.quirks = dict(self._pair(w) for w in words(
            self.line("quirks", "")))
        self.conf = dict(self._pair(w) for w in words(self.line("conf", "")))
        self.status = self._status()
        self._judge()

    def fail(self, why):
        raise Mistake("%s: %s: %s" % (self.where, self.title, why))

    def line(self, key, default=None):
        value = self.values.get(key)
        if value is None:
            return default
        return value if isinstance(value, str) else None

    def _pair(self, word):
        name, found, value = word.partition("=")
        if not found:
            self.fail("%s: a name and a value are wanted" % word)
        return name, value

    def _status(self):
        text = self.line("status")
        if text is None or not text.isdigit():
            self.fail("it asserts no exit status")
        return int(text)

    def _judge(self):
        if not self.call:
            self.fail("it calls nothing")
        for value, known in ((self.place, PLACES), (self.user, USERS)):
            if value not in known:
                self.fail("%s is not one of %s" % (value, known))
        for name in self.quirks:
            if name not in QUIRKS:
                self.fail("there is no quirk " + name)
        if self.quirks.get("stdin", "pipe") not in STDIN:
            self.fail("there is no such standard input")
        if not self.is_queued and self.values.get("queued", "nothing") != \
                "nothing":
            self.fail("queued: can only say nothing")
        if self.status == 0 and self.is_queued == ("queued" in self.values):
            self.fail("either from: and to:, or queued: nothing")
        if self.is_queued and not ("from" in self.values and
                                   "to" in self.values):
            self.fail("what is queued has from: and to:")
        if self.is_queued and self.status != 0:
            self.fail("only status 0 queues a message")
        if self.status != 0 and "stderr" not in self.values:
            self.fail("a refusal has words on stderr, or says nothing")
        wanted = SUBJECTS[self.subject]
        if wanted and not any(k in self.values for k in wanted) and \
                (self.is_queued or self.subject == "output"):
            self.fail("its subject is the %s, so it has one of %s" % (
                self.subject, ", ".join(wanted)))
        if not self.is_queued and any(k in self.values for k in (
                "header", "has", "absent", "shows", "body", "text", "dsn",
                "wire")):
            self.fail("there is no message to have that")
        if self.place != "wire" and any(k in self.values for k in (
                "wire", "text", "shows")):
            self.fail("wire:, text: and shows: are of place: wire")
        if self.place == "daemon" and any(k in self.values for k in (
                "header", "has", "absent", "body")):
            self.fail("in the queue only the envelope is looked at")

    @property
    def is_queued(self):
        return "from" in self.values or "to" in self.values

    @property
    def stdin(self):
        value = self.values.get("stdin")
        if value is None:
            return DEFAULT_STDIN
        if isinstance(value, str):
            if value != "nothing":
                self.fail("stdin: is a block, or nothing")
            return b""
        return octets(block_text(value))

    def text(self, key):
        """The text of a block, or None; "nothing" is the empty one."""
        value = self.values.get(key)
        if value is None or not isinstance(value, str):
            return None if value is None else block_text(value)
        if value == "nothing":
            return ""
        return plain(value) + "\n"

    def items(self, key):
        """What stands between the commas."""
        value = self.line(key)
        return plain(value).split(", ") if value else []

    def pairs(self, key):
        return dict(self._pair(w) for w in words(self.line(key, "")))


def read_file(path):
    name = os.path.basename(path)[:-len(".txt")]
    with open(path, encoding="utf-8", newline="\n") as f:
        lines = f.read().split("\n")
    rows, subject, title, values, key, at = [], None, None, None, None, 0

    def end_row():
        if title is not None:
            rows.append(Way(name, title, subject, values, at))
    for n, line in enumerate(lines, 1):
        if line.startswith("| ") or line == "|":
            if key is None or not KEYS[key][0] or \
                    not isinstance(values[key], list):
                raise Mistake("%s:%d: a line of no block" % (path, n))
            values[key].append(line[2:])
            continue
        key = None
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            end_row()
            title, values, at = line[3:], {}, n
            continue
        word, colon, value = line.partition(":")
        value = value.strip()
        if title is None and word == "subject" and value in SUBJECTS:
            subject = value
            continue
        if title is None or subject is None or not colon or word not in KEYS:
            raise Mistake("%s:%d: what is this: %s" % (path, n, line))
        if word in values:
            raise Mistake("%s:%d: a second %s:" % (path, n, word))
        if not KEYS[word][0 if not value else 1]:
            raise Mistake("%s:%d: %s: is no %s" % (
                path, n, word, "line" if value else "block"))
        values[word] = value or []
        key = word if not value else None
    end_row()
    return rows


def read_all(folder=FOLDER):
    files = sorted(glob.glob(os.path.join(folder, "*.txt")))
    rows = [row for file in files for row in read_file(file)]
    seen = set()
    for row in rows:
        if (row.file, row.title) in seen:
            row.fail("another row of this file has this title")
        seen.add((row.file, row.title))
    return rows
