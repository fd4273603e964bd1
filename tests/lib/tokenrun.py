# SPDX-License-Identifier: ISC
"""Starts the program token by itself, and plays both of its partners: the queue
process, which asks, and the parent, which hands out secrets' files."""

import array
import fcntl
import os
import socket
import struct
import subprocess
import threading

from .notify import DEADLINE
from .site import program

SCOPE = "https://outlook.office365.com/.default"
USER_SCOPE = "https://outlook.office.com/SMTP.Send offline_access"
VERSION = 2
GET_SEALS = 1034  # F_GET_SEALS

# docs/protocol.md: token_ask
ASK = {"account": 2, "provider": 3, "grant": 4, "proof": 5, "assertion": 6,
       "is_device_code": 7, "token_url": 8, "scope": 9, "client_id": 10,
       "tenant": 11, "user": 12, "proxy": 13, "ca_file": 14, "family": 15,
       "sandbox": 16, "deadline_ms": 17, "connect_ms": 18, "log_target": 19,
       "log_level": 20, "app_rbac": 21}
GRANTS = {"client_credentials": 0, "refresh_token": 1, "managed_identity": 2,
          "federated": 3}
PROOFS = {None: 0, "secret": 1, "certificate": 2, "federated": 3}
GRANTED = ["lifetime_s", "asked_at", "until", "server_at", "has_refresh",
           "is_rotated", "refresh_since", "cert_until", "doubt", "fix", "aud",
           "roles", "scp", "appid", "oid", "tid", "upn", "exp"]
FAILED = ["class", "ended", "http", "aadsts", "status", "error", "text",
          "phase", "meaning", "fix", "wait_s", "server_at", "asked_at",
          "cert_until"]
CODE = ["uri", "code", "expires_s", "interval_s"]
KINDS = {2: ("refused", None), 3: ("granted", GRANTED), 4: ("failed", FAILED),
         5: ("code", CODE)}
TEXTS = {"doubt", "fix", "aud", "roles", "scp", "appid", "oid", "tid", "upn",
         "status", "error", "text", "phase", "meaning", "uri", "code"}
LATER, NEVER = 1, 2
NOTHING, SECRET, CERTIFICATE, REFRESH = range(4)


def field(tag, value):
    data = struct.pack(">Q", value) if isinstance(value, int) else \
        value.encode()
    return struct.pack(">BI", tag, len(data)) + data


def frame(kind, payload):
    return struct.pack(">BI", kind, len(payload)) + payload


def fields(payload, names):
    found, at = {}, 0
    while at < len(payload):
        tag, n = struct.unpack_from(">BI", payload, at)
        value = payload[at + 5:at + 5 + n]
        name = names[tag - 1]
        found[name] = value.decode() if name in TEXTS else \
            struct.unpack(">Q", value)[0]
        at += 5 + n
    return found


class Answer:
    """kind: granted, failed, refused, or None when it said nothing."""

    def __init__(self, kind, values=None):
        self.kind = kind
        self.__dict__.update(values or {})
        self.values = values or {}

    def __repr__(self):
        return "%s %r" % (self.kind, self.values)


