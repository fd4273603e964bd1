# SPDX-License-Identifier: ISC
"""The catalogue in tests/data/exchange-online: catalogue.md has what the service
is known to say, in tables, rows.txt the replies for each of them, and what has to
come of each."""

import os
import re

from .site import TESTS

FIELDS = ("key", "code", "state", "reply", "whose", "action", "wait", "note")


class Row:
    def __init__(self, line):
        values = line.rstrip("\n").split(" | ")
        values += [""] * (len(FIELDS) - len(values))
        for name, value in zip(FIELDS, values):
            setattr(self, name, value)
        self.wait = int(self.wait)
        self.name = "r" + self.key.replace(".", "-")
        self.user = self.name + "@contoso.example"
        self.rcpt = self.name + "@example.net"

    @property
    def is_said(self):
        return self.reply != "-"

    @property
    def is_of_mail(self):
        return self.whose in ("message", "recipient")

    @property
    def number(self):
        """Of the tables' row; a letter tells several replies of it apart."""
        return self.key.rstrip("abcdefghij")

    def __repr__(self):
        return "%s (%s)" % (self.key, self.reply[:60])


class Known:
    """A row of the tables."""

    def __init__(self, number, cells):
        self.number = number
        self.code, self.text, self.said, self.confidence = cells

    @property
    def needs_a_reason(self):
        """Nobody has seen the service say it so in a session."""
        return "N" in self.said or "not confirmed" in self.confidence or \
            "port 25" in self.said or self.confidence == "L"

    @property
    def texts(self):
        """What is quoted of it, each in the pieces that do not vary."""
        return [[p.strip() for p in re.split(
            r"\.\.\.|\[[^]]*\]|<[^>]*>", text)
            if p.strip()] for text in re.findall(r"`([^`]+)`", self.text)]


def _lines(name):
    path = os.path.join(TESTS, "data", "exchange-online", name)
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def rows():
    return [Row(line) for line in _lines("rows.txt")
            if line.strip() and not line.startswith("#")]


def known():
    """The rows of the tables, in their order."""
    found, section, number = [], None, 0
    for line in _lines("catalogue.md"):
        if line.startswith("#"):
            section, number = line.split()[1], 0
        if not line.startswith("| ") or line.startswith("| Code "):
            continue
        number += 1
        found.append(Known("%s.%d" % (section, number),
                           [c.strip() for c in line.strip("|").split("|")]))
    return found
