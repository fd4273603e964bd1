# SPDX-License-Identifier: ISC
"""Device codes: from the first request to the approval by a person."""

import secrets
from dataclasses import dataclass

from .directory import App, User
from .errors import SLOW_DOWN, Refused

URI = "https://microsoft.com/devicelogin"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass
class DeviceCode:
    """One sign-in.  A test, or whoever drives the server, approves or
    declines it; slow_down is how many polls more are told to slow down."""

    device_code: str
    user_code: str
    app: App
    scope: str
    expires: float
    interval: int
    user: User = None
    is_declined: bool = False
    is_redeemed: bool = False
    slow_down: int = 0
    polls: int = 0
    polled: float = None  # when it was asked about last

    def approve(self, user):
        self.user = user

    def decline(self):
        self.is_declined = True


class DeviceCodes:
    def __init__(self, entra):
        self.entra = entra
        self.codes = []  # the newest last

    def begin(self, app, scope):
        """The fields that answer /devicecode."""
        o = self.entra.options
        code = DeviceCode(
            "B" + secrets.token_urlsafe(120),
            "".join(secrets.choice(LETTERS) for _ in range(9)), app, scope,
            self.entra.now() + o.device_lifetime, o.device_interval)
        self.codes.append(code)
        return {
            "user_code": code.user_code, "device_code": code.device_code,
            "verification_uri": URI, "expires_in": o.device_lifetime,
            "interval": o.device_interval,
            "message": "To sign in, use a web browser to open the page %s and "
            "enter the code %s to authenticate." % (URI, code.user_code)}

    def find(self, user_code):
        """By what a person types."""
        return next(c for c in self.codes
                    if c.user_code == user_code.upper().replace("-", ""))

    def poll(self, app, device_code):
        """The code, once it is approved; Refused until then."""
        code = next((c for c in self.codes
                     if c.device_code == device_code), None)
        if code is None or code.app is not app or code.is_redeemed:
            raise Refused(70018)
        code.polls += 1
        if code.is_declined:
            raise Refused(70017)
        if self.entra.now() >= code.expires:
            raise Refused(70020)
        if self.is_too_fast(code):
            raise Refused(70016, refusal=SLOW_DOWN)
        if code.user is None:
            raise Refused(70016)
        code.is_redeemed = True
        return code

    def is_too_fast(self, code):
        """Told to be slower, the client waits 5 seconds more from then on
        (RFC 8628 3.5), which options.device_strict holds it to."""
        last, code.polled = code.polled, self.entra.now()
        if code.slow_down:
            code.slow_down -= 1
        elif not self.entra.options.device_strict or last is None or \
                code.polled - last >= code.interval:
            return False
        code.interval += 5
        return True
