# SPDX-License-Identifier: ISC
"""The rows of tests/data/exchange-online/rows.txt."""

import os

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

    def __repr__(self):
        return "%s (%s)" % (self.key, self.reply[:60])


def rows():
    path = os.path.join(TESTS, "data", "exchange-online", "rows.txt")
    with open(path, encoding="utf-8") as f:
        return [Row(line) for line in f
                if line.strip() and not line.startswith("#")]
