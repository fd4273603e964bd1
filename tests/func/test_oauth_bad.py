# SPDX-License-Identifier: ISC
"""Whatever may be wrong with a sign-in by OAuth, with mail that waits for it:
it is kept, the account waits, one text says what to do, and once that is done
the mail goes."""

import os
import subprocess

import pytest

from lib.site import USER, program
from lib.tokens import by_certificate, by_federation, by_refresh, by_secret

HELD, BACKOFF = "held", "backoff"


class Case:
    """What is there to be spoiled, and to be mended."""

    def __init__(self, site, entra, make_entra, authority):
        self.site, self.entra = site, entra
        self.make_entra, self.authority = make_entra, authority
        self.app = entra.app()
        self.secret = self.app.secret().value + "\n"
        self.mend = lambda: None

    def spoil_secret(self, text):
        by_secret(self.site, self.entra, self.app)
        path = self.site.path("conf/client_secret")
        with open(path, "wb") as f:
            f.write(text)
        self.mend = lambda: self.site.secret("client_secret", self.secret)

    def fault(self, **words):
        by_secret(self.site, self.entra, self.app)
        self.entra.faults.add(state="token", count="forever", **words)
        self.mend = self.entra.faults.clear

    def other(self, certificate):
        """Another endpoint, in place of the right one."""
        by_secret(self.site, self.entra, self.app)
        port = self.entra.port
        self.entra.down()
        other = self.make_entra(certificate, port=port)

        def mend():
            other.stop()
            self.entra.up()
        self.mend = mend


# ---- secrets ----

def wrong_secret(c):
    c.spoil_secret(b"wrong\n")


def secret_id(c):
    c.spoil_secret(c.app.secrets[0].id.encode())


def expired_secret(c):
    c.app.secrets[0].expires = 1.0
    c.spoil_secret(c.secret.encode())
    c.mend = lambda: c.site.secret("client_secret",
                                   c.app.secret().value + "\n")


def truncated_secret(c):
    c.spoil_secret(c.secret[:-6].encode())


def huge_secret(c):
    c.spoil_secret(b"x" * 100000)


def secret_that_is_no_text(c):
    c.spoil_secret(b"\xff\xfe\xfd\n")


def empty_secret(c):
    c.spoil_secret(b"")


def no_secret(c):
    c.spoil_secret(b"")
    os.unlink(c.site.path("conf/client_secret"))


# ---- certificates ----

def another_key(c):
    by_certificate(c.site, c.entra, c.authority, c.app)
    right = c.site._text("conf/key.pem")
    other = c.authority.issue("other", rsa=True)
    with open(other.key) as f:
        c.site.secret("key.pem", f.read())
    c.mend = lambda: c.site.secret("key.pem", right)


def certificate_that_is_not_uploaded(c):
    by_certificate(c.site, c.entra, c.authority, c.app)
    right = c.app.certificates[:]
    c.app.certificates.clear()
    c.mend = lambda: c.app.certificates.extend(right)


def expired_certificate(c):
    by_certificate(c.site, c.entra, c.authority, c.app)
    right = [c.site._text("conf/" + n) for n in ("certificate.pem", "key.pem")]
    old = c.authority.issue("old", rsa=True, expired=True)
    for name, path in (("certificate.pem", old.cert), ("key.pem", old.key)):
        with open(path) as f:
            c.site.secret(name, f.read())

    def mend():
        c.site.secret("certificate.pem", right[0], 0o644)
        c.site.secret("key.pem", right[1])
    c.mend = mend


def clock_an_hour_off(c):
    by_certificate(c.site, c.entra, c.authority, c.app)
    c.entra.advance(3600)
    c.mend = lambda: c.entra.advance(-3600)


# ---- the endpoint ----

def endpoint_down(c):
    by_secret(c.site, c.entra, c.app)
    c.entra.down()
    c.mend = c.entra.up


def redirect(c):
    c.fault(redirect="https://elsewhere.example/")


def plain_http(c):
    c.other(None)


def untrusted(c):
    c.other(c.authority.issue("wrong.example"))


def html(c):
    c.fault(kind="html")


def server_error(c):
    c.fault(status=500)


def throttled(c):
    c.fault(status=429, retry_after="600")


# ---- what the token, or the sign-in, is worth ----

def another_audience(c):
    by_secret(c.site, c.entra, c.app)
    c.entra.options.audience = "https://graph.microsoft.com"

    def mend():
        c.entra.options.audience = None
    c.mend = mend


def no_role(c):
    by_secret(c.site, c.entra, c.app)
    right = c.app.roles[:]
    c.app.roles.clear()
    c.mend = lambda: c.app.roles.extend(right)


def revoked(c):
    app = c.entra.app(is_public=True)
    user = c.entra.user(USER)
    by_refresh(c.site, c.entra, user, app)
    c.site._owned_dir(c.site.path("lib/tokens"), 0o700)

    def sign_in():
        c.site.secret("../lib/tokens/account", c.entra.tokens.refreshing(
            app, user, "https://outlook.office.com/SMTP.Send offline_access"
        ).value + "\n")
    sign_in()
    c.entra.advance(1)
    c.entra.tokens.revoke(user)
    c.entra.advance(1)
    c.mend = sign_in


def nobody_signed_in(c):
    revoked(c)
    os.unlink(c.site.path("lib/tokens/account"))


