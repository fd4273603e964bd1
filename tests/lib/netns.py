# SPDX-License-Identifier: ISC
"""A network namespace of a test's own: every port is free in it, and both
loopback addresses are there.  Other hosts are further ones, by a wire each."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(rc, what):
    if rc != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh22x", b"lo", 0)
        flags, = struct.unpack_from("h", fcntl.ioctl(s, SIOCGIFFLAGS, request),
                                    16)
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sh22x", b"lo", flags | IFF_UP))


@contextlib.contextmanager
def own_network():
    """For the calling thread, and all that it starts meanwhile."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.unshare(CLONE_NEWNET), "unshare")
        try:
            _loopback_up()
            yield
        finally:
            _check(_libc.setns(before, CLONE_NEWNET), "setns")
    finally:
        os.close(before)


def _ip(*args):
    subprocess.run(["ip", *args], check=True, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def another_host(here, there):
    """A host at the end of a wire from the calling thread's own network, with
    the address there; ours on that wire is here.

    Yields what a command is to be started through to run on it.
    """
    holder = subprocess.Popen(["unshare", "-n", "cat"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        # The first octet that comes back says that it is in its network.
        holder.stdin.write(b"x")
        holder.stdin.flush()
        holder.stdout.read(1)
        wire = "w%d" % holder.pid
        _ip("link", "add", wire, "type", "veth", "peer", "name", "wire",
            "netns", str(holder.pid))
        _ip("address", "add", here, "peer", there, "dev", wire)
        _ip("link", "set", wire, "up")
        through = ["nsenter", "-t", str(holder.pid), "-n"]
        for args in (("link", "set", "lo", "up"),
                     ("address", "add", there, "peer", here, "dev", "wire"),
                     ("link", "set", "wire", "up")):
            subprocess.run([*through, "ip", *args], check=True,
                           stdin=subprocess.DEVNULL)
        yield through
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


def hanging(address, port):
    """A server that accepts nothing: with its queue full, to connect hangs.

    Returns the sockets that keep it so.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family)
    server.bind((address, port))
    server.listen(0)
    kept = [server]
    while True:
        client = socket.socket(family)
        client.settimeout(0.2)
        kept.append(client)
        try:
            client.connect((address, port))
        except TimeoutError:
            return kept
