# SPDX-License-Identifier: ISC
"""The server by hand: python3 -m exchange (from the folder tests/)."""

import argparse
import contextlib
import datetime
import os
import shlex
import signal
import socket
import sys
import tempfile
import threading

from . import Authority, Exchange
from .control import Control
from .faults import Fault

WIDTH = 200


def arguments():
    p = argparse.ArgumentParser(
        prog="exchange", description="A server that speaks as Exchange "
        "Online does, for tests. It listens on loopback alone.")
    p.add_argument("--port", type=int, default=2587)
    p.add_argument("--ipv6", action="store_true", help="::1, not 127.0.0.1")
    p.add_argument("--dir", help="for certificates; kept, and used again "
                   "[a temporary folder]")
    p.add_argument("--user", action="append", metavar="ADDRESS:PASSWORD",
                   help="a mailbox that may sign in "
                   "[alerts@contoso.example:secret]")
    p.add_argument("--token", action="append", metavar="ADDRESS:TOKEN",
                   default=[], help="the same for XOAUTH2")
    p.add_argument("--fault", action="append", default=[], metavar="WORDS",
                   help="such as \"state=mail reply='432 4.3.2 Busy' count=2\""
                   "; may be given again")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                   help="any option of README.md, such as tarpit=5")
    p.add_argument("--certificate", default="good",
                   choices=["good", "wrong-name", "expired", "not-yet",
                            "self-signed", "untrusted", "none"])
    p.add_argument("--name", default="localhost",
                   help="name in the certificate [localhost]")
    p.add_argument("--control", help="socket that takes commands "
                   "[DIR/control]")
    p.add_argument("--token-port", type=int, metavar="PORT",
                   help="a token endpoint, whose tokens sign in")
    p.add_argument("--imds-port", type=int, metavar="PORT",
                   help="the metadata service of the same tenant")
    p.add_argument("--proxy-port", type=int, metavar="PORT",
                   help="a proxy for token requests")
    p.add_argument("--proxy-auth", metavar="USER:PASSWORD",
                   help="that the proxy asks for")
    p.add_argument("--messages", metavar="FOLDER",
                   help="write each accepted message there")
    p.add_argument("--ready", metavar="FILE",
                   help="made once the server takes connections")
    p.add_argument("--quiet", action="store_true", help="print messages only")
    p.add_argument("--tell", metavar="COMMAND", help="send COMMAND to the "
                   "control socket of a running server, print the answer")
    return p.parse_args()


class Printer:
    """Prints events, one a line, and writes messages out."""

    SIGNS = {"command": "C:", "reply": "S:"}

    _lock = threading.Lock()

    def __init__(self, quiet, name=""):
        self.quiet, self.name = quiet, name

    def __call__(self, event):
        if self.quiet and event.kind != "message":
            return
        at = datetime.datetime.fromtimestamp(event.at)
        sign = self.SIGNS.get(event.kind, "-- " + event.kind)
        with self._lock:
            for line in (event.text or "").split("\n"):
                print("%s %s[%d] %s %s" % (at.strftime("%H:%M:%S.%f")[:-3],
                                           self.name, event.connection, sign,
                                           line[:WIDTH]), flush=True)


def certificate(ca, args):
    made = {"good": lambda: ca.issue(args.name, rsa=True),
            "wrong-name": lambda: ca.issue("wrong.example"),
            "expired": lambda: ca.issue(args.name, expired=True),
            "not-yet": lambda: ca.issue(args.name, not_yet=True),
            "self-signed": lambda: ca.self_signed(args.name),
            "untrusted": lambda: ca.untrusted(args.name),
            "none": lambda: None}
    return made[args.certificate]()


def tell(path, command):
    """Says one command to a running server."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(command.encode() + b"\n")
        s.shutdown(socket.SHUT_WR)
        with s.makefile() as answer:
            text = answer.read()
    sys.stdout.write(text)
    return 1 if text.startswith("error") else 0


def pairs(words):
    return dict(w.split(":", 1) for w in words)


def tokens(args, server, ca):
    """The servers beside it that were asked for, by name."""
    if args.token_port is None:
        return {}
    from .entra.byhand import beside  # needs python3-cryptography
    return beside(args, server, certificate(ca, args), lambda name: Printer(
        args.quiet, name + " "))


def serve(args, directory):
    ca = Authority(os.path.join(directory, "ca"))
    server = Exchange(
        certificate(ca, args), host="::1" if args.ipv6 else "127.0.0.1",
        port=args.port, listener=Printer(args.quiet),
        provider="smtp" if "provider=smtp" in args.set else "office365",
        users=pairs(args.user or ["alerts@contoso.example:secret"]),
        tokens=pairs(args.token))
    for item in args.set:
        name, _, value = item.partition("=")
        server.set(name, value)
    for words in args.fault:
        server.faults.add(Fault.parse(shlex.split(words)))
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    beside = tokens(args, server, ca)
    control = Control(server, args.control or
                      os.path.join(directory, "control"), done, args.messages,
                      beside.pop("control", None))
    with server, control, contextlib.ExitStack() as stack:
        for each in beside.values():
            stack.enter_context(each)
        print("listening on %s port %d\ntrusted roots: %s\ncontrol socket: %s"
              % (server.host, server.port, ca.roots, control.path), flush=True)
        for name, each in beside.items():
            print("%s: %s" % (name, each.url()))
        if "token" in beside:
            print(beside["token"].introduction(), flush=True)
        if args.ready:
            open(args.ready, "w").close()
        done.wait()
    print("%d connections, %d messages accepted, %d refused"
          % (len(server.record.connections), len(server.record.accepted),
             len(server.record.messages) - len(server.record.accepted)))
    return 0


def main():
    args = arguments()
    if args.tell is not None:
        if not (args.control or args.dir):
            sys.exit("--tell needs --control or --dir")
        return tell(args.control or os.path.join(args.dir, "control"),
                    args.tell)
    if args.dir:
        os.makedirs(args.dir, exist_ok=True)
        return serve(args, args.dir)
    with tempfile.TemporaryDirectory(prefix="exchange-") as directory:
        os.chmod(directory, 0o755)
        return serve(args, directory)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError) as e:
        sys.exit("exchange: %s" % e)
