# SPDX-License-Identifier: ISC
"""A raw SMTP client, for tests of the stand-in itself."""

import base64
import socket
import ssl


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.b64encode(data).decode()


class Client:
    """Says exactly what a test wants said.  Replies come as text, the lines
    of a reply joined by "\\n"; an ended connection as "".  It connects at its
    first word, so that a fault can be set before."""

    NAME = "web01.contoso.example"

    def __init__(self, server, authority=None, timeout=60):
        self.server = server
        self.roots = authority.roots if authority else None
        self.timeout = timeout
        self.sock = self.file = None
        self.is_signed_in = False  # for the caller to note

    def connect(self):
        if self.sock is None:
            self.sock = socket.create_connection(
                (self.server.host, self.server.port), self.timeout)
            self.file = self.sock.makefile("rb")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.sock is not None:
            self.file.close()
            self.sock.close()

    def send(self, data):
        self.connect()
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def reply(self):
        lines = []
        self.connect()
        while True:
            line = self.file.readline().decode("latin-1")
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def cmd(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def context(self, **how):
        context = ssl.create_default_context(cafile=self.roots)
        for name, value in how.items():
            setattr(context, name, value)
        return context

    def handshake(self, context=None, name="localhost", session=None):
        context = context or self.context()
        self.connect().file.close()
        # A server that ends TLS without saying so shows as an error.
        self.sock = context.wrap_socket(self.sock, server_hostname=name,
                                        session=session,
                                        suppress_ragged_eofs=False)
        self.file = self.sock.makefile("rb")
        return self

    def hello(self):
        """Greeting and EHLO, without TLS."""
        assert self.reply().startswith("220 ")
        return self.cmd("EHLO " + self.NAME)

    def secure(self, **how):
        """Up to the second EHLO."""
        self.hello()
        assert self.cmd("STARTTLS") == "220 2.0.0 SMTP server ready"
        self.handshake(**how)
        return self.cmd("EHLO " + self.NAME)

    def login(self, user, password):
        """AUTH LOGIN; the last reply."""
        reply = self.cmd("AUTH LOGIN")
        if reply[:3] != "334":
            return reply
        reply = self.cmd(b64(user))
        if reply[:3] != "334":
            return reply
        return self.cmd(b64(password))
