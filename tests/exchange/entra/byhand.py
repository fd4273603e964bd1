# SPDX-License-Identifier: ISC
"""The token endpoint by hand: one application, and who was given as users."""

from . import Entra, Imds, Proxy, Tenant
from .control import TokenControl

CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET = "secret~+=&"


class HandEntra(Entra):
    def introduction(self):
        """For the terminal, what to write into mailchute.conf."""
        app = self.tenant.apps[0]
        return "tenant: %s\nclient_id: %s\nclient secret: %s" % (
            self.tenant.domains[0], app.client_id, app.secrets[0].value)


def beside(args, server, certificate, printer):
    """{name: server} of what the arguments ask for, and "control"."""
    entra = HandEntra(certificate, server.host, args.token_port,
                      printer("token"), Tenant(), args.name)
    entra.app(client_id=CLIENT, is_public=True).secret(SECRET)
    for address in server.options.users:
        entra.user(address)
    server.entra = entra
    made = {"token": entra}
    if args.imds_port is not None:
        entra.identity()
        made["imds"] = Imds(entra, server.host, args.imds_port,
                            printer("imds"))
    if args.proxy_port is not None:
        made["proxy"] = Proxy(server.host, args.proxy_port, printer("proxy"),
                              auth=args.proxy_auth)
    return {**made, "control": TokenControl(
        entra, **{k: v for k, v in made.items() if k != "token"})}
