# SPDX-License-Identifier: ISC
"""A server for tests that speaks as Exchange Online does.

    from exchange import Exchange, Authority

    ca = Authority(directory)
    with Exchange(certificate=ca.issue("localhost"), users={...}) as server:
        ...
        server.record.wait_messages(1)

README.md beside this file says how to run it by hand.
"""

from .ca import Authority
from .faults import Fault
from .record import Timeout
from .server import Exchange

__all__ = ["Authority", "Exchange", "Fault", "Timeout"]