class TokenRun:
    """One run.  files: {"S": path, ...} by the octet that asks for them; a
    value that is a text in a list, such as ["4 reason"], refuses.  folder is the
    one of refresh tokens."""

    def __init__(self, folder=None, files=None, refuses_place=None,
                 environ=None):
        self.folder, self.files = folder, files or {}
        self.refuses_place = refuses_place
        self.access = None  # the access token that the parent adopted
        self.asked = ""     # octets in the order that they came
        self.stderr = b""
        self.at_keep = None  # called before the parent adopts
        self.queue, theirs = socket.socketpair()
        self.parent, secrets = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.queue.settimeout(DEADLINE)
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c",
             "import os, sys\n"
             "a, b = int(sys.argv[1]), int(sys.argv[2])\n"
             "a, b = os.dup(a), os.dup(b)\n"
             "os.dup2(a, 60); os.dup2(b, 61)\n"
             "os.dup2(60, 3); os.dup2(61, 4)\n"
             "os.execve(sys.argv[3], [sys.argv[3]], dict(\n"
             "    word.split('=', 1) for word in sys.argv[4:]))\n",
             str(theirs.fileno()), str(secrets.fileno()), program("token"),
             *("%s=%s" % pair for pair in (environ or {}).items())],
            pass_fds=[theirs.fileno(), secrets.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        theirs.close()
        secrets.close()
        self._buffer = b""
        self._thread = threading.Thread(target=self._hand_out, daemon=True)
        self._thread.start()

    # ---- the parent -------------------------------------------------------

    def _send(self, fd, text):
        extra = [] if fd is None else [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.parent.sendmsg([text.encode() + b"\0"], extra)

    def _hand_out(self):
        place = None
        while True:
            octet = self.parent.recv(1).decode()
            if not octet:
                break
            self.asked += octet
            if octet == "A":
                place = os.memfd_create("token", os.MFD_CLOEXEC |
                                        os.MFD_ALLOW_SEALING)
                self._send(place, "")
            elif octet == "W":
                self._keep(place)
            else:
                self._hand_file(octet)
        if place is not None:
            os.close(place)

    def _keep(self, place):
        if self.at_keep:
            self.at_keep()
        if self.refuses_place:
            self._send(None, self.refuses_place)
            return
        self.seals = fcntl.fcntl(place, GET_SEALS)
        self.access = os.pread(place, 1 << 20, 0).decode()
        self._send(None, "")

    def _hand_file(self, octet):
        path = self.folder if octet == "D" else self.files.get(octet)
        if path is None:
            self._send(None, "5 there is no such file")
        elif isinstance(path, list):
            self._send(None, path[0])
        else:
            fd = os.open(path, os.O_RDONLY)
            self._send(fd, path)
            os.close(fd)

    # ---- the queue process --------------------------------------------------

    def ask(self, version=VERSION, **values):
        given = {"account": "", "provider": 0, "proof": None, "assertion": 0,
                 "is_device_code": 0, "scope": SCOPE, "family": 0,
                 "sandbox": 0, "deadline_ms": 30000, "connect_ms": 10000,
                 "log_target": 1, "log_level": 7, "app_rbac": 0, **values}
        given["grant"] = GRANTS[given["grant"]]
        given["proof"] = PROOFS[given["proof"]]
        payload = field(1, version) + b"".join(
            field(ASK[name], value) for name, value in given.items()
            if value is not None)
        self.queue.sendall(frame(1, payload))

    def answer(self):
        """The next frame."""
        while True:
            if len(self._buffer) >= 5:
                kind, n = struct.unpack_from(">BI", self._buffer)
                if len(self._buffer) >= 5 + n:
                    payload = self._buffer[5:5 + n]
                    self._buffer = self._buffer[5 + n:]
                    break
            data = self.queue.recv(65536)
            if not data:
                return Answer(None)
            self._buffer += data
        name, names = KINDS[kind]
        if names is None:
            return Answer(name, {"text": payload.decode()})
        return Answer(name, fields(payload, names))

    def end(self):
        """Waits for its end; the exit status."""
        _, self.stderr = self.process.communicate(timeout=DEADLINE)
        self.queue.close()
        self._thread.join(DEADLINE)
        self.parent.close()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.end()


def run_token(folder=None, files=None, environ=None, **values):
    """One whole run: (answer, TokenRun)."""
    run = TokenRun(folder, files, environ=environ)
    try:
        run.ask(**values)
        got = run.answer()
        status = run.end()
    finally:
        run.close()
    assert b"Sanitizer" not in run.stderr, run.stderr
    assert status == 0 or got.kind in ("refused", None), run.stderr
    return got, run
