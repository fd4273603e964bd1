# SPDX-License-Identifier: ISC
"""Calls the programs as a row of tests/data/ways says, and judges."""

import ctypes
import email.policy
import mmap
import os
import pty
import pwd
import re
import resource
import signal
import socket
import stat
import struct
import subprocess

from .fakedaemon import frames
from .mimetree import as_written, read, shown
from .notify import DEADLINE
from .site import program, sanitized
from .ways import octets

SOMEBODY = 5  # has a name on every system, and is not the daemon's user
NAMELESS = 54321  # has none
NONE = struct.pack("!Q", 0)
BODY = {0: "", 1: "7BIT", 2: "8BITMIME"}
RET = {0: "", 1: "full", 2: "hdrs"}
NOTIFY = ((1, "never"), (2, "success"), (4, "failure"), (8, "delay"))
DATE = r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
ID = r"<[0-9A-Za-z.-]+@web01\.contoso\.example>"
PAGE = mmap.PAGESIZE
NOTICE = b"\r\nX-Mailchute-Notice: rejected\r\n"


# ---- what was queued -------------------------------------------------------

class Queued:
    """A message and its envelope, from wherever it lies."""

    def __init__(self, sender, rcpts, raw, dsn=""):
        self.sender, self.rcpts, self.raw, self.dsn = sender, rcpts, raw, dsn

    @property
    def is_notice(self):
        return NOTICE in self.raw

    @property
    def header(self):
        return self.raw.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self):
        return self.raw.partition(b"\r\n\r\n")[2]


def fields_of(payload):
    while payload:
        tag, n = struct.unpack("!BI", payload[:5])
        yield tag, payload[5:5 + n]
        payload = payload[5 + n:]


def number(value):
    return struct.unpack("!Q", value)[0]


def local(address, is_local):
    return address.decode("utf-8", "surrogateescape") + \
        (" (local)" if is_local else "")


def told(notify, ret, envid, body, smtputf8):
    """What an envelope has of RFC 3461 and its like, as a row says it."""
    bits, = notify  # the same for all
    values = {"notify": ",".join(name for bit, name in NOTIFY if bits & bit),
              "ret": ret, "envid": envid, "body": body,
              "smtputf8": "yes" if smtputf8 else ""}
    return {name: value for name, value in values.items() if value}


def read_drop(path):
    """docs/protocol.md says the form; a file without its end is none."""
    with open(path, "rb") as f:
        assert stat.S_IMODE(os.fstat(f.fileno()).st_mode) == 0o640
        data = f.read()
    line, _, rest = data.partition(b"\n")
    assert line == b"mailchute drop 1"
    envelope, rcpts, raw, is_whole = {}, [], b"", False
    for kind, payload in frames(rest):
        if kind == 2:
            envelope = dict(fields_of(payload))
        elif kind == 3:
            for tag, value in fields_of(payload):
                if tag == 13:
                    rcpts.append({})
                rcpts[-1][tag] = value
        elif kind == 4:
            raw += payload
        elif kind == 5:
            is_whole = dict(fields_of(payload))[17] == struct.pack(
                "!Q", len(raw))
    assert is_whole, path + " has no end"
    dsn = told({number(r.get(15, NONE)) for r in rcpts},
               RET[number(envelope.get(9, NONE))],
               envelope.get(10, b"").decode(),
               BODY[number(envelope.get(7, NONE))], 8 in envelope)
    return Queued(local(envelope[5], 6 in envelope),
                  [local(r[13], 14 in r) for r in rcpts], raw, dsn)


def read_queued(way, site, m):
    """A message that mailchute queue lists, and what it does not tell."""
    (key, ret, envid, body, smtputf8), = site.database(
        "select id, ret, envid, body, smtputf8 from message where id = ?",
        int(m["id"], 16))
    notify = site.database("select distinct notify from recipient "
                           "where message = ?", key)
    is_notice = m["sender"] == "" and "notice" in way.values
    return Queued(m["sender"], [r["address"] for r in m["recipients"]],
                  NOTICE if is_notice else b"",
                  told({n for n, in notify}, (ret or "").lower(),
                       envid or "", body or "", smtputf8))


