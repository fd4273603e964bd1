# SPDX-License-Identifier: ISC
"""The token endpoint: options, what it holds, which request goes where."""

import re
import time
from dataclasses import dataclass, field

from ..faults import Faults
from ..listener import Listener
from .device import DeviceCodes
from .directory import App, Tenant, User
from .errors import Refused, answer
from .faults import HttpFault
from .grants import Grants
from .http import CREDENTIALS, Answer
from .record import Requests
from .session import HttpSession
from .tokens import Tokens

RESOURCES = ("https://outlook.office365.com", "https://outlook.office.com",
             "https://outlook.office365.us",
             "https://outlook-dod.office365.us",
             "https://partner.outlook.cn")


@dataclass
class Options:
    """How the endpoint is; each may be changed while it runs."""

    lifetime: int = 3599           # seconds of an access token
    ahead: float = 0.0             # its clock is so many seconds fast
    rotate: bool = True            # each refresh hands out another token
    refresh_grace: float = 86400.0  # the old one is taken for so long
    imds_lifetime: int = 86399
    device_interval: int = 5
    device_lifetime: int = 900
    device_strict: bool = False    # polls within the interval: slow_down
    loop_limit: int = 0            # more requests of an app in 5 minutes: 50196
    audience: str = None           # aud of what is issued; None: the resource
    claims: dict = field(default_factory=dict)  # of further tokens; None: gone
    token_padding: int = 0         # octets more in each access token
    resources: list = field(default_factory=lambda: list(RESOURCES))
    audiences: list = field(default_factory=lambda: list(RESOURCES))
    description_break: str = "\r\n"  # between the lines of error_description
    tls_min: str = "1.2"
    tls_max: str = "1.3"
    tls_ciphers: str = None
    delay_ms: float = 0.0


class Endpoint(Listener):
    """A server of HTTP; a subclass says where requests go, by route()."""

    def __init__(self, certificate, host, port, options, listener):
        super().__init__(certificate, host, port, options, Faults(HttpFault),
                         Requests(listener))

    def session(self, wire, seen):
        return HttpSession(self, wire, seen)

    def now(self):
        return time.time()

    def known_secrets(self):
        """Texts that belong into no address, no header, and no clear text."""
        return []

    def look(self, seen, data):
        """Watches what comes outside TLS for any of the secrets."""
        if any(secret in data for secret in map(str.encode,
                                                self.known_secrets())):
            seen.plain_secret = True

    def look_at(self, request):
        """Watches a request for secrets where none belongs."""
        query = request.query
        request.secrets_in_url = [n for n in CREDENTIALS if n in query] + [
            "value" for s in self.known_secrets()
            if s in request.target or s in query.values()]
        request.secrets_in_headers = [
            name for name, value in request.headers
            if name in ("authorization", "cookie")
            or any(s in value for s in self.known_secrets())]

    def refuse(self, refused, request):
        """The Answer of an error."""
        return answer(refused.number, self.options.description_break,
                      self.now(), refused.refusal, tenant=request.tenant,
                      app=request.client_id, detail=refused.detail)


class Entra(Endpoint):
    """Microsoft Entra's token endpoint.  Keywords are Options; also:

    certificate   of Authority.issue and its like; None: plain HTTP
    tenant        a Tenant; it starts without applications and users
    """

    NAME = "entra"

    def __init__(self, certificate=None, host="127.0.0.1", port=0,
                 listener=None, tenant=None, name="localhost", **options):
        super().__init__(certificate, host, port, Options(**options),
                         listener)
        self.name = name  # what clients call it
        self.tenant = tenant or Tenant()
        self.tokens = Tokens(self)
        self.devices = DeviceCodes(self)
        self.grants = Grants(self)
        self._asked = {}  # client id: instants

    # ---- what a test asks and says ---------------------------------------

    def app(self, **how):
        """Adds an application."""
        made = App(**how)
        self.tenant.apps.append(made)
        return made

    def identity(self, **how):
        """Adds a managed identity, for Imds."""
        made = App(**how)
        self.tenant.identities.append(made)
        return made

    def user(self, address, **how):
        """Adds a user, for delegated sign-in."""
        made = User(address, **how)
        self.tenant.users.append(made)
        return made

    def url(self, what="token", tenant=None):
        return "%s/%s/oauth2/v2.0/%s" % (self.base(),
                                         tenant or self.tenant.id, what)

    def base(self):
        at = self.name if self.certificate and self.port == 443 else \
            "%s:%d" % (self.name, self.port)
        return "%s://%s" % ("https" if self.certificate else "http", at)

    def approve(self, user_code, address):
        """As the person does who signs in with the code."""
        self.devices.find(user_code).approve(self.tenant.user(address))

    def decline(self, user_code):
        self.devices.find(user_code).decline()

    def advance(self, seconds):
        """Lets time pass here, and nowhere else."""
        self.options.ahead += seconds

    # ---- what the parts ask ----------------------------------------------

    def now(self):
        return time.time() + self.options.ahead

    @staticmethod
    def stamp(at):
        return time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z", time.gmtime(at))

    def audiences(self, tenant):
        """What an assertion may be addressed to."""
        return [self.url(tenant=name) for name in (
            tenant, self.tenant.id, *self.tenant.domains)]

    def count_loop(self, app):
        """Refused when it asks over and over."""
        now, limit = self.now(), self.options.loop_limit
        asked = [t for t in self._asked.get(app.client_id, ())
                 if t > now - 300] + [now]
        self._asked[app.client_id] = asked
        if limit and len(asked) > limit:
            raise Refused(50196)

    def known_secrets(self):
        return [s.value for app in self.tenant.apps for s in app.secrets] + \
            [i.token for i in self.tokens.issued] + \
            [r.value for r in self.tokens.refresh] + \
            [c.device_code for c in self.devices.codes]

    def route(self, request):
        match = re.fullmatch(r"/([^/]+)/oauth2/v2\.0/(token|devicecode)",
                             request.path)
        if match is None:
            return "token", lambda: Answer(404)
        request.tenant, what = match.groups()
        self.grants.look(request)
        return what, lambda: self.grants.judge(request, what)
