# SPDX-License-Identifier: ISC
"""The stand-in's token endpoint: an application by secret, by certificate and
by another issuer's token."""

import json
import subprocess

import pytest

from exchange.entra import Federated
from exchange.entra.tokens import base64url, claims_of
from lib.assertion import claims_for, form, head_for, sign
from lib.entrafixtures import *  # noqa: F401,F403
from lib.http import APP_SCOPE, refused


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


# ---- client_credentials, certificate -------------------------------------------

@pytest.fixture
def pair(authority):
    return authority.issue("mailchute", rsa=True)


@pytest.fixture
def certified(entra, pair):
    return entra.app(certificates=[pair.cert])


@pytest.fixture
def assert_by(caller):
    """Asks with an assertion."""
    def ask(app, assertion, **more):
        return caller.post(**{"grant_type": "client_credentials",
                              "client_id": app.client_id,
                              "scope": APP_SCOPE, **form(assertion), **more})
    return ask


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
def test_certificate(entra, certified, pair, assert_by, sign_in, alg):
    status, fields = assert_by(certified, sign(
        pair.key, head_for(pair.cert, alg), claims_for(entra, certified)))
    assert status == 200
    assert sign_in(fields["access_token"]).startswith("235 ")


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
def test_certificate_signed_by_openssl(entra, certified, pair, assert_by,
                                       tmp_path, alg):
    """Another implementation's signature, so that ours is no echo."""
    text = ".".join(base64url(json.dumps(part).encode()) for part in (
        head_for(pair.cert, alg), claims_for(entra, certified)))
    (tmp_path / "text").write_text(text)
    pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt",
           "rsa_pss_saltlen:32"] if alg == "PS256" else []
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", pair.key, *pss,
         tmp_path / "text"], check=True, stdout=subprocess.PIPE).stdout
    assert assert_by(certified, text + "." + base64url(signature))[0] == 200


@pytest.mark.parametrize("change, number", [
    ({"aud": "https://other.example/token"}, 700023),
    ({"aud": None}, 700023),
    ({"iss": "other"}, 700021),
    ({"sub": "other"}, 700021),
    ({"jti": None}, 50027),
    ({"exp": None}, 50027),
    ({"exp": "soon"}, 50027),
])
def test_assertion_claims(entra, certified, pair, assert_by, change, number):
    refused(assert_by(certified, sign(
        pair.key, head_for(pair.cert), claims_for(entra, certified, **change))),
        number, "invalid_request" if number == 50027 else "invalid_client",
        400 if number == 50027 else 401)


@pytest.mark.parametrize("start, end, is_good", [
    (0, 600, True), (-299, 1, True), (299, 500, True), (-3600, -3000, False),
    (3600, 4200, False), (0, 3600, False), (0, 0, False)])
def test_assertion_times(entra, certified, pair, assert_by, start, end,
                         is_good):
    now = int(entra.now())
    answer = assert_by(certified, sign(
        pair.key, head_for(pair.cert),
        claims_for(entra, certified, nbf=now + start, exp=now + end)))
    if is_good:
        assert answer[0] == 200
    else:
        fields = refused(answer, 700024, "invalid_client", 401)
        assert "Current time: " in fields["error_description"]


def test_assertion_twice(entra, certified, pair, assert_by):
    assertion = sign(pair.key, head_for(pair.cert),
                     claims_for(entra, certified))
    assert assert_by(certified, assertion)[0] == 200
    refused(assert_by(certified, assertion), 700027, "invalid_client", 401)


def test_assertion_of_another_key(entra, certified, pair, assert_by,
                                  authority):
    other = authority.issue("other", rsa=True)
    wrong = [
        (other.key, head_for(pair.cert), "did not match"),
        (other.key, head_for(other.cert), "not found"),
        (pair.key, {"alg": "PS256", "x5t": head_for(pair.cert, "RS256")[
            "x5t"]}, "not found"),
        (pair.key, {**head_for(pair.cert), "alg": "RS256"}, "not found")]
    for key, head, text in wrong:
        fields = refused(assert_by(certified, sign(
            key, head, claims_for(entra, certified))), 700027,
            "invalid_client", 401)
        assert text in fields["error_description"]
    assert not entra.tokens.issued


@pytest.mark.parametrize("salt", [0, 20, 64])
def test_assertion_with_another_salt(entra, certified, pair, assert_by, salt):
    refused(assert_by(certified, sign(
        pair.key, head_for(pair.cert), claims_for(entra, certified), salt)),
        700027, "invalid_client", 401)


def test_assertion_unsigned(entra, certified, pair, assert_by):
    text = ".".join(base64url(json.dumps(part).encode()) for part in (
        {**head_for(pair.cert), "alg": "none"}, claims_for(entra, certified)))
    refused(assert_by(certified, text + "."), 700027, "invalid_client", 401)


@pytest.mark.parametrize("assertion", ["x", "a.b", "e30.e30", "e30=.e30.e30",
                                       "bnVsbA.e30.e30", "e30.e30.e3+0"])
def test_assertion_malformed(certified, assert_by, assertion):
    refused(assert_by(certified, assertion), 50027, "invalid_request")


def test_certificate_expired(entra, authority, assert_by):
    pair = authority.issue("mailchute", rsa=True, expired=True)
    app = entra.app(certificates=[pair.cert])
    refused(assert_by(app, sign(pair.key, head_for(pair.cert),
                                claims_for(entra, app))),
            700027, "invalid_client", 401)


def test_assertion_without_its_type(entra, certified, pair, assert_by):
    refused(assert_by(certified, sign(
        pair.key, head_for(pair.cert), claims_for(entra, certified)),
        client_assertion_type="jwt"), 900144, "invalid_request")


# ---- federated -----------------------------------------------------------------

ISSUER = "https://kubernetes.example"
SUBJECT = "system:serviceaccount:mail:mailchute"


@pytest.mark.parametrize("change, number", [
    ({}, 0), ({"iss": "https://other.example"}, 700211),
    ({"aud": "api://other"}, 700212), ({"sub": "other"}, 700213),
    ({"exp": 1000}, 700024)])
def test_federated(entra, pair, assert_by, change, number):
    app = entra.app(federated=[Federated(ISSUER, SUBJECT, pair.cert)])
    answer = assert_by(app, sign(
        pair.key, {"alg": "RS256", "kid": "1"}, claims_for(
            entra, app, **{"iss": ISSUER, "sub": SUBJECT, "jti": None, "aud": [
                "api://AzureADTokenExchange"], **change})))
    if number:
        refused(answer, number, "invalid_client", 401)
    else:
        assert answer[0] == 200


def test_federated_of_another_key(entra, pair, assert_by, authority):
    app = entra.app(federated=[Federated(ISSUER, SUBJECT, pair.cert)])
    other = authority.issue("other", rsa=True)
    refused(assert_by(app, sign(
        other.key, {"alg": "RS256", "kid": "1"}, claims_for(
            entra, app, iss=ISSUER, sub=SUBJECT,
            aud="api://AzureADTokenExchange"))), 700027, "invalid_client", 401)
