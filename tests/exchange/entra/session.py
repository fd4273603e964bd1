# SPDX-License-Identifier: ISC
"""One connection of HTTP: requests, their answers, and the faults of both."""

import ssl
from email.utils import formatdate

from ..session import End
from ..wire import Gone
from . import hostile
from .errors import Refused
from .http import Answer, BadRequest, Request, read_body, read_head


class HttpSession:
    """Serves what the server's route(request) says."""

    def __init__(self, server, wire, seen):
        self.server = server
        self.wire = wire
        self.seen = seen

    def run(self):
        """Serves the connection to its end; never raises."""
        rst = False
        try:
            self.begin()
            while self.exchange():
                pass
            self.seen.ended = "closed by the server"
        except End as e:
            rst = e.rst
            self.seen.ended = "reset by the server" if rst else \
                "closed by the server"
        except Gone as e:
            self.seen.ended = str(e)
        self.seen.open = False
        self.note("close", self.seen.ended)
        self.wire.close(rst)

    def note(self, kind, text=""):
        self.server.record.note(self.seen, kind, text)

    # ---- the connection -------------------------------------------------

    def begin(self):
        self.early_fault("connect", False)
        if self.server.certificate is None:
            return
        self.early_fault("handshake", True)
        try:
            self.wire.start_tls(self.server.context())
        except (ssl.SSLError, OSError) as e:
            self.seen.tls_error = getattr(e, "reason", None) or str(e)
            self.note("tls-error", self.seen.tls_error)
            raise End() from None
        sock = self.wire.sock
        self.seen.sni = getattr(sock, "wanted_name", None)
        self.seen.tls, self.seen.cipher = sock.version(), sock.cipher()[0]
        self.seen.resumed = sock.session_reused
        self.note("tls", "%s %s" % (self.seen.tls, self.seen.cipher))

    def early_fault(self, state, after_hello):
        """Before any request."""
        fault = self.server.faults.take(state)
        if fault is None:
            return
        self.hesitate(fault)
        if fault.raw is not None:
            if after_hello:
                self.wire.await_octets()
            self.wire.send(fault.raw)
        if fault.close or fault.rst or fault.raw is not None:
            raise End(fault.rst)

    def hesitate(self, fault):
        self.note("fault", fault.name)
        if fault.delay:
            self.wire.pause(fault.delay)
        if fault.stall:
            self.note("stall", fault.state)
            self.wire.stall(fault)

    # ---- a request ------------------------------------------------------

    def exchange(self):
        """One request and its answer; false at the end."""
        try:
            method, target, headers = read_head(self.wire)
            body = read_body(self.wire, headers)
        except BadRequest as e:
            self.note("bad-request", str(e))
            self.wire.send(Answer(400, headers={"Connection": "close"})
                           .encode())
            return False
        request = Request(self.seen.id, self.server.now(), method, target,
                          headers, body, self.seen.tls)
        return self.serve(request)

    def serve(self, request):
        state, handler = self.handler(request)
        self.server.look_at(request)
        self.server.record.add_request(self.seen, request)
        fault = self.server.faults.take(state, "%s %s %s %s" % (
            request.method, request.target, request.grant, request.client_id))
        if fault is not None:
            return self.suffer(fault, request, handler)
        answer = handler()
        self.told(request, answer)
        self.wire.send(answer.encode())
        return self.goes_on(request)

    @staticmethod
    def goes_on(request):
        """Does the client want to ask more on this connection?"""
        return (request.header("connection") or "").lower() != "close"

    def handler(self, request):
        """(state, function to the Answer) of a request."""
        return self.server.route(request)

    def told(self, request, answer):
        answer.headers.setdefault("Date", formatdate(self.server.now(),
                                                     usegmt=True))
        with self.server.record.changed:
            request.status, request.number = answer.status, answer.number
        self.note("answer", "%d%s" % (answer.status, " AADSTS%d"
                                      % answer.number if answer.number
                                      else ""))

    def suffer(self, fault, request, handler):
        request.fault = fault.name
        self.hesitate(fault)
        if fault.raw is not None:
            self.wire.send(fault.raw)
            return False
        if (fault.close or fault.rst) and not (fault.after or fault.kind):
            raise End(fault.rst)
        answer = self.instead(fault, request) if fault.replaces else handler()
        answer.headers.update(fault.more_headers())
        if fault.fields:
            answer = hostile.with_fields(answer, fault.fields)
        self.told(request, answer)
        pieces = hostile.KINDS[fault.kind](answer) if fault.kind else \
            iter([answer.encode()])
        self.send(pieces, fault)
        if fault.kind or fault.after or fault.close or fault.rst:
            raise End(fault.rst)
        return self.goes_on(request)

    def instead(self, fault, request):
        """The answer in place of the right one."""
        if fault.error:
            answer = self.server.refuse(Refused(fault.error), request)
            answer.status = fault.status or answer.status
        else:
            answer = Answer(fault.status or 302,
                            (fault.body or "").encode("utf-8"))
        if fault.redirect:
            answer.headers["Location"] = fault.redirect
        return answer

    def send(self, pieces, fault):
        left = fault.after or float("inf")
        for piece in pieces:
            if len(piece) > left:
                piece = piece[:int(left)]
            left -= len(piece)
            if fault.drip:
                for at in range(len(piece)):
                    self.wire.pause(fault.drip)
                    self.wire.send(piece[at:at + 1])
            else:
                self.wire.send(piece)
            if left <= 0:
                return
