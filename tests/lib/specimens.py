# SPDX-License-Identifier: ISC
"""What earlier versions wrote, stored for good in tests/data."""

import gzip
import os
import struct

from .fakedaemon import END, field, frame
from .site import TESTS

ENVELOPE, RCPTS, DATA = 2, 3, 4
RAW_MAX, FRAME_MAX = 65536, 262144

# Each drop file of version 1: to whom it goes, on a host of contoso.example
# where ops is an alias and root is none.
VERSION_1 = {
    "small": ["a@example.net"],
    "eight-bit": ["a@example.net"],
    "many": ["r%d@example.net" % n for n in range(300)],
    "dsn": ["a@example.net", "b@example.net"],
    "local": ["it@contoso.example", "ops@example.net"],
    "null-sender": ["a@example.net"],
    "every-field": ["böb@example.com", "it@contoso.example"],
}
ALIASES = "ops: ops@example.net\n"


def path(*names):
    return os.path.join(TESTS, "data", *names)


def read(*names):
    with open(path(*names), "rb") as f:
        return f.read()


def drop_file(name):
    """A drop file of version 1."""
    return read("submit-1", name + ".drop")


def said(name):
    """The same as it goes over the socket: the line is the file's own."""
    return drop_file(name).partition(b"\n")[2]


def number(tag, value):
    return field(tag, struct.pack("!Q", value))


def submission(body, rcpts, version=1, more=b""):
    """What a client of version 1 says, by an encoder that is not ours."""
    out = [frame(ENVELOPE, number(1, version) + field(3, os.urandom(16))
                 + number(4, 1795935600)
                 + field(5, b"alerts@contoso.example") + more)]
    payload = b""
    for rcpt in rcpts:
        one = field(13, rcpt.encode())
        if len(payload) + len(one) > FRAME_MAX:
            out.append(frame(RCPTS, payload))
            payload = b""
        payload += one
    out.append(frame(RCPTS, payload))
    for at in range(0, len(body), RAW_MAX):
        out.append(frame(DATA, body[at:at + RAW_MAX]))
    out.append(frame(END, number(17, len(body))))
    return b"".join(out)


# ---- the queue of version 1 ----------------------------------------------------

HELD, AWAY = "held@contoso.example", "away@contoso.example"

# What waits in it, by address; "active" becomes uncertain when it is opened,
# and staging@example.net, half-way in, was never acknowledged.
WAITING = {
    "alerts@contoso.example": "queued",   # a notice, of two refusals
    "later@example.net": "queued",        # one and refused are finished
    "ops@example.net": "queued",
    "of-held@example.net": "queued",      # an account that is held
    "of-away@example.net": "queued",      # one that backs off
    "uncertain@example.net": "uncertain",
    "held@example.net": "held",
    "too@example.net": "held",
    "active@example.net": "uncertain",
    "queued@example.net": "queued",
}
FINISHED = {
    "delivered@example.net": "delivered",
    "one@example.net": "delivered",
    "refused@example.net": "bounced",
    "late@example.net": "expired",
    "removed@example.net": "removed",
}


def queue_conf(site, away_port):
    """The accounts that it knows; nothing in it is too old for them."""
    site.conf["queue"].update(lifetime="365d", delay_notice="never",
                              retry="30d", history="36500d")
    common = {k: site.conf["account"][k] for k in
              ("provider", "host", "port", "auth", "rate", "tls_ca_file",
               "password_file")}
    site.conf["account held"] = dict(common, user=HELD)
    site.conf["account away"] = dict(common, user=AWAY, port=away_port)


def plant_queue(site, data=None, version=1):
    """Gives a site that has not run yet the stored queue."""
    target = site.path("lib/queue.db")
    with open(target, "wb") as f:
        f.write(data or gzip.decompress(read("queue-%d" % version, "queue.db.gz")))
    os.chmod(target, 0o600)
    if os.getuid() == 0:
        os.chown(target, site.uid, site.gid)
    return target