def federated_token_that_is_none(c):
    by_federation(c.site, c.entra, c.app, "nonsense\n")
    c.mend = lambda: None


# ---- names ----

def another_application(c):
    by_secret(c.site, c.entra, c.app)
    right = c.app.client_id
    c.app.client_id = "99999999-9999-9999-9999-999999999999"

    def mend():
        c.app.client_id = right
    c.mend = mend


def no_such_tenant(c):
    c.fault(error=90002)


CASES = [
    # what is wrong, what the account does, the text, the next step
    (wrong_secret, HELD, "AADSTS7000215", "Secret ID"),
    (secret_id, HELD, "AADSTS7000215", "Value"),
    (expired_secret, HELD, "AADSTS7000222", "make a new client secret"),
    (truncated_secret, HELD, "AADSTS7000215", "Value"),
    (huge_secret, HELD, "is too large", "client_secret_file"),
    (secret_that_is_no_text, HELD, "is no text (UTF-8)",
     "client_secret_file"),
    (empty_secret, HELD, "is empty", "client_secret_file"),
    (no_secret, HELD, "No such file", "client_secret_file"),
    (another_key, HELD, "is not the key of the certificate",
     "account.key_file"),
    (certificate_that_is_not_uploaded, HELD, "AADSTS700027", "Upload"),
    (expired_certificate, HELD, "has expired on 2021-01-01",
     "account.certificate_file"),
    (clock_an_hour_off, HELD, "AADSTS700024", "timedatectl"),
    (endpoint_down, BACKOFF, "to localhost", "firewall"),
    (redirect, BACKOFF, "a redirect to https://elsewhere.example/",
     "account.token_url"),
    (plain_http, BACKOFF, "asking localhost", "account.tls_ca_file"),
    (untrusted, BACKOFF, "asking localhost", "account.tls_ca_file"),
    (html, BACKOFF, "localhost: the server's answer makes no sense", "account.token_url"),
    (server_error, BACKOFF, "HTTP 500 of localhost", "status.cloud.microsoft"),
    (throttled, BACKOFF, "HTTP 429 of localhost", "by itself"),
    (another_audience, HELD, "535 5.7.3", "account.scope"),
    (no_role, HELD, "535 5.7.3", "SMTP.SendAsApp"),
    (revoked, HELD, "AADSTS50173", "mailchute setup"),
    (nobody_signed_in, HELD, "nobody has signed in yet", "mailchute setup"),
    (federated_token_that_is_none, HELD, "AADSTS", "account."),
    (another_application, HELD, "AADSTS700016", "account.client_id"),
    (no_such_tenant, HELD, "AADSTS90002", "account.tenant"),
]


@pytest.mark.parametrize("spoil, state, text, fix", CASES,
                         ids=[c[0].__name__ for c in CASES])
def test_mail_is_kept_and_it_is_said_why(site, server, entra, make_entra,
                                         authority, spoil, state, text, fix):
    case = Case(site, entra, make_entra, authority)
    spoil(case)
    site.start()
    site.submit("a@example.net")
    site.wait(lambda: site.status()["accounts"][0]["state"] == state, state)
    # The account, the message and mailq say the same.
    account, = site.status()["accounts"]
    message, = site.queue()
    rcpt, = message["recipients"]
    assert (rcpt["state"], message["attempts"]) == ("queued", 0)
    for said in (account, rcpt):
        words = "%s %s %s" % (said["code"] or "", said["status"], said["text"])
        assert text in words, words
        assert fix in said["fix"], said
        assert said["meaning"]
    shown = " ".join(site.mailq().split())
    assert " ".join(rcpt["text"].split()) in shown
    assert " ".join(rcpt["fix"].split()) in shown
    # Once, and nobody was told that the mail failed.
    assert len(site.log.events("account-held")) + \
        len(site.log.events("backoff")) == 1
    assert not server.record.accepted
    if spoil is federated_token_that_is_none:
        return
    case.mend()
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
    site.wait_empty()
    assert site.status()["accounts"][0]["state"] == "ready"


@pytest.mark.parametrize("option, value, said", [
    ("tenant", "contoso example", "is not an id or domain"),
    ("tenant", "https://contoso.example", "is not an id or domain"),
    ("tenant", "contoso", "is no tenant"),
    ("client_id", "mailchute", "is no client id"),
    ("client_id", "0000-1111", "is no client id"),
    ("token_url", "http://login.example/token", "must begin with https")])
def test_what_no_endpoint_need_be_asked(site, server, entra, option, value,
                                        said):
    """mailchuted does not start, and says in which line; mail is taken."""
    by_secret(site, entra, token_url=None)
    site.conf["account"].update({"token_url": None, option: value})
    site.write_conf()
    done = subprocess.run(
        [program("mailchuted"), "-C", site.conf_path, "-f"],
        capture_output=True, text=True)
    assert done.returncode == 78
    assert said in done.stderr and "mailchute.conf:" in done.stderr
    site.submit("a@example.net")
    assert len(os.listdir(site.path("spool/drop"))) == 1
    site.conf["account"].update({
        "tenant": entra.tenant.id, "client_id": entra.tenant.apps[0].client_id,
        "token_url": entra.url()})
    site.write_conf()
    site.start()
    server.record.wait_messages(1)
