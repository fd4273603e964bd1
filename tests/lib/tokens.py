# SPDX-License-Identifier: ISC
"""A token endpoint for the tests, and the [account] lines that use it."""

import pytest

from exchange.entra import Entra, Imds, Proxy


@pytest.fixture
def make_entra(authority):
    """Starts token endpoints; each with a good certificate."""
    made = []

    def make(certificate="good", **options):
        if certificate == "good":
            certificate = authority.issue("localhost")
        entra = Entra(certificate, **options)
        entra.up()
        made.append(entra)
        return entra
    yield make
    for entra in made:
        entra.stop()


@pytest.fixture
def entra(make_entra):
    """A token endpoint without applications; entra.app() adds one."""
    return make_entra()


@pytest.fixture
def imds(entra):
    """The metadata service of the same tenant; entra.identity() adds who
    may ask it."""
    with Imds(entra) as made:
        yield made


@pytest.fixture
def make_proxy():
    made = []

    def make(**options):
        proxy = Proxy(**options)
        proxy.up()
        made.append(proxy)
        return proxy
    yield make
    for proxy in made:
        proxy.stop()


def use_tokens(site, entra, app, **more):
    """Makes the site's account sign in by tokens of that endpoint; returns
    the lines.  What is secret about the application becomes a canary.  The
    grants' own functions below call this."""
    lines = {"auth": "xoauth2", "password_file": None,
             "tenant": entra.tenant.id, "client_id": app.client_id,
             "token_url": entra.url(), **more}
    site.conf["account"].update(lines)
    site.watch(entra.known_secrets)
    if site.server is not None:
        site.server.entra = entra
    return lines


def by_secret(site, entra, app=None, **more):
    """client_credentials with a client secret, made here unless it has one."""
    app = app or entra.app()
    secret = app.secrets[-1] if app.secrets else app.secret()
    path = site.secret("client_secret", secret.value + "\n")
    return use_tokens(site, entra, app, client_secret_file=path, **more)


def by_certificate(site, entra, authority, app=None, **more):
    """client_credentials with a certificate, which is registered here."""
    app = app or entra.app()
    pair = authority.issue("mailchute", rsa=True)
    app.certificates.append(pair.cert)
    with open(pair.cert) as cert, open(pair.key) as key:
        return use_tokens(
            site, entra, app, certificate_file=site.secret(
                "certificate.pem", cert.read(), 0o644),
            key_file=site.secret("key.pem", key.read()), **more)


def by_federation(site, entra, app, text, **more):
    """The platform's token is text; app.federated says whose counts."""
    return use_tokens(site, entra, app, grant="federated",
                      federated_token_file=site.secret("federated", text),
                      **more)


def by_refresh(site, entra, user, app=None, **more):
    """refresh_token: (lines, the first RefreshToken), which the caller puts
    where mailchute keeps it."""
    app = app or entra.app(is_public=True)
    token = entra.tokens.refreshing(
        app, user, "https://outlook.office.com/SMTP.Send offline_access")
    return use_tokens(site, entra, app, grant="refresh_token", **more), token


def by_identity(site, entra, imds, identity=None, **more):
    """managed_identity."""
    identity = identity or entra.identity()
    return use_tokens(site, entra, identity, grant="managed_identity",
                      tenant=None, token_url=imds.url(), **more)
