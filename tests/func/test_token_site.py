# SPDX-License-Identifier: ISC
"""The lines that the helpers write for each grant hold what it needs: whoever
follows them gets a token that the site's server takes."""

import json

import pytest

from exchange.entra import Federated
from lib.assertion import claims_for, form, head_for, sign
from lib.entrafixtures import *  # noqa: F401,F403
from lib.http import APP_SCOPE, USER_SCOPE, Caller
from lib.site import USER
from lib.tokens import (by_certificate, by_federation, by_identity, by_refresh,
                        by_secret)

GOOD = "235 2.7.0 Authentication successful"


def text(path):
    with open(path) as f:
        return f.read()


@pytest.fixture
def follow(site, entra, caller, sign_in):
    """Asks as the lines say; returns what the SMTP server then replies."""
    def follow(lines, grant="client_credentials", scope=APP_SCOPE, **more):
        assert lines["token_url"] == entra.url()
        assert {k: site.conf["account"][k] for k in lines} == lines
        status, fields = caller.post(
            tenant=lines["tenant"], client_id=lines["client_id"], scope=scope,
            grant_type=grant, **more)
        assert status == 200, fields
        return sign_in(fields["access_token"], server=site.server)
    return follow


def test_by_secret(site, entra, follow):
    lines = by_secret(site, entra)
    secret = text(lines["client_secret_file"])
    assert follow(lines, client_secret=secret.rstrip("\n")) == GOOD


def test_by_certificate(site, entra, authority, follow):
    lines = by_certificate(site, entra, authority)
    assertion = sign(lines["key_file"], head_for(lines["certificate_file"]),
                     claims_for(entra, entra.tenant.apps[0]))
    assert follow(lines, **form(assertion)) == GOOD


def test_by_federation(site, entra, authority, follow):
    pair = authority.issue("issuer", rsa=True)
    app = entra.app(federated=[Federated("https://k.example", "mail",
                                         pair.cert)])
    token = sign(pair.key, {"alg": "RS256"}, claims_for(
        entra, app, iss="https://k.example", sub="mail",
        aud="api://AzureADTokenExchange"))
    lines = by_federation(site, entra, app, token)
    assert lines["grant"] == "federated"
    assert follow(lines, **form(text(lines["federated_token_file"]))) == GOOD


def test_by_refresh(site, entra, follow):
    lines, token = by_refresh(site, entra, entra.user(USER))
    assert lines["grant"] == "refresh_token"
    assert follow(lines, "refresh_token", USER_SCOPE,
                  refresh_token=token.value) == GOOD


def test_by_identity(site, entra, imds, authority, sign_in):
    lines = by_identity(site, entra, imds)
    assert (lines["grant"], lines["tenant"]) == ("managed_identity", None)
    base, _, path = lines["token_url"].rpartition(":%d" % imds.port)
    assert base == "http://127.0.0.1"
    response = Caller(imds, authority).ask(
        "GET", path + "?api-version=2018-02-01&resource=https%3A"
        "%2F%2Foutlook.office365.com&client_id=" + lines["client_id"],
        headers={"Metadata": "true"})
    token = json.loads(response.text)["access_token"]
    assert sign_in(token, server=site.server) == GOOD


@pytest.mark.parametrize("which", ["a secret", "a token", "a refresh token"])
def test_canaries(site, entra, follow, which):
    """One of the endpoint's secrets stands in a file of the site's."""
    lines = by_secret(site, entra)
    app = entra.tenant.apps[0]
    follow(lines, client_secret=app.secrets[0].value)
    site.check()
    found = {"a secret": app.secrets[0].value,
             "a token": entra.tokens.issued[0].token,
             "a refresh token": entra.tokens.refreshing(
                 app, entra.user(USER), USER_SCOPE).value}[which]
    site.write("log/other", "x %s x" % found)
    with pytest.raises(AssertionError, match="a secret stands in"):
        site.check()
    site.write("log/other", "")


def test_refresh_tokens_have_their_place(site, entra):
    _, token = by_refresh(site, entra, entra.user(USER))
    site._owned_dir(site.path("lib/tokens"))
    site.write("lib/tokens/office365", token.value)
    site.check()
