# SPDX-License-Identifier: ISC
"""What a tenant holds: applications, their credentials and rights, users."""

import fnmatch
import secrets
import uuid
from dataclasses import dataclass, field

SECRET_SIZE = 40
# What Entra's own secrets look like; "~" and "+/=" want their percent signs.
SECRET_LETTERS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                  "0123456789~._-+/=")


def guid():
    return str(uuid.uuid4())


def new_secret():
    """One that goes wrong unless it is encoded: "+", "=" and "&" in it."""
    return "".join(secrets.choice(SECRET_LETTERS)
                   for _ in range(SECRET_SIZE - 4)) + "~+=&"


@dataclass
class Secret:
    value: str
    id: str = field(default_factory=guid)
    expires: float = None  # None: never


@dataclass
class Federated:
    """A federated credential: whose tokens count as the application."""

    issuer: str
    subject: str
    certificate: str  # a PEM file: the issuer's key
    audience: str = "api://AzureADTokenExchange"


@dataclass
class App:
    """An application, and its service principal in Exchange Online.

    The default is one for which every step was done that app-only sign-in
    with SMTP.SendAsApp needs; a test undoes the step that it is about.
    """

    client_id: str = field(default_factory=guid)
    object_id: str = field(default_factory=guid)  # of the enterprise app
    name: str = "mailchute"
    secrets: list = field(default_factory=list)       # of Secret
    certificates: list = field(default_factory=list)  # PEM files
    federated: list = field(default_factory=list)     # of Federated
    is_public: bool = False   # public client flows are allowed
    is_enabled: bool = True
    roles: list = field(default_factory=lambda: ["SMTP.SendAsApp"])
    delegated: list = field(default_factory=lambda: ["SMTP.Send"])
    # New-ServicePrincipal -ObjectId: None: not run; another: the wrong one.
    registered: str = "object_id"
    mailboxes: list = field(default_factory=lambda: ["*"])  # FullAccess
    rbac: list = field(default_factory=list)  # scope of SMTP.SendAsApp's role
    hve: bool = False         # Add-HVEAppAccess was run
    resource_id: str = None   # of a managed identity
    error: int = 0            # AADSTS that answers whatever it asks

    def __post_init__(self):
        if self.registered == "object_id":
            self.registered = self.object_id

    def secret(self, value=None, expires=None):
        """Adds a client secret and returns it."""
        made = Secret(value or new_secret(), expires=expires)
        self.secrets.append(made)
        return made

    def may_open(self, mailbox):
        return holds(self.mailboxes, mailbox)


@dataclass
class User:
    address: str
    object_id: str = field(default_factory=guid)
    mailboxes: list = field(default_factory=list)  # shared: FullAccess
    error: int = 0         # AADSTS that refuses whatever grant is used
    revoked: float = 0.0   # grants before this instant count no more

    def may_open(self, mailbox):
        return holds([self.address, *self.mailboxes], mailbox)


def holds(patterns, address):
    return any(fnmatch.fnmatchcase(address.lower(), p.lower())
               for p in patterns)


@dataclass
class Tenant:
    id: str = field(default_factory=guid)
    domains: list = field(default_factory=lambda: [
        "contoso.onmicrosoft.com", "contoso.example"])
    apps: list = field(default_factory=list)
    users: list = field(default_factory=list)
    identities: list = field(default_factory=list)  # managed: of App
    has_exchange: bool = True

    def is_called(self, name):
        return name.lower() in [self.id, *self.domains]

    def app(self, client_id):
        return next((a for a in self.apps
                     if a.client_id == client_id.lower()), None)

    def user(self, address):
        return next((u for u in self.users
                     if u.address.lower() == address.lower()), None)

    def identity(self, wanted):
        """The managed identity of these parameters, or None."""
        keys = {"client_id": "client_id", "object_id": "object_id",
                "principal_id": "object_id", "msi_res_id": "resource_id",
                "mi_res_id": "resource_id"}
        asked = {keys[k]: v for k, v in wanted.items() if k in keys}
        found = [i for i in self.identities if all(
            (getattr(i, name) or "").lower() == value.lower()
            for name, value in asked.items())]
        return found[0] if len(found) == 1 or found and asked else None
