# SPDX-License-Identifier: ISC
"""A site with a default endpoint and a legacy host beside it."""

import pytest

from exchange.path import alert

from .site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OLD = "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update " \
    "your client to support TLS 1.2. Visit https://aka.ms/smtp_auth_tls."
NOT_OPTED = " 5.7.67 TLS 1.0 and 1.1 are not supported by your organization"
ALERT_40, ALERT_70 = alert(40), alert(70)


class Pair:
    """A site with a default endpoint, 127.0.0.1, and a legacy host."""

    def __init__(self, make_site, make_server, authority, mode, old="1.0",
                 **account):
        self.default = make_server(
            authority.issue("127.0.0.1", rsa=True))
        self.legacy = make_server(
            authority.issue("127.0.0.2", rsa=True), host="127.0.0.2",
            tls_min="1.0", tls_max=old)
        account = {"backoff_min": "1s", "backoff_max": "1s", "linger": "0s",
                   **account}
        self.site = make_site(
            self.default, host="127.0.0.1", legacy=mode,
            legacy_host="127.0.0.2:%d" % self.legacy.port, **account)
        self.legacy.options.users[USER] = self.site.password
        self.sent = 0

    def send(self):
        self.sent += 1
        self.site.submit("a%d@example.net" % self.sent, stdin=TEXT)

    def account(self):
        return self.site.status()["accounts"][0]

    def calls(self):
        """Connections at the default endpoint and at the legacy host."""
        return (len(self.default.record.connections),
                len(self.legacy.record.connections))

    def prove(self):
        """The default endpoint speaks TLS 1.2 or later, and is remembered."""
        self.site.start()
        self.send()
        self.default.record.wait_messages(1)
        self.site.wait_empty()
        self.default.record.wait_idle()


@pytest.fixture
def make_pair(make_site, make_server, authority):
    return lambda mode, **how: Pair(make_site, make_server, authority, mode,
                                    **how)
