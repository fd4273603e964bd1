# SPDX-License-Identifier: ISC
"""HTTP/1.1 as far as a token endpoint needs it, read strictly."""

import json
import urllib.parse
from dataclasses import dataclass, field

HEADERS_MAX = 100
BODY_MAX = 1 << 20

REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently",
           302: "Found", 303: "See Other", 307: "Temporary Redirect",
           308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           407: "Proxy Authentication Required", 410: "Gone",
           413: "Content Too Large", 415: "Unsupported Media Type",
           429: "Too Many Requests", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}

JSON = "application/json; charset=utf-8"


class BadRequest(Exception):
    """What came is no request; the text says why."""


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    number: int = 0  # AADSTS, for the record

    @classmethod
    def of(cls, value, status=200, **headers):
        return cls(status, json.dumps(value).encode(), headers)

    @property
    def fields(self):
        return json.loads(self.body)

    def head(self, drop=(), **more):
        """Status line and headers, without the blank line; more replaces."""
        headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache",
                   "Content-Type": JSON, "X-Content-Type-Options": "nosniff",
                   **self.headers, "Content-Length": str(len(self.body))}
        headers.update((k.replace("_", "-"), v) for k, v in more.items())
        lines = ["HTTP/1.1 %d %s" % (self.status,
                                     REASONS.get(self.status, "Whatever"))]
        lines += ["%s: %s" % pair for pair in headers.items()
                  if pair[0] not in drop]
        return ("\r\n".join(lines) + "\r\n").encode("latin-1")

    def encode(self):
        return self.head() + b"\r\n" + self.body


@dataclass
class Request:
    """One request as it came, and what was answered."""

    connection: int
    at: float
    method: str
    target: str
    headers: list          # of (name in lower case, value)
    body: bytes = b""
    tls: str = None
    grant: str = None
    client_id: str = None
    tenant: str = None
    secrets_in_url: list = field(default_factory=list)  # names of parameters
    secrets_in_headers: list = field(default_factory=list)
    status: int = 0        # that was answered; 0: none, or not whole
    number: int = 0        # AADSTS of the answer
    fault: str = None      # what it suffered
    form: dict = field(default_factory=dict)

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.target.partition("?")[2],
                                           keep_blank_values=True))

    def header(self, name):
        return next((v for n, v in self.headers if n == name.lower()), None)

    @property
    def credentials(self):
        """The secrets it brought, by parameter."""
        return {k: v for k, v in self.form.items() if k in CREDENTIALS}


CREDENTIALS = ("client_secret", "client_assertion", "refresh_token",
               "device_code", "password", "code")


def read_head(wire):
    """(method, target, headers) of the next request."""
    def line():
        raw, crlf = wire.line()
        if not crlf:
            raise BadRequest("a bare line feed")
        return raw.decode("latin-1")
    words = line().split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest("no request line")
    headers = []
    while True:
        text = line()
        if not text:
            return words[0], words[1], headers
        name, colon, value = text.partition(":")
        if not colon or not name or name != name.strip() or \
                len(headers) >= HEADERS_MAX:
            raise BadRequest("no header: %r" % text[:40])
        headers.append((name.lower(), value.strip()))


def read_body(wire, headers):
    """What follows them: Content-Length is what a form comes with."""
    given = dict(headers)
    if "transfer-encoding" in given:
        raise BadRequest("no chunks, please")
    size = given.get("content-length", "0")
    if not size.isdigit() or int(size) > BODY_MAX:
        raise BadRequest("Content-Length %r" % size[:40])
    if given.get("expect", "").lower() == "100-continue":
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    return b"".join(wire.exactly(int(size)))


def read_form(body):
    """(fields, the name given twice or None) of a form, decoded strictly."""
    if not body:
        return {}, None
    text = body.decode("ascii")  # ValueError when it is not encoded
    for part in text.split("%")[1:]:
        int(part[:2] + ("" if len(part) > 1 else "?"), 16)
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True,
                                   strict_parsing=True, errors="strict")
    fields, twice = {}, None
    for name, value in pairs:
        if name in fields:
            twice = name
        fields[name] = value
    return fields, twice
