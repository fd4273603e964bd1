# SPDX-License-Identifier: ISC
"""The secrets of the tests, and the search for them where none may be.

Every secret that a test gives to a program is known here (lib/site.py), and
after each test all that the programs have left is searched for it: as it is,
in base64 wherever in a line that begins, in hex, and as a URL has it.
"""

import contextlib
import glob
import os
import secrets
import subprocess
import time

from exchange.forms import SHORTEST, forms

MAPPING_MAX = 256 << 20  # a larger one is a sanitizer's own

# What the commands said that the test has started, in octets.
heard = []


class Leak(AssertionError):
    """A secret stands where it must not."""


def make():
    """A secret that stands nowhere by chance."""
    return "canary-" + secrets.token_hex(12)


def worth(texts):
    """Of texts or octets those that can be searched for, as octets."""
    octets = {t if isinstance(t, bytes) else t.encode() for t in texts if t}
    return {o for o in octets if len(o) >= SHORTEST}


class Search:
    def __init__(self, texts):
        self._forms = sorted({f for s in worth(texts) for f in forms(s)})

    def look(self, where, data):
        """Raises Leak, which does not repeat it."""
        for form in self._forms:
            at = data.find(form)
            if at >= 0:
                raise Leak("a secret stands in %s, at octet %d of %d" % (
                    where, at, len(data)))

    def look_at_file(self, path):
        with contextlib.suppress(OSError):
            if not os.path.isfile(path) or os.path.islink(path):
                return
            with open(path, "rb") as f:
                for where, piece in _pieces(f, self._longest()):
                    self.look("%s from octet %d on" % (path, where), piece)

    def look_at_tree(self, root, belongs):
        """All files below root but those where secrets belong."""
        belongs = {os.path.join(root, name) for name in belongs}
        for folder, names, files in os.walk(root):
            names[:] = [n for n in names
                        if os.path.join(folder, n) not in belongs]
            for name in files:
                path = os.path.join(folder, name)
                if path not in belongs:
                    self.look_at_file(path)

    def look_at_memory(self, pid):
        """All that the process can write to; how many octets that are."""
        seen = 0
        with open("/proc/%d/maps" % pid) as maps, \
                open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
            for line in maps:
                span, rights = line.split()[:2]
                if rights[:2] != "rw" or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in span.split("-"))
                if end - start > MAPPING_MAX:
                    continue
                memory.seek(start)
                data = memory.read(end - start)
                self.look("memory of pid %d at %s" % (pid, line.strip()), data)
                seen += len(data)
        return seen

    def _longest(self):
        return max((len(f) for f in self._forms), default=1)


PIECE = 4 * 1024 * 1024


def _pieces(f, longest):
    """What is in an open file, in pieces that overlap."""
    at, kept = 0, b""
    while data := f.read(PIECE):
        yield at - len(kept), kept + data
        at += len(data)
        kept = data[-longest:]


def describe(pid):
    """(where, octets) of what anybody may see of a process."""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError):
            with open("/proc/%d/%s" % (pid, name), "rb") as f:
                yield "%s of pid %d" % (name, pid), f.read()


def family(pid):
    """The process and all that it started, but what those have let go."""
    yield pid
    for path in glob.glob("/proc/%d/task/*/children" % pid):
        with contextlib.suppress(OSError):
            with open(path) as f:
                for child in f.read().split():
                    yield from family(int(child))


def new_cores(since):
    """Where a process that was started in / leaves one."""
    for path in glob.glob("/core*"):
        with contextlib.suppress(OSError):
            if os.path.isfile(path) and os.stat(path).st_mtime >= since:
                yield path


class Hunt:
    """For all that is secret to one site (lib/site.py), in all that it left.

    sources are functions to texts or octets; belongs has the files and folders
    below the site's root in which secrets lie by right.
    """

    def __init__(self, site):
        self._site = site
        self._began = time.time()
        self.sources = []
        self.belongs = {"lib/tokens"}
        self.seen = {}  # what /proc shows of processes, by pid
        if site.server is not None:
            self.sources.append(self._known_to_server)
            site.server.record.listen(self._on_event)

    def _known_to_server(self):
        options = self._site.server.options
        return [*options.users.values(), *options.tokens.values()]

    def _on_event(self, event):
        """While somebody signs in, deliver is there."""
        daemon = self._site.daemon
        if daemon is not None and event.kind == "command" and \
                event.text.upper().startswith("AUTH"):
            self.look_at(p for p in family(daemon.pid) if p not in self.seen)

    def look_at(self, pids):
        for pid in pids:
            self.seen[pid] = list(describe(pid))

    def secrets(self):
        """All that are looked for, as octets."""
        return worth(s for each in self.sources for s in each())

    def search(self):
        """Raises Leak unless they stand nowhere but where they belong."""
        site = self._site
        search = Search(self.secrets())
        for said in [*(text.encode() for text in site.outputs), *heard]:
            search.look("a command's output", said)
        search.look_at_tree(site.root, self.belongs)
        for seen in list(self.seen.values()):
            for where, octets in seen:
                search.look(where, octets)
        for path in new_cores(self._began):
            search.look_at_file(path)
        if site.server is None:
            return
        record = site.server.record
        for message in list(record.messages):
            search.look("a message that was sent", message.raw)
        # What signs in, over TLS, is recorded as "(secret)".
        search.look("what was said to the server", record.text().encode())
        if record.secrets_in_clear:
            raise Leak("a secret went over a connection without TLS")


def _hear():
    """From now on whatever a command says is kept, whoever started it."""
    communicate = subprocess.Popen.communicate

    def and_keep(self, *args, **how):
        said = communicate(self, *args, **how)
        heard.extend(s if isinstance(s, bytes) else s.encode()
                     for s in said if s)
        return said
    subprocess.Popen.communicate = and_keep


_hear()