# ---- the call ----------------------------------------------------------------

class Call:
    """One row's call of a program."""

    def __init__(self, way, site):
        self.way, self.site = way, site
        self.quirks = way.quirks
        self.closing = []

    def _how(self):
        how = {}
        uid = {"somebody": SOMEBODY, "nameless": NAMELESS}.get(self.way.user)
        if uid is not None and self.site.is_root:
            how = {"user": uid, "group": uid, "extra_groups": []}
        return how

    def _before(self):
        """Runs in the child, just before the program."""
        quirks = self.quirks
        for name in filter(None, quirks.get("ignored", "").split(",")):
            signal.signal(getattr(signal, "SIG" + name), signal.SIG_IGN)
        for name in filter(None, quirks.get("blocked", "").split(",")):
            signal.pthread_sigmask(signal.SIG_BLOCK,
                                   [getattr(signal, "SIG" + name)])
        if quirks.get("cwd") == "removed":
            os.mkdir(self.site.path("home/away"))
            os.chdir(self.site.path("home/away"))
            os.rmdir(self.site.path("home/away"))
        if "umask" in quirks:
            os.umask(int(quirks["umask"], 8))
        for fd in filter(None, quirks.get("closed", "").split(",")):
            os.close(int(fd))
        for limit in filter(None, quirks.get("limit", "").split(",")):
            name, _, value = limit.partition(":")
            if name in ("AS", "STACK", "NPROC") and sanitized():
                continue  # it maps terabytes, and starts a process
            resource.setrlimit(getattr(resource, "RLIMIT_" + name),
                               (int(value), int(value)))

    def _open(self, kind, text):
        """Standard input of some kind: what Popen is to have of it."""
        if kind == "file":
            with open(self.site.path("home/input"), "wb") as f:
                f.write(text)
            return open(self.site.path("home/input"), "rb")
        if kind == "directory":
            return os.open("/", os.O_RDONLY)
        if kind == "endless":
            return open("/dev/zero", "rb")
        if kind == "write-only":
            return open(os.devnull, "wb")
        if kind == "terminal":
            ours, theirs = pty.openpty()
            self.closing.append(ours)
            os.write(ours, text + b"\x04")
            return theirs
        if kind == "socket":
            ours, theirs = socket.socketpair()
            ours.sendall(text)
            ours.close()
            return theirs
        if kind == "broken":
            return self._broken(text)
        return open(os.devnull, "rb")

    def _broken(self, text):
        """A file that has this text, and an error behind it: our own memory,
        up to a page that its file does not have any more."""
        path = self.site.path("home/broken")
        with open(path, "w+b") as f:
            f.truncate(2 * PAGE)
            self.memory = mmap.mmap(f.fileno(), 2 * PAGE)
            self.memory[PAGE - len(text):PAGE] = text
            start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
            f.truncate(PAGE)
        fd = os.open("/proc/self/mem", os.O_RDONLY)
        os.lseek(fd, start + PAGE - len(text), os.SEEK_SET)
        return fd

    def _argv(self, call):
        name, *rest = call
        if rest in (["--help"], ["--version"]):
            return [name, *rest]
        return [name, "-C", self.site.conf_path, *[
            word.replace("{conf}", self.site.path("conf")) for word in rest]]

    def run(self):
        """(status, stdout, stderr)"""
        way, how = self.way, self._how()
        kind = self.quirks.get("stdin", "pipe")
        text = way.stdin
        env = {**self.site.environment(), **way.environment}
        name = os.path.basename(way.call[0])
        real = name if name in ("mailq", "newaliases") else "sendmail"
        extra = [os.dup(0) for _ in range(int(self.quirks.get("open", "0")))]
        stdin = subprocess.PIPE if kind == "pipe" else self._open(kind, text)
        proc = subprocess.Popen(
            [octets(word) for word in self._argv(way.call)],
            executable=program(real), stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd="/", env=env, pass_fds=extra,
            preexec_fn=self._before, **how)
        for fd in extra:
            os.close(fd)
        if kind != "pipe":
            (stdin.close if hasattr(stdin, "close") else
             lambda: os.close(stdin))()
        with proc:
            out, err = proc.communicate(text if kind == "pipe" else None,
                                        timeout=DEADLINE)
        for fd in self.closing:
            os.close(fd)
        out, err = (x.decode("utf-8", "replace") for x in (out, err))
        self.site.outputs += [out, err]
        return proc.returncode, out, err


