# SPDX-License-Identifier: ISC
"""TCP ports of 127.0.0.1 for what is started later.

A port that was found free and let go is anybody's: of a test that runs beside
this one, or of a client, to whom the kernel gives it.  So these lie below
those for clients, and each is claimed by a name that the process keeps: a
socket in the abstract namespace, which the network namespace has as it has
its ports.
"""

import itertools
import os
import socket

FIRST, LAST = 10240, 32767  # ip_local_port_range begins at 32768

_claims = []
_next = itertools.count(os.getpid() * 37)  # each process from a place of its own


def _claimed(port):
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind("\0mailchute-test-port-%d" % port)
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def _is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """One that is this process's as long as it lives."""
    for n in itertools.islice(_next, LAST - FIRST):
        port = FIRST + n % (LAST - FIRST)
        if _claimed(port) and _is_free(port):
            return port
    raise AssertionError("no port from %d to %d is free" % (FIRST, LAST))
