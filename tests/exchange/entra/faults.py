# SPDX-License-Identifier: ISC
"""Scripted faults of the token endpoint, of IMDS and of the proxy."""

from dataclasses import dataclass

from ..faults import Scripted
from . import errors, hostile


@dataclass
class HttpFault(Scripted):
    """One fault; nth, count, match, delay, stall, close, rst, raw and drip are
    those of every fault.  match looks at "METHOD target grant client_id".

    In state connect or handshake: delay, stall, raw, close, rst.  In the
    others the request was read, and then, all before it is acted upon:
      close, rst  no answer, unless after says otherwise
      raw         these bytes and the end
      error       AADSTS number: that refusal
      status      that status (with body, or none), nothing done
      redirect    its Location, with status or 302
    or after, so that what was issued or rotated is:
      kind        the right answer, made wrong: a name of hostile.KINDS
      fields      "expires_in=10,token_type=mac": other values in it, JSON;
                  "name=" takes one away
      after       only so many octets of the answer, then the end (or rst)
      drip        seconds between the octets of the answer
    retry_after and headers ("Name: value\\nName: value") go with any answer.
    """

    STATES = ("connect", "handshake", "token", "devicecode", "imds", "proxy")

    error: int = 0
    status: int = 0
    body: str = None
    redirect: str = None
    retry_after: str = None
    headers: str = None
    kind: str = None
    fields: str = None

    def __post_init__(self):
        super().__post_init__()
        if self.error and self.error not in errors.REFUSALS:
            raise ValueError("no error %r is known" % self.error)
        if self.kind and self.kind not in hostile.KINDS:
            raise ValueError("no kind %r: one of %s"
                             % (self.kind, ", ".join(hostile.KINDS)))

    @property
    def name(self):
        """What it does, in a word, for the record."""
        for part in ("kind", "error", "redirect", "status", "fields", "raw",
                     "stall", "rst", "close", "drip", "delay"):
            if getattr(self, part):
                value = getattr(self, part)
                return part if value is True else "%s %s" % (part, value)
        return "nothing"

    @property
    def replaces(self):
        """Does it take the place of what was asked for?"""
        return bool(self.error or self.status or self.redirect)

    def more_headers(self):
        pairs = [line.partition(":")[::2]
                 for line in (self.headers or "").split("\n") if line]
        made = {name.strip(): value.strip() for name, value in pairs}
        if self.retry_after is not None:
            made["Retry-After"] = self.retry_after
        return made
