# SPDX-License-Identifier: ISC
"""Azure's Instance Metadata Service, as far as it hands out tokens."""

from .errors import Refused
from .http import Answer
from .server import Endpoint

PATH = "/metadata/identity/oauth2/token"
LIFETIME = 86399
WHO = ("client_id", "object_id", "principal_id", "msi_res_id", "mi_res_id")


def refusal(text, error="invalid_request", status=400):
    return Answer.of({"error": error, "error_description": text}, status)


class Imds(Endpoint):
    """Plain HTTP; its identities are those of an Entra, whose tokens it
    issues.  On a real machine the address is 169.254.169.254, port 80."""

    NAME = "imds"

    def __init__(self, entra, host="127.0.0.1", port=0, listener=None):
        super().__init__(None, host, port, entra.options, listener)
        self.entra = entra

    def url(self):
        return "http://%s:%d%s" % (self.host, self.port, PATH)

    def now(self):
        return self.entra.now()

    def known_secrets(self):
        """Tokens go in clear here, but what the cloud's own are must not."""
        return [s.value for app in self.entra.tenant.apps
                for s in app.secrets]

    def route(self, request):
        request.grant = "managed_identity"
        request.client_id = request.query.get("client_id")
        return "imds", lambda: self.answer(request)

    def answer(self, request):
        query = request.query
        if request.path != PATH:
            return Answer(404)
        if request.method != "GET":
            return Answer(405)
        if (request.header("metadata") or "").lower() != "true":
            return refusal("Required metadata header not specified")
        if request.header("x-forwarded-for") is not None:
            return refusal("Request contains a forbidden header")
        for name in ("api-version", "resource"):
            if not query.get(name):
                return refusal("Required query variable '%s' is missing"
                               % name, "bad_request_102"
                               if name == "api-version" else "invalid_request")
        if len([name for name in query if name in WHO]) > 1:
            return refusal("Specify one identity only")
        app = self.entra.tenant.identity(query)
        if app is None:
            return refusal("Identity not found")
        try:
            resource = self.entra.grants.known(query["resource"].rstrip("/"))
        except Refused as e:
            return self.refuse(e, request)
        return self.token(app, resource, query["resource"])

    def token(self, app, resource, asked):
        issued = self.entra.tokens.access(
            app, resource, lifetime=self.entra.options.imds_lifetime)
        claims = issued.claims
        left = str(claims["exp"] - claims["iat"])
        return Answer.of({
            "access_token": issued.token, "client_id": app.client_id,
            "expires_in": left, "expires_on": str(claims["exp"]),
            "ext_expires_in": left, "not_before": str(claims["nbf"]),
            "resource": asked, "token_type": "Bearer"})
