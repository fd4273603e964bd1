# SPDX-License-Identifier: ISC
"""What the control socket understands about tokens, IMDS and the proxy."""

import shlex

from ..control import steer

HELP = """\
token, imds or proxy, then one of fault, clear, release, set, down, up,
disconnect and forget as above, or requests: what came, one a line
token stats                what came and was issued, in figures
token app NAME=VALUE ...   change the application: is_enabled=no error=53003
                           roles=Mail.Send registered= mailboxes= rbac=
token secret VALUE         it has this client secret, and no other
token certificate FILE     it has this certificate too
token approve CODE ADDRESS, token decline CODE   as the person would
token revoke ADDRESS       what was granted to the user counts no more
token advance SECONDS      its clock is so much further on
token config               the lines for mailchute.conf"""


class TokenControl:
    """Answers the lines that begin with one of the servers' names."""

    def __init__(self, entra, **servers):
        self.entra = entra
        self.servers = {"token": entra, **servers}

    def do(self, name, words):
        server = self.servers.get(name)
        if server is None:
            raise ValueError("there is no %s; see --help" % name)
        verb, rest = (words or ["help"])[0], words[1:]
        if verb == "help":
            return HELP
        if verb == "requests":
            return "\n".join(line(n, r) for n, r in
                             enumerate(server.record.requests, 1))
        own = getattr(self, "_" + verb, None)
        if name == "token" and own is not None:
            return own(*rest)
        if not steer(server, verb, rest):
            raise ValueError("no command %r; try help" % verb)
        return None

    @property
    def app(self):
        return self.entra.tenant.apps[0]

    def _stats(self):
        record, tokens = self.entra.record, self.entra.tokens
        return "\n".join("%s %s" % pair for pair in (
            ("connections", len(record.connections)),
            ("requests", len(record.requests)),
            ("refused", sum(r.status >= 400 for r in record.requests)),
            ("access-tokens", len(tokens.issued)),
            ("refresh-tokens", len(tokens.refresh)),
            ("device-codes", len(self.entra.devices.codes)),
            ("secrets-in-addresses", len(record.secrets_in_urls)),
            ("secrets-in-clear", len(record.secrets_in_clear))))

    def _app(self, *words):
        for word in words:
            name, _, value = word.partition("=")
            old = getattr(self.app, name)  # AttributeError: there is none
            if isinstance(old, bool):
                value = value in ("yes", "1", "true", "on")
            elif isinstance(old, int):
                value = int(value)
            elif isinstance(old, list):
                value = [v for v in value.split(",") if v]
            setattr(self.app, name, value)

    def _secret(self, value):
        self.app.secrets.clear()
        self.app.secret(value)

    def _certificate(self, path):
        self.app.certificates.append(path)

    def _approve(self, code, address):
        self.entra.approve(code, address)

    def _decline(self, code):
        self.entra.decline(code)

    def _revoke(self, address):
        self.entra.tokens.revoke(self.entra.tenant.user(address))

    def _advance(self, seconds):
        self.entra.advance(float(seconds))

    def _config(self):
        return config(self.entra, self.app)


def config(entra, app):
    return "\n".join(["tenant = " + entra.tenant.id,
                      "client_id = " + app.client_id,
                      "token_url = " + entra.url()])


def line(number, r):
    """A request, without any of its secrets."""
    words = ["%d %s %s" % (number, r.method, r.path),
             "grant=%s" % (r.grant or "-"), "client=%s" % (r.client_id or "-"),
             "with=%s" % (",".join(r.credentials) or "-"),
             "status=%d" % r.status]
    if r.number:
        words.append("AADSTS%d" % r.number)
    if r.fault:
        words.append("fault=" + shlex.quote(r.fault))
    if r.secrets_in_url:
        words.append("SECRET-IN-ADDRESS=" + ",".join(r.secrets_in_url))
    return " ".join(words)
