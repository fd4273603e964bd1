# SPDX-License-Identifier: ISC
"""A proxy that relays by CONNECT, refuses, or asks who is there."""

import base64
import binascii
import select
import socket
from dataclasses import dataclass

from ..wire import Gone
from .http import Answer
from .server import Endpoint
from .session import HttpSession


@dataclass
class Options:
    auth: str = None       # "user:password" that it asks for
    refuses: bool = False  # 403 to everything
    tls_min: str = "1.2"
    tls_max: str = "1.3"
    tls_ciphers: str = None
    description_break: str = "\r\n"
    delay_ms: float = 0.0


class ProxySession(HttpSession):
    """After a CONNECT that is granted it relays, and reads nothing more."""

    there = None

    def exchange(self):
        goes_on = super().exchange()
        if self.there is None:
            return goes_on
        with self.there:
            self.relay()
        return False

    def handler(self, request):
        def answer():
            said, self.there = self.server.answer(request)
            return said
        return "proxy", answer

    def relay(self):
        here, there = self.wire.sock, self.there
        try:
            there.sendall(self.wire.drop_waiting())
            pairs = {here: there, there: here}
            while True:
                for sock in select.select(list(pairs), [], [])[0]:
                    data = sock.recv(65536)
                    if not data:
                        raise Gone("closed by the %s" % (
                            "client" if sock is here else "server"))
                    pairs[sock].sendall(data)
        except OSError as e:
            raise Gone(str(e)) from None


class Proxy(Endpoint):
    """Keywords are Options.  It speaks plain HTTP, and connects to loopback
    alone, whatever the name that the client gives.  secrets: texts that it
    watches for."""

    NAME = "proxy"

    def __init__(self, host="127.0.0.1", port=0, listener=None, **options):
        super().__init__(None, host, port, Options(**options), listener)
        self.secrets = []

    def url(self, credentials=None):
        return "http://%slocalhost:%d" % (
            credentials + "@" if credentials else "", self.port)

    def session(self, wire, seen):
        return ProxySession(self, wire, seen)

    def known_secrets(self):
        return self.secrets

    def answer(self, request):
        """(Answer, the connection to relay to or None)."""
        if self.options.auth and self.given(request) != self.options.auth:
            return Answer(407, headers={
                "Proxy-Authenticate": 'Basic realm="proxy"'}), None
        if self.options.refuses or request.method != "CONNECT":
            return Answer(403), None
        port = request.target.rpartition(":")[2]
        if not port.isdigit():
            return Answer(400), None
        try:
            there = socket.create_connection(("127.0.0.1", int(port)), 10)
        except OSError:
            return Answer(502), None
        there.settimeout(None)
        return Answer(200), there

    @staticmethod
    def given(request):
        """The user:password that came, or None."""
        kind, _, value = (request.header("proxy-authorization") or
                          "").partition(" ")
        try:
            return base64.b64decode(value, validate=True).decode() \
                if kind.lower() == "basic" else None
        except (binascii.Error, UnicodeDecodeError):
            return None
