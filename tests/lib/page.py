# SPDX-License-Identifier: ISC
"""A page for administrators, followed word by word.

In its indented blocks a line that begins with "# " is typed by root, one with
"$ " by the user alice, and what follows is what they see.  A block without such
a line is a file, where the text above it ends in "in `/PATH`:" or, for more
lines of it, "to `/PATH`:"; any other is for reading alone.  A line "..." stands
for any lines.  A comment "<!-- test: WORDS -->" is what happens elsewhere at
that moment: at the server, say.
"""

import os
import re
import time
from difflib import ndiff

from .notify import ASK_AGAIN, DEADLINE, Watch
from .site import TESTS

# What is another one each time.
VOLATILE = (
    (r"<[^<>\s]*@web01\.contoso\.com>", "<MESSAGE-ID>"),
    (r"\b[0-9A-F]{12}\b", "ID"),
    (r"\b[0-9A-F]{16}\b", "SESSION"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r"\b\d{8}T\d{6}Z", "TIME"),
    (r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b", "TIME"),
    (r"\d+(?= TIME\b)", "SIZE"),
    (r"\b\d+(\.\d+)?[KMG]?B\b", "SIZE"),
    (r"\b(\d+[smhd])( \d+[smhd])*\b", "DURATION"),
    (r"\b\d+ MiB left", "N MiB left"),
    (r"mailchuted\[\d+\]", "mailchuted[PID]"),
    (r"\b(size|\w+_ms|\w+_s)=\d+", r"\1=N"),
    (r"\b\d+/(\d+) +\d+/(\d+) +\d+/(\d+) +(-$|TLS.*)",
     r"N/\1 N/\2 N/\3 SESSION"),
    (r"\b[A-Z]{3}\d?P?\d{3}MB\d{4}\S*", "BACKEND"),
    (r"\b\d+\.\d+\.\d+\.\d+:587\b", "ADDRESS:587"),
    (r"issued by [^,]*, until TIME", "issued by AUTHORITY, until TIME"),
)
# Asked again until they answer as the page has it: mail takes its time.
ASKING = re.compile(r"(mailq|mailchute (queue|show|trace|status)|grep|tail|ls|"
                    r"sqlite3|/usr/lib/nagios)\b")
# The tests' root lies on an overlay, an administrator's host does not.
REMARK = re.compile(r"\nnote +the queue in \S+ lies [oi]n .*(\n +.*)*\n?")


class Step:
    """One thing to do: kind is "#", "$", "file", "more" or "test"."""

    def __init__(self, kind, line, text, seen=()):
        self.kind, self.line, self.text = kind, line, text
        self.seen = list(seen)

    def __repr__(self):
        return "line %d: %s" % (self.line, self.text.partition("\n")[0])


def _blocks(lines):
    """(number of the first line, its lines, the line of text above)"""
    block, above, first = [], "", 0
    for n, line in enumerate(lines + ["end"], 1):
        if line.startswith("    ") or (not line and block):
            first = first or n
            block.append(line[4:])
            continue
        if block:
            while not block[-1]:
                block.pop()
            yield first, block, above
        if line.startswith("<!-- test: "):
            yield n, line, above
        block, first = [], 0
        if line:
            above = line


def _commands(first, block):
    step = None
    for n, line in enumerate(block, first):
        if step and step.text.endswith("\\"):
            step.text = step.text[:-1] + line.strip()
        elif line[:2] in ("# ", "$ "):
            if step:
                yield step
            step = Step(line[0], n, line[2:])
        elif step:
            step.seen.append(line)
    yield step


def steps(text):
    for first, block, above in _blocks(text.splitlines()):
        if isinstance(block, str):
            yield Step("test", first, block[len("<!-- test: "):-4])
            continue
        m = re.search(r"\b(in|to) `(/[^`]+)`:$", above)
        if any(line[:2] in ("# ", "$ ") for line in block):
            yield from _commands(first, block)
        elif m:
            yield Step("file" if m.group(1) == "in" else "more", first,
                       m.group(2), block)


def page(name):
    with open(os.path.join(os.path.dirname(TESTS), "docs", name),
              encoding="utf-8") as f:
        return f.read()


def configurations(text):
    """Its blocks that begin with a section of the configuration."""
    return ["\n".join(block) + "\n" for _, block, _ in
            _blocks(text.splitlines())
            if isinstance(block, list) and re.match(r"\[[a-z]+( \w+)?\]$", block[0])]


def section(text, title):
    """The blocks of that section, each as a script has it."""
    part = text.partition("\n## %s\n" % title)[2].partition("\n## ")[0]
    return ["\n".join(block) + "\n" for _, block, _ in
            _blocks(part.splitlines()) if isinstance(block, list)]


def plain(line):
    for pattern, word in VOLATILE:
        line = re.sub(pattern, word, line)
    return re.sub(r"\s+", " ", line).strip()


def pairs(expected, actual):
    """The lines that answer one another; None when they do not all."""
    if not expected:
        return None if actual else []
    if expected[0] == "...":
        for skip in range(len(actual) + 1):
            rest = pairs(expected[1:], actual[skip:])
            if rest is not None:
                return rest
        return None
    if not actual or plain(expected[0]) != plain(actual[0]):
        return None
    rest = pairs(expected[1:], actual[1:])
    return rest if rest is None else [(expected[0], actual[0]), *rest]


class Reader:
    """Follows pages on a host; elsewhere: what the comments mean."""

    def __init__(self, host, elsewhere):
        self.host, self.elsewhere = host, elsewhere
        self.ids = {}  # of the page: those of this time

    def follow(self, text):
        done = 0
        for step in steps(text):
            self.do(step)
            done += step.kind in "#$"
        return done

    def do(self, step):
        if step.kind == "test":
            name, _, rest = step.text.partition(" ")
            self.elsewhere[name](rest)
        elif step.kind in ("file", "more"):
            self._write(step)
        else:
            self._type(step)

    def _write(self, step):
        text = "\n".join(step.seen) + "\n"
        if step.kind == "more":
            text = self.host.read(step.text) + "\n" + text
        mode = 0o644
        if os.path.exists(self.host.file(step.text)):
            mode = os.stat(self.host.file(step.text)).st_mode & 0o7777
        self.host.write(step.text, text, mode)

    def run(self, step):
        """What a command says, of whatever status."""
        command = re.sub(r"\b[0-9A-F]{12}\b",
                         lambda m: self.ids.get(m.group(), m.group()),
                         step.text)
        user = "root" if step.kind == "#" else "alice"
        said = self.host.run("sh", "-c", command + "\nexit 0", user=user,
                             env={"DEBIAN_FRONTEND": "noninteractive"})
        return REMARK.sub("", said).rstrip("\n").split("\n") if said else []

    def _type(self, step):
        end = time.monotonic() + (DEADLINE if ASKING.match(step.text) else 0)
        with Watch(self.host.file("var/lib"), *filter(os.path.isdir, [
                self.host.file("var/lib/mailchute")])) as watch:
            while True:
                actual = self.run(step)
                found = pairs(step.seen, actual)
                left = end - time.monotonic()
                if found is not None or left <= 0:
                    break
                watch.wait(min(left, ASK_AGAIN))
        assert found is not None, "%r\n%s" % (step, "\n".join(ndiff(
            list(map(plain, step.seen)), list(map(plain, actual)))))
        for expected, real in found:
            self.ids.update(zip(re.findall(r"\b[0-9A-F]{12}\b", expected),
                                re.findall(r"\b[0-9A-F]{12}\b", real)))