# ---- what is wrong -------------------------------------------------------------

class Judge:
    """Compares what came with what the row expects."""

    def __init__(self, way, site):
        self.way, self.site = way, site
        uid = {"somebody": SOMEBODY, "nameless": NAMELESS, "root": 0}.get(
            way.user, os.getuid()) if site.is_root else os.getuid()
        try:
            self.login = pwd.getpwuid(uid).pw_name
            gecos = pwd.getpwuid(uid).pw_gecos.split(",")[0].replace(
                "&", self.login.capitalize())
        except KeyError:
            self.login, gecos = "uid%d" % uid, ""
        self.author = "%s@contoso.example" % self.login
        if gecos:
            self.author = "%s <%s>" % (gecos, self.author)

    def pattern(self, text):
        """A text of the row as a regular expression."""
        for name, value in (("login", self.login), ("author", self.author),
                            ("conf", self.site.path("conf"))):
            text = text.replace("{%s}" % name, value)
        text = re.escape(text)
        for name, value in (("date", DATE), ("id", ID), ("any", "(?s:.*)"),
                            ("qid", "[0-9A-F]{12}")):
            text = text.replace(r"\{%s\}" % name, value)
        return text.replace(r"\.\.\.", "(?s:.*)")

    def says(self, key, got):
        wanted = self.way.text(key) or ""
        assert re.fullmatch(self.pattern(wanted), got), \
            "%s: %r is not %r" % (key, got, wanted)

    def names(self, key, got):
        wanted = self.way.items(key)
        assert len(got) == len(wanted) and all(
            w == g or re.fullmatch(self.pattern(w), g)
            for w, g in zip(wanted, got)), \
            "%s: %r is not %r" % (key, got, wanted)

    def output(self, status, out, err):
        assert status == self.way.status, (status, err)
        self.says("stdout", out)
        self.says("stderr", err)

    def envelope(self, message, is_ordered=True):
        wanted = self.way.line("from")
        got = message.sender or "<>"
        assert re.fullmatch(self.pattern(wanted), got), \
            "from: %r is not %r" % (got, wanted)
        rcpts = message.rcpts
        if not is_ordered:
            order = self.way.items("to")
            rcpts = sorted(rcpts, key=lambda r: order.index(r)
                           if r in order else -1)
        self.names("to", rcpts)

    def dsn(self, message):
        wanted = self.way.pairs("dsn")
        got = dict(message.dsn)
        if "body" in wanted:
            got.setdefault("body", "none")
        else:
            got.pop("body", None)
        assert got == wanted, "dsn: %r is not %r" % (got, wanted)

    def _fields(self, header):
        text = header.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        return [f + "\n" for f in re.split(r"\n(?![ \t])", text[:-1])]

    def _wanted(self, key):
        text = self.way.text(key)
        return [] if text is None else [
            f + "\n" for f in re.split(r"\n(?![ \t])", text[:-1])]

    def header(self, message):
        got = self._fields(message.header)
        if "header" in self.way.values:
            wanted = self._wanted("header")
            assert len(got) == len(wanted) and all(
                re.fullmatch(self.pattern(w), g)
                for w, g in zip(wanted, got)), \
                "header: %r is not %r" % (got, wanted)
        at = 0
        for wanted in self._wanted("has"):
            found = [n for n, g in enumerate(got)
                     if re.fullmatch(self.pattern(wanted), g)]
            assert len(found) == 1, "has: %r, of %r" % (wanted, got)
            assert found[0] >= at, "has: not in this order: %r" % got
            at = found[0]
        for name in self.way.items("absent"):
            assert not any(g.lower().startswith(name.lower() + ":")
                           for g in got), "absent: %s, of %r" % (name, got)

    def shows(self, message):
        """Fields as a mail program shows them."""
        items = list(read(message.raw).raw_items())
        got = ["%s: %s\n" % (n, shown(as_written(v) if v.isascii() else v))
               for n, v in items]
        for wanted in self._wanted("shows"):
            assert any(re.fullmatch(self.pattern(wanted), g) for g in got), \
                "shows: %r, of %r" % (wanted, got)

    def body(self, message):
        wanted = self.way.text("body")
        if wanted is None:
            return
        wanted = octets(wanted).replace(b"\r\n", b"\n").replace(
            b"\n", b"\r\n")
        assert message.body == wanted, "body: %.300r is not %.300r" % (
            message.body, wanted)

    def text(self, message):
        """The body as a mail program shows it."""
        wanted = self.way.text("text")
        if wanted is None:
            return
        parsed = email.message_from_bytes(
            message.raw, policy=email.policy.default)
        part = parsed.get_body(("plain", "html"))
        got = part.get_payload(decode=True).decode(
            part.get_content_charset("utf-8")).replace("\r\n", "\n")
        assert got == wanted, "text: %.300r is not %.300r" % (got, wanted)

    def notices(self, found):
        self.names("notice", sorted(r for m in found for r in m.rcpts))
        assert all(m.sender == "" for m in found)

    def message(self, found, is_ordered=True):
        """Of those found, one is the row's, and the rest are notices."""
        own = [m for m in found if not m.is_notice]
        self.notices([m for m in found if m.is_notice])
        assert len(own) == self.way.is_queued, "%d messages" % len(own)
        if own:
            self.envelope(own[0], is_ordered)
        return own[0] if own else None


