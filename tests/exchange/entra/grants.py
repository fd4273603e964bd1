# SPDX-License-Identifier: ISC
"""The token endpoint's judgement of one request, grant by grant."""

import re

from . import assertion
from .errors import Refused
from .http import Answer, read_form

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
FORM = "application/x-www-form-urlencoded"
OPENID = ("offline_access", "openid", "profile", "email")
GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Grants:
    def __init__(self, entra):
        self.entra = entra
        self.assertions = assertion.Assertions(entra)

    def judge(self, request, what):
        """The Answer; what: token or devicecode."""
        try:
            form = self._form(request)
            return self._token(request.tenant, form) if what == "token" \
                else self._devicecode(request.tenant, form)
        except Refused as e:
            return self.entra.refuse(e, request)

    # ---- what every request needs ---------------------------------------

    @staticmethod
    def _read(request):
        kind = (request.header("content-type") or "").partition(";")[0]
        return read_form(request.body if kind.strip().lower() == FORM
                         else b"")

    def look(self, request):
        """Fills in, for the record, what a request holds."""
        try:
            request.form, _ = self._read(request)
        except ValueError:
            return
        request.grant = request.form.get("grant_type")
        request.client_id = request.form.get("client_id")

    def _form(self, request):
        if request.method != "POST":
            raise Refused(900561, request.method)
        try:
            form, twice = self._read(request)
        except ValueError:
            raise Refused(9002313) from None
        if twice:
            raise Refused(9000411, twice)
        return form

    @staticmethod
    def _need(form, name):
        if not form.get(name):
            raise Refused(900144, name)
        return form[name]

    def _tenant(self, name, is_app_only):
        """Refused unless it is ours."""
        if name.lower() in ("common", "organizations", "consumers"):
            if is_app_only:
                raise Refused(9001023)
        elif not self.entra.tenant.is_called(name):
            raise Refused(90002 if "." in name or GUID.fullmatch(name.lower())
                          else 900023)

    def _app(self, form):
        app = self.entra.tenant.app(self._need(form, "client_id"))
        if app is None:
            raise Refused(700016)
        if not app.is_enabled:
            raise Refused(7000112)
        if app.error:
            raise Refused(app.error)
        return app

    def _authenticate(self, app, form, tenant):
        """Refused unless the client proves to be the application."""
        confidential = app.secrets or app.certificates or app.federated
        if "client_secret" in form or "client_assertion" in form:
            if app.is_public and not confidential:
                raise Refused(700025)
        if "client_secret" in form:
            self._check_secret(app, form["client_secret"])
        elif "client_assertion" in form:
            if form.get("client_assertion_type") != assertion.TYPE:
                raise Refused(900144, "client_assertion_type")
            self.assertions.check(app, form["client_assertion"],
                                  self.entra.audiences(tenant))
        elif not app.is_public or form["grant_type"] == "client_credentials":
            raise Refused(7000218)

    def _check_secret(self, app, value):
        found = [s for s in app.secrets if s.value == value]
        if not found:
            raise Refused(7000215)
        if found[0].expires is not None and \
                found[0].expires <= self.entra.now():
            raise Refused(7000222)

    def known(self, resource):
        if not self.entra.tenant.has_exchange or \
                resource not in self.entra.options.resources:
            raise Refused(500011, resource)
        return resource

    # ---- the grants -----------------------------------------------------

    def _token(self, tenant, form):
        grant = form.get("grant_type")
        self._tenant(tenant, grant == "client_credentials")
        self._need(form, "grant_type")
        handler = {"client_credentials": self._client_credentials,
                   "refresh_token": self._refresh_token,
                   DEVICE: self._device_code}.get(grant)
        if handler is None:
            raise Refused(70003, grant)
        app = self._app(form)
        self.entra.count_loop(app)
        self._authenticate(app, form, tenant)
        return handler(app, form)

    def _client_credentials(self, app, form):
        scopes = self._need(form, "scope").split()
        resources = {s.removesuffix("/.default") for s in scopes}
        if len(resources) > 1:
            raise Refused(700022)
        if not scopes[0].endswith("/.default"):
            raise Refused(1002012, form["scope"])
        return self._answer(self.entra.tokens.access(
            app, self.known(resources.pop())))

    def _delegated(self, app, scope):
        """(resource, scp) of a scope; Refused when it is not to be had."""
        wanted = [s for s in scope.split() if s not in OPENID]
        resources = {s.rpartition("/")[0] for s in wanted}
        if len(resources) > 1:
            raise Refused(700022)
        if not wanted or "" in resources:
            raise Refused(70011, scope)
        resource = self.known(resources.pop())
        names = {s.rpartition("/")[2] for s in wanted}
        if ".default" in names:
            names = set(app.delegated)
        if not names <= set(app.delegated):
            raise Refused(65001)
        return resource, " ".join(sorted(names))

    def _for_user(self, app, user, scope):
        resource, scp = self._delegated(app, scope)
        issued = self.entra.tokens.access(app, resource, user, scp)
        more = {"scope": " ".join("%s/%s" % (resource, name)
                                  for name in scp.split())}
        if "offline_access" in scope.split():
            more["refresh_token"] = \
                self.entra.tokens.refreshing(app, user, scope).value
        return self._answer(issued, **more)

    def _refresh_token(self, app, form):
        found = self.entra.tokens.redeem(self._need(form, "refresh_token"),
                                         app)
        scope = form.get("scope") or found.scope
        if self.entra.options.rotate and "offline_access" not in scope.split():
            scope += " offline_access"  # a refresh gives one, asked for or not
        return self._for_user(app, found.user, scope)

    def _device_code(self, app, form):
        code = self.entra.devices.poll(app, self._need(form, "device_code"))
        if code.user.error:
            raise Refused(code.user.error, code.user.address)
        return self._for_user(app, code.user, code.scope)

    def _devicecode(self, tenant, form):
        self._tenant(tenant, False)
        app = self._app(form)
        self._delegated(app, self._need(form, "scope"))
        return Answer.of(self.entra.devices.begin(app, form["scope"]))

    def _answer(self, issued, **more):
        left = issued.claims["exp"] - issued.claims["iat"]
        return Answer.of({"token_type": "Bearer", **more, "expires_in": left,
                          "ext_expires_in": left,
                          "access_token": issued.token})
