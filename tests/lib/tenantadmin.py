# SPDX-License-Identifier: ISC
"""Whoever administers the stand-in's tenant: does what a text says that setup
has printed, with the values that stand in it, and nothing else."""

import os
import re
import shlex

from exchange.entra import Federated


class TenantAdmin:
    """A tenant as fresh as they come: no application, SMTP AUTH off."""

    def __init__(self, entra, server, folder):
        self.entra, self.server, self.folder = entra, server, folder
        self.app = None
        self.secret = None
        self.issuer = None  # of federated tokens: (issuer, subject, its PEM)
        self.left_out = []  # steps that are not done: a word of each
        self.done = []
        server.entra = entra
        server.options.auth_disabled = "Tenant"

    def read(self, text):
        for pattern, do in self.STEPS:
            for found in re.finditer(pattern, text, re.S):
                self._do(found.group(0), do, found)

    def _do(self, what, do, found):
        if not any(word in what for word in self.left_out):
            self.done.append(" ".join(what.split()))
            do(self, *found.groups())

    # ---- in Entra ---------------------------------------------------------

    def register(self):
        if self.app is None:
            self.app = self.entra.app(roles=[], delegated=[], registered=None,
                                      mailboxes=[])

    def new_secret(self):
        self.secret = self.app.secret().value

    def permit(self, kind, name):
        held = {"Application": self.app.roles,
                "Delegated": self.app.delegated}[kind]
        if name not in held:
            held.append(name)

    def upload(self, pem):
        path = os.path.join(self.folder, "uploaded-%d.pem"
                            % len(self.app.certificates))
        with open(path, "w") as f:
            f.write(pem)
        self.app.certificates.append(path)

    def trust_issuer(self):
        issuer, subject, certificate = self.issuer
        self.app.federated.append(Federated(issuer, subject, certificate))

    def allow_public(self):
        self.app.is_public = True

    # ---- in PowerShell -----------------------------------------------------

    def principal(self, object_id):
        """Of an application, or of a managed identity."""
        return next(a for a in [*self.entra.tenant.apps,
                                *self.entra.tenant.identities]
                    if a.object_id == object_id)

    def power(self, line):
        words = shlex.split(line)
        at = {w.lower(): v for w, v in zip(words[1:], words[2:])
              if w.startswith("-")}
        getattr(self, words[0].lower().replace("-", "_"))(at)

    def new_serviceprincipal(self, at):
        found = next(a for a in [*self.entra.tenant.apps,
                                 *self.entra.tenant.identities]
                     if at["-appid"] in (a.client_id, "CLIENT-ID"))
        found.registered = at["-objectid"]

    def add_mailboxpermission(self, at):
        assert at["-accessrights"] == "FullAccess"
        self.principal(at["-user"]).mailboxes.append(at["-identity"])

    def new_managementscope(self, at):
        self.scope = re.fullmatch(r"PrimarySmtpAddress -eq '(.*)'",
                                  at["-recipientrestrictionfilter"]).group(1)

    def new_managementroleassignment(self, at):
        assert at["-role"] == "Application SMTP.SendAsApp"
        self.principal(at["-app"]).rbac.append(self.scope)

    def set_casmailbox(self, at):
        assert at["-smtpclientauthenticationdisabled"] == "$false"
        self.server.options.auth_disabled = None

    def new_mgserviceprincipalapproleassignment(self, at):
        self.principal(at["-serviceprincipalid"]).roles.append(
            "SMTP.SendAsApp")

    def add_recipientpermission(self, at):
        self.server.options.send_as_also = [at["-identity"]]

    STEPS = (
        (r"App registrations > New registration", register),
        (r"Client secrets >\s+New client secret", new_secret),
        (r"Exchange Online > (\w+) permissions >\s+(\S+) > Add permissions. "
         r"Then: Grant admin consent", permit),
        (r"(-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n)",
         upload),
        (r"Federated credentials > Add credential", trust_issuer),
        (r"Allow public client flows:\s+Yes", allow_public),
        (r"\n    ((?:New-ServicePrincipal|Add-MailboxPermission|New-Management"
         r"Scope|New-ManagementRoleAssignment|Set-CASMailbox|New-Mg\w+|Add-"
         r"RecipientPermission) [^\n]*)", power),
    )