# ---- the places ----------------------------------------------------------------

def run_drop(way, site):
    """Without a daemon: the drop folder has what the front end made."""
    for name in site.dropped():
        os.unlink(site.path("spool/drop/" + name))
    judge = Judge(way, site)
    judge.output(*Call(way, site).run())
    message = judge.message([read_drop(site.path("spool/drop/" + name))
                             for name in site.dropped()])
    if message is not None:
        judge.dsn(message)
        judge.header(message)
        judge.body(message)


def run_daemon(way, site):
    """With one that delivers nothing: the queue has what intake made."""
    site.write("conf/aliases.new", way.text("aliases") or "")
    os.rename(site.path("conf/aliases.new"), site.path("conf/aliases"))
    for command in filter(None, [way.values.get("before")]):
        done = site.run(["/bin/sh", "-c", command.replace(
            "sendmail ", "%s -C %s " % (program("sendmail"),
                                        site.conf_path))], "Subject: x\n\nx\n")
        assert (done.returncode, done.stderr) == (0, "")
    before = {m["id"] for m in site.queue()}
    judge = Judge(way, site)
    try:
        judge.output(*Call(way, site).run())
        message = judge.message([read_queued(way, site, m)
                                 for m in site.queue()
                                 if m["id"] not in before], False)
        if message is not None:
            judge.dsn(message)
    finally:
        site.mailchute("remove", "ALL", "--yes")


def run_wire(way, site):
    """All the way: what the server gets."""
    record = site.server.record
    record.forget()
    judge = Judge(way, site)
    judge.output(*Call(way, site).run())
    found = record.wait_messages(
        way.is_queued + len(way.items("notice")))
    message = judge.message([Queued(m.sender, m.addresses, m.raw)
                             for m in found])
    if message is not None:
        judge.header(message)
        judge.shows(message)
        judge.body(message)
        judge.text(message)
        params = [m for m in found if m.raw == message.raw][0].mail_params
        for name, value in way.pairs("wire").items():
            assert params.get(name, "none") == value, params


RUN = {"drop": run_drop, "daemon": run_daemon, "wire": run_wire}
