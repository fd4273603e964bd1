# SPDX-License-Identifier: ISC
"""A token endpoint for tests that answers as Microsoft Entra does.

    from exchange.entra import Entra

    with Entra(certificate=ca.issue("localhost")) as entra:
        app = entra.app()
        secret = app.secret()
        ...
        entra.record.wait_requests(1)

Exchange(..., entra=entra) then accepts the tokens that it issued.  README.md
of the folder above says the rest.
"""

from .directory import App, Federated, Secret, Tenant, User
from .faults import HttpFault
from .imds import Imds
from .proxy import Proxy
from .server import Entra

__all__ = ["App", "Entra", "Federated", "HttpFault", "Imds", "Proxy",
           "Secret", "Tenant", "User"]
