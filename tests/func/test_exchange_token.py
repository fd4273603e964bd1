# SPDX-License-Identifier: ISC
"""The stand-in's token endpoint: each grant, and who may sign in then."""

import pytest

from exchange.entra.tokens import claims_of
from lib.client import Client, b64
from lib.http import APP_SCOPE, USER_SCOPE, Caller, refused
from lib.site import USER

SHARED = "shared@contoso.example"


@pytest.fixture
def caller(entra, authority):
    return Caller(entra, authority)


@pytest.fixture
def exchange(make_server, entra):
    server = make_server()
    server.entra = entra
    return server


@pytest.fixture
def sign_in(exchange, authority):
    """The SMTP server's reply to a token."""
    def sign_in(token, user=USER, server=exchange):
        with Client(server, authority) as c:
            c.secure()
            return c.cmd("AUTH XOAUTH2 " + b64(
                "user=%s\x01auth=Bearer %s\x01\x01" % (user, token)))
    return sign_in


# ---- client_credentials, secret ------------------------------------------------

def test_secret(entra, caller, sign_in):
    app = entra.app()
    status, fields = caller.by_secret(app, app.secret().value)
    assert status == 200
    assert {k: fields[k] for k in fields if k != "access_token"} == {
        "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599}
    claims = claims_of(fields["access_token"])
    assert (claims["aud"], claims["appid"], claims["oid"], claims["tid"]) == (
        "https://outlook.office365.com", app.client_id, app.object_id,
        entra.tenant.id)
    assert claims["roles"] == ["SMTP.SendAsApp"]
    assert claims["exp"] - claims["nbf"] == 3599
    assert sign_in(fields["access_token"]) == \
        "235 2.7.0 Authentication successful"
    assert sign_in(fields["access_token"] + "x").startswith("535 5.7.3 ")


@pytest.mark.parametrize("value", ["a+b c~d/e=f&g%h", "\u00fc\u20ac", " "])
def test_secret_is_decoded(entra, caller, value):
    app = entra.app()
    app.secret(value)
    assert caller.by_secret(app, value)[0] == 200


def test_secret_that_was_not_encoded(entra, caller):
    app = entra.app()
    app.secret("a+b")
    response = caller.ask(
        "POST", "/%s/oauth2/v2.0/token" % entra.tenant.id,
        "grant_type=client_credentials&client_id=%s&scope=%s&client_secret=a+b"
        % (app.client_id, APP_SCOPE),
        {"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status == 401


def test_secret_wrong_expired_absent(entra, caller):
    app = entra.app()
    secret = app.secret(expires=entra.now() + 100)
    refused(caller.by_secret(app, secret.id), 7000215, "invalid_client", 401)
    assert caller.by_secret(app, secret.value)[0] == 200
    entra.advance(101)
    refused(caller.by_secret(app, secret.value), 7000222, "invalid_client",
            401)
    refused(caller.post(grant_type="client_credentials",
                        client_id=app.client_id, scope=APP_SCOPE),
            7000218, "invalid_client", 401)


@pytest.mark.parametrize("change, number, error", [
    ({"client_id": "00000000-0000-0000-0000-000000000000"}, 700016,
     "unauthorized_client"),
    ({"client_id": ""}, 900144, "invalid_request"),
    ({"grant_type": ""}, 900144, "invalid_request"),
    ({"grant_type": "password"}, 70003, "unsupported_grant_type"),
    ({"scope": ""}, 900144, "invalid_request"),
    ({"scope": "https://outlook.office365.com/SMTP.Send"}, 1002012,
     "invalid_scope"),
    ({"scope": APP_SCOPE + " https://graph.microsoft.com/.default"}, 700022,
     "invalid_scope"),
    ({"scope": "https://other.example/.default"}, 500011, "invalid_resource"),
    ({"tenant": "nobody.example"}, 90002, "invalid_request"),
    ({"tenant": "00000000-0000-0000-0000-000000000000"}, 90002,
     "invalid_request"),
    ({"tenant": "nonsense"}, 900023, "invalid_request"),
    ({"tenant": "common"}, 9001023, "invalid_request"),
])
def test_wrong_requests(entra, caller, change, number, error):
    app = entra.app()
    refused(caller.by_secret(app, app.secret().value, **change), number, error)
    assert not entra.tokens.issued


def test_tenant_by_its_domain(entra, caller):
    app = entra.app()
    assert caller.by_secret(app, app.secret().value,
                            tenant="CONTOSO.onmicrosoft.com")[0] == 200


def test_disabled_and_locked_out(entra, caller):
    app = entra.app(is_enabled=False)
    value = app.secret().value
    refused(caller.by_secret(app, value), 7000112, "unauthorized_client")
    app.is_enabled, app.error = True, 53003
    fields = refused(caller.by_secret(app, value), 53003, "invalid_grant")
    assert fields["suberror"] == "message_only"
