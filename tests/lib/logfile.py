# SPDX-License-Identifier: ISC
"""The log as tests see it: one event a line, key=value."""

import os
import re

from .notify import DEADLINE, wait_until

PAIR = re.compile(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|\S*)')


def parse_line(line):
    """The pairs of a line; a value in quotes without them."""
    found = {}
    for key, value in PAIR.findall(line):
        if value.startswith('"'):
            value = re.sub(r'\\(["\\])', r"\1", value[1:-1])
        found.setdefault(key, value)
    return found


class LogFile:
    def __init__(self, path, process=lambda: None):
        self.path = path
        self._process = process

    def text(self):
        """Its whole lines: the last one may be half there while it is written,
        where it reaches into another page of the file."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as f:
                text = f.read()
        except FileNotFoundError:
            return ""
        return text[:text.rfind("\n") + 1]

    def events(self, event=None, **match):
        """Events whose values hold each text of match."""
        out = []
        for line in self.text().splitlines():
            found = parse_line(line)
            if event is not None and found.get("event") != event:
                continue
            if all(str(v) in found.get(k, "") for k, v in match.items()):
                out.append(found)
        return out

    def wait_for(self, event=None, nth=1, deadline=DEADLINE, **match):
        """Waits for the nth such event and returns it."""
        def found():
            hits = self.events(event, **match)
            return hits[nth - 1] if len(hits) >= nth else None
        return wait_until(found, [os.path.dirname(self.path)],
                          "event %s %r in the log" % (event, match),
                          deadline, self._process())
