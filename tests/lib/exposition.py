# SPDX-License-Identifier: ISC
"""Prometheus' text format, version 0.0.4, read strictly: what a reader may take
amiss is an error here, and so is what promtool would frown upon."""

import math
import re

NAME = re.compile(r"[a-z][a-z0-9_]*")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)"')
VALUE = re.compile(r"\d+|NaN|\+Inf")
ESCAPES = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


class Wrong(Exception):
    """The text is not what the format says."""


def need(holds, what, line):
    if not holds:
        raise Wrong("%s: %r" % (what, line))


def labels_of(text, line):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        need(found, "no label", line)
        name, value = found.groups()
        need(name not in labels, "a label twice", line)
        labels[name] = re.sub(r'\\[\\n"]', lambda m: ESCAPES[m[0]], value)
        at = found.end()
        need(at == len(text) or text[at] == ",", "no comma", line)
        need(text[at:] != ",", "a comma too many", line)
        at += 1
    return labels


class Exposition:
    """Families with their samples; one(name, label=value) is a value."""

    def __init__(self, text):
        need(text.endswith("\n"), "the last line is cut off", text[-80:])
        need(all(c == "\n" or c.isprintable() for c in text), "a control", "")
        self.families = {}  # name: (type, {labels: value})
        self.helps = {}
        self._name = self._help = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                self._take_help(line)
            elif line.startswith("# TYPE "):
                self._take_type(line)
            else:
                self._take_sample(line)
        self._end_family("the end")

    def _end_family(self, line):
        need(self._help is None, "HELP without TYPE", line)
        need(self._name is None or self.families[self._name][1],
             "a family without a sample", line)

    def _take_help(self, line):
        self._end_family(line)
        _, _, name, text = line.split(" ", 3)
        need(NAME.fullmatch(name), "no name", line)
        need(name not in self.families, "a family twice", line)
        need(text and text[0] != " ", "no help", line)
        self._help = name
        self.helps[name] = text

    def _take_type(self, line):
        _, _, name, kind = line.split(" ")
        need(name == self._help, "TYPE without its HELP", line)
        need(kind in ("gauge", "counter"), "no type of ours", line)
        need((kind == "counter") == name.endswith("_total"),
             "_total is for counters", line)
        self.families[name] = (kind, {})
        self._name, self._help = name, None

    def _take_sample(self, line):
        found = re.fullmatch(r"([^{ ]+)(?:\{(.+)\})? (\S+)", line)
        need(found, "no sample", line)
        name, text, value = found.groups()
        need(self._help is None and name == self._name,
             "a sample outside of its family", line)
        need(VALUE.fullmatch(value), "no value", line)
        labels = frozenset(labels_of(text or "", line).items())
        samples = self.families[name][1]
        need(labels not in samples, "a sample twice", line)
        need(not samples or {k for k, _ in labels} ==
             {k for k, _ in next(iter(samples))}, "other labels", line)
        samples[labels] = float(value)

    def samples(self, name):
        return self.families.get(name, (None, {}))[1]

    def one(self, name, **labels):
        return self.samples(name)[frozenset(labels.items())]

    def states(self, name, label, **labels):
        """Of a family with a sample for each state: the one that is 1."""
        on = []
        for key, value in self.samples(name).items():
            if dict(key).items() >= labels.items():
                need(value in (0, 1), "neither 0 nor 1", str(key))
                if value == 1:
                    on.append(dict(key)[label])
        return on


def is_nan(value):
    return math.isnan(value)
