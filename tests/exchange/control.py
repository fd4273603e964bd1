# SPDX-License-Identifier: ISC
"""The control socket: one command a line, its answer, then "ok"."""

import os
import shlex
import socket
import threading

HELP = """\
fault WORDS        add a fault, such as: fault state=rcpt reply='550 5.1.1 no'
clear              take all faults away and end every stall
release            end every stall, keep the faults
set NAME VALUE     change an option for what follows
down, up           refuse connections; take them again
disconnect         end every open connection
stats              what was seen, in figures
messages           the messages, one a line
show N             the Nth message as received
forget             empty the record
quit               stop the server
token, imds, proxy WORDS   the servers beside it; README.md lists the words"""


def steer(server, verb, words):
    """Does what every kind of server is told alike; false when it is none of
    that."""
    if verb == "fault":
        server.faults.add(server.faults.kind.parse(words))
    elif verb == "set":
        server.set(words[0], " ".join(words[1:]))
    elif verb in ("clear", "release"):
        getattr(server.faults, verb)()
    elif verb in ("up", "down", "disconnect"):
        getattr(server, verb)()
    elif verb == "forget":
        server.record.forget()
    else:
        return False
    return True


class Control:
    """tokens: an entra.control.TokenControl, when there is such a server."""

    def __init__(self, server, path, done, folder=None, tokens=None):
        self.server, self.path, self._done = server, path, done
        self._tokens = tokens
        self._folder = folder
        self._written = 0
        self._socket = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._socket.bind(self.path)
        self._socket.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()
        if self._folder:
            os.makedirs(self._folder, exist_ok=True)
            threading.Thread(target=self._write_out, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._socket.close()
        os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, client.makefile("rw") as f:
                for line in f:
                    f.write(self._answer(line))
                    f.flush()

    def _answer(self, line):
        try:
            words = shlex.split(line)
            text = self._do(words[0], words[1:]) if words else HELP
        except (ValueError, IndexError, AttributeError, TypeError,
                StopIteration, OSError) as e:
            return "error: %s\n" % e
        return text + "\n" if text else "ok\n"

    def _do(self, verb, words):
        server, record = self.server, self.server.record
        if steer(server, verb, words):
            return None
        if verb in ("token", "imds", "proxy") and self._tokens:
            return self._tokens.do(verb, words)
        if verb == "quit":
            self._done.set()
        elif verb == "stats":
            return self._stats()
        elif verb == "messages":
            return "\n".join("%d %s %s size=%d from=<%s> to=%s" % (
                i, "accepted" if m.accepted else "refused", m.how, m.size,
                m.sender, ",".join(m.addresses))
                for i, m in enumerate(record.messages, 1))
        elif verb == "show":
            return record.messages[int(words[0]) - 1].raw.decode(
                "utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
        elif verb == "help":
            return HELP
        else:
            raise ValueError("no command %r; try help" % verb)
        return None

    def _stats(self):
        seen = self.server.record.connections
        return "\n".join("%s %s" % pair for pair in (
            ("connections", len(seen)),
            ("open", sum(c.open for c in seen)),
            ("tls", sum(bool(c.tls) for c in seen)),
            ("resumed", sum(c.resumed for c in seen)),
            ("signins", sum(c.auths for c in seen)),
            ("secrets-in-clear", len(self.server.record.secrets_in_clear)),
            ("accepted", len(self.server.record.accepted)),
            ("refused", sum(not m.accepted
                            for m in self.server.record.messages))))

    def _write_out(self):
        record = self.server.record
        while True:
            with record.changed:
                while len(record.accepted) <= self._written:
                    record.changed.wait()
                message = record.accepted[self._written]
            self._written += 1
            path = os.path.join(self._folder, "%04d.eml" % self._written)
            with open(path, "wb") as f:
                f.write(message.raw)
