# SPDX-License-Identifier: ISC
"""Access and refresh tokens: issuing them, and who may sign in with one."""

import base64
import functools
import json
import secrets
import threading
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .directory import App, User, guid, holds
from .errors import Refused

IDLE = 90 * 86400  # a refresh token unused for so long is dead


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@functools.lru_cache(maxsize=None)
def signing_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwt(claims):
    """A token as Entra signs it."""
    head = {"typ": "JWT", "alg": "RS256", "x5t": "standin", "kid": "standin"}
    text = ".".join(base64url(json.dumps(part).encode())
                    for part in (head, claims))
    return text + "." + base64url(signing_key().sign(
        text.encode(), padding.PKCS1v15(), hashes.SHA256()))


def claims_of(token):
    """What it says, read without a look at the signature."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@dataclass
class Issued:
    """An access token, for whom, and what became of it."""

    token: str
    claims: dict
    app: App
    user: User = None
    revoked: bool = False
    used: int = 0  # sign-ins at the SMTP server, accepted or not


@dataclass
class RefreshToken:
    value: str
    app: App
    user: User
    scope: str
    issued: float
    used: float
    replaced: float = None  # when its successor was handed out
    error: int = 0          # AADSTS that refuses it


class Tokens:
    """Every token issued by one Entra."""

    def __init__(self, entra):
        self.entra = entra
        self.issued = []   # of Issued
        self.refresh = []  # of RefreshToken, the newest last
        self._lock = threading.Lock()

    # ---- access tokens --------------------------------------------------

    def access(self, app, resource, user=None, scope=None, lifetime=None):
        """Issues one; resource is its audience, scope for a user only."""
        entra, now = self.entra, int(self.entra.now())
        lifetime = entra.options.lifetime if lifetime is None else lifetime
        tenant = entra.tenant
        claims = {
            "aud": entra.options.audience or resource,
            "iss": "https://sts.windows.net/%s/" % tenant.id,
            "iat": now, "nbf": now, "exp": now + lifetime,
            "appid": app.client_id, "appidacr": "1", "tid": tenant.id,
            "oid": user.object_id if user else app.object_id,
            "sub": guid(), "uti": secrets.token_urlsafe(16), "ver": "1.0"}
        if user is None:
            claims["idtyp"] = "app"
            if app.roles:
                claims["roles"] = list(app.roles)
        else:
            claims.update(scp=scope, upn=user.address,
                          unique_name=user.address)
        claims.update(entra.options.claims)
        claims = {k: v for k, v in claims.items() if v is not None}
        if entra.options.token_padding:
            claims["padding"] = "x" * entra.options.token_padding
        made = Issued(jwt(claims), claims, app, user)
        with self._lock:
            self.issued.append(made)
        return made

    def find(self, token):
        with self._lock:
            return next((i for i in self.issued if i.token == token), None)

    # ---- what the SMTP server asks ---------------------------------------

    def refusal(self, token, mailbox):
        """None when it may sign in to the mailbox, else why not: unknown,
        expired, expiring, audience, permission, registration, mailbox."""
        found = self.find(token)
        if found is None or found.revoked:
            return "unknown"
        found.used += 1
        left = found.claims["exp"] - self.entra.now()
        if left <= 0 or found.claims["nbf"] > self.entra.now() + 300:
            return "expired"
        if found.claims.get("aud") not in self.entra.options.audiences:
            return "audience"
        why = self._user_refusal(found, mailbox) if found.user else \
            self._app_refusal(found, mailbox)
        if why is None and left < 600:
            return "expiring"  # of no consequence but at High Volume Email
        return why

    @staticmethod
    def _user_refusal(found, mailbox):
        if "SMTP.Send" not in (found.claims.get("scp") or "").split():
            return "permission"
        return None if found.user.may_open(mailbox) else "mailbox"

    @staticmethod
    def _app_refusal(found, mailbox):
        app, roles = found.app, found.claims.get("roles") or []
        if app.registered != found.claims.get("oid"):
            return "registration"
        if "SMTP.SendAsApp" in roles:
            return None if app.may_open(mailbox) else "mailbox"
        if holds(app.rbac, mailbox):
            return None  # by Application SMTP.SendAsApp, without a claim
        return "permission"

    def hve_refusal(self, token, mailbox):
        """The same at High Volume Email, which asks for other rights; also
        app: the application was not let in for this account."""
        found = self.find(token)
        why = self.refusal(token, mailbox)
        if found is None or why in ("unknown", "expired", "audience"):
            return why
        if "Mail.Send" not in (found.claims.get("roles") or []):
            return "permission"
        if not found.app.hve:
            return "app"
        left = found.claims["exp"] - self.entra.now()
        return "expiring" if left < 600 else None

    # ---- refresh tokens --------------------------------------------------

    def refreshing(self, app, user, scope):
        """Hands out a refresh token."""
        now = self.entra.now()
        made = RefreshToken("1.A%s" % secrets.token_urlsafe(600), app, user,
                            scope, now, now)
        with self._lock:
            self.refresh.append(made)
        return made

    def redeem(self, value, app):
        """The refresh token of that value; Refused when it is no good.

        Its successor is handed out with the answer; the old one goes on
        being taken for options.refresh_grace seconds.
        """
        now = self.entra.now()
        with self._lock:
            found = next((r for r in self.refresh if r.value == value), None)
        if found is None or found.app is not app:
            raise Refused(9002313)
        if found.error or found.user.error:
            raise Refused(found.error or found.user.error, found.user.address)
        day = self.entra.stamp(found.issued)
        if found.issued < found.user.revoked:
            raise Refused(50173, day)
        if now - found.used >= IDLE:
            raise Refused(700082, day)
        grace = self.entra.options.refresh_grace
        if found.replaced is not None and now - found.replaced >= grace:
            raise Refused(70008)
        found.used = now
        if found.replaced is None:
            found.replaced = now
        return found

    def revoke(self, user):
        """As a changed password or an administrator does: what was granted
        before needs a new sign-in.  Access tokens live on."""
        user.revoked = self.entra.now()
