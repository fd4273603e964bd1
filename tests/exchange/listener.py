# SPDX-License-Identifier: ISC
"""Sockets, one thread a connection, TLS: what every server here shares."""

import contextlib
import socket
import ssl
import threading
import warnings
from dataclasses import fields

from .wire import Wire

TLS_VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
                "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class NamedSocket(ssl.SSLSocket):
    """A TLS socket that remembers the name the client asked for (SNI)."""

    wanted_name = None


class Listener:
    """A server of NAME; a subclass says what a session is.

    certificate   of Authority.issue and its like; None: no TLS at all
    host, port    0 takes a free port
    options       with tls_min, tls_max, tls_ciphers and delay_ms
    """

    NAME = "exchange"

    def __init__(self, certificate, host, port, options, faults, record):
        self.certificate = certificate
        self.host, self.port = host, port
        self.options, self.faults, self.record = options, faults, record
        self._wires = {}
        self._lock = threading.Lock()
        self._listening = self._kept = None
        self._context = None

    def session(self, wire, seen):
        """What serves one connection, in its run()."""
        raise NotImplementedError

    # ---- life -----------------------------------------------------------

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *exc):
        self.stop()

    def _bound(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, self.port))
        return sock

    def up(self):
        """Starts to listen; the port stays the same over down and up, and
        nobody else gets it while it is down."""
        if self._kept is None:
            self._kept = self._bound()
            self.port = self._kept.getsockname()[1]
        sock = self._bound()
        sock.listen(1024)
        self._listening = sock
        threading.Thread(target=self._accept, args=(sock,), daemon=True,
                         name=self.NAME + "-accept").start()

    def down(self):
        """Stops listening: connections are refused; those open go on."""
        sock, self._listening = self._listening, None
        if sock is not None:
            # A close alone would leave accept(2) waiting in its thread.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def stop(self):
        """Ends everything; nothing is left running."""
        self.down()
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        self.faults.clear()
        with self._lock:
            wires = list(self._wires.items())
        for wire, thread in wires:
            wire.wake()
        for wire, thread in wires:
            thread.join(10)

    def disconnect(self):
        """Ends every open connection, as a restart of the server would."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            wire.wake()

    def _accept(self, sock):
        while True:
            try:
                client, peer = sock.accept()
            except OSError:
                return
            # Whoever is told of a connection can end it, and wait for its end.
            with self._lock:
                beside = sum(wire.has_client() for wire in self._wires)
                seen = self.record.connect(peer, beside)
                wire = self._wire(client, seen)
                thread = threading.Thread(target=self._serve,
                                          args=(wire, seen), daemon=True,
                                          name=self.NAME + "-session")
                self._wires[wire] = thread
                thread.start()

    def _wire(self, client, seen):
        return Wire(client, lambda: self.options.delay_ms / 1000,
                    lambda data: self.look(seen, data))

    def _serve(self, wire, seen):
        try:
            self.session(wire, seen).run()
        finally:
            with self._lock:
                self._wires.pop(wire, None)

    def context(self):
        """The TLS context of the options in force.

        It is kept while they stay the same: its ticket keys let a client
        resume.  TLS 1.0 and 1.1 need security level 0; then AES-CBC with
        SHA-1 signatures is what such a server has to offer.
        """
        o = self.options
        which = (self.certificate, o.tls_min, o.tls_max, o.tls_ciphers)
        with self._lock:
            if self._context is None or self._context[0] != which:
                self._context = (which, self._new_context())
            return self._context[1]

    def look(self, seen, data):
        """Sees what comes outside TLS; a subclass looks for secrets."""

    def _new_context(self):
        o = self.options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sslsocket_class = NamedSocket
        old = o.tls_min in ("1.0", "1.1")
        if o.tls_ciphers or old:
            context.set_ciphers(o.tls_ciphers or "DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = TLS_VERSIONS[o.tls_min]
            context.maximum_version = TLS_VERSIONS[o.tls_max]
        context.load_cert_chain(*self.certificate)

        def remember(sock, name, _):
            sock.wanted_name = name
        context.sni_callback = remember
        return context

    # ---- changes by name, for the control socket -------------------------

    def set(self, name, value):
        """Sets an option from text."""
        kinds = {f.name: f.type for f in fields(self.options)}
        kind = kinds.get(name)
        if kind is bool:
            value = value in ("yes", "1", "true", "on")
        elif kind in (int, float):
            value = kind(value)
        elif kind is list:
            value = [v for v in value.split(",") if v]
        elif kind is dict:
            key, _, text = value.partition(":")
            value = {**getattr(self.options, name), key: text}
        elif kind is not str:
            raise ValueError("no option %r; there are: %s"
                             % (name, ", ".join(sorted(kinds))))
        if name.startswith("tls_m") and value not in TLS_VERSIONS:
            raise ValueError("not a TLS version: %r" % value)
        setattr(self.options, name, value)
