# SPDX-License-Identifier: ISC
"""The stand-in's token endpoint: users, managed identities, and which token
signs in to which mailbox."""

import json

import pytest

from exchange.entra.grants import DEVICE
from exchange.entra.tokens import claims_of
from lib.client import Client, b64
from lib.entrafixtures import *  # noqa: F401,F403
from lib.http import APP_SCOPE, USER_SCOPE, Caller, refused
from lib.site import USER

SHARED = "shared@contoso.example"
DAY = 86400
GOOD = "235 2.7.0 Authentication successful"


@pytest.fixture
def app(entra):
    return entra.app(is_public=True)


@pytest.fixture
def user(entra):
    return entra.user(USER)


# ---- refresh_token -------------------------------------------------------------

@pytest.fixture
def refresh(caller, app):
    def refresh(token, **more):
        return caller.post(**{"grant_type": "refresh_token",
                              "client_id": app.client_id,
                              "scope": USER_SCOPE, "refresh_token": token,
                              **more})
    return refresh


@pytest.fixture
def first(entra, app, user):
    return entra.tokens.refreshing(app, user, USER_SCOPE).value


def test_refresh(entra, user, first, refresh, sign_in):
    status, fields = refresh(first)
    assert (status, fields["scope"], fields["expires_in"]) == (
        200, "https://outlook.office.com/SMTP.Send", 3599)
    claims = claims_of(fields["access_token"])
    assert (claims["scp"], claims["upn"], claims["oid"], claims["aud"]) == (
        "SMTP.Send", USER, user.object_id, "https://outlook.office.com")
    assert "roles" not in claims
    assert sign_in(fields["access_token"]) == GOOD
    assert fields["refresh_token"] != first
    assert refresh(fields["refresh_token"])[0] == 200


def test_the_old_refresh_token_is_good_for_a_while(entra, first, refresh):
    refresh(first)
    entra.advance(entra.options.refresh_grace - 10)
    assert refresh(first)[0] == 200
    entra.advance(20)
    refused(refresh(first), 70008, "invalid_grant")


def test_refresh_tokens_end_unused(entra, first, refresh):
    entra.advance(89 * DAY)
    second = refresh(first)[1]["refresh_token"]
    entra.advance(89 * DAY)
    third = refresh(second)[1]["refresh_token"]
    entra.advance(90 * DAY)
    refused(refresh(third), 700082, "invalid_grant")


def test_refresh_revoked(entra, user, first, refresh):
    second = refresh(first)[1]["refresh_token"]
    entra.advance(1)
    entra.tokens.revoke(user)
    refused(refresh(second), 50173, "invalid_grant")
    entra.advance(1)
    again = entra.tokens.refreshing(entra.tenant.apps[0], user, USER_SCOPE)
    assert refresh(again.value)[0] == 200


def test_refresh_refused(entra, app, user, first, refresh):
    refused(refresh("nonsense"), 9002313, "invalid_grant")
    refused(refresh(first, client_id=entra.app(is_public=True).client_id),
            9002313, "invalid_grant")
    refused(refresh(first, scope="https://outlook.office.com/Mail.Send"),
            65001, "invalid_grant")
    refused(refresh(first, scope="SMTP.Send"), 70011, "invalid_scope")
    refused(refresh(first, client_secret="x"), 700025, "invalid_client", 401)
    user.error = 50076
    refused(refresh(first), 50076, "invalid_grant")
    app.is_public = False
    refused(refresh(first), 7000218, "invalid_client", 401)
    assert not entra.tokens.issued


def test_refresh_of_a_confidential_application(entra, app, first, refresh):
    app.is_public, secret = False, app.secret()
    refused(refresh(first), 7000218, "invalid_client", 401)
    assert refresh(first, client_secret=secret.value)[0] == 200


def test_refresh_without_rotation(entra, first, refresh):
    entra.options.rotate = False
    assert "refresh_token" not in refresh(
        first, scope="https://outlook.office.com/SMTP.Send")[1]


# ---- device code ---------------------------------------------------------------

@pytest.fixture
def begun(caller, app):
    status, fields = caller.post("devicecode", client_id=app.client_id,
                                 scope=USER_SCOPE)
    assert status == 200
    return fields


@pytest.fixture
def poll(caller, app, begun):
    def poll(**more):
        return caller.post(**{"grant_type": DEVICE, "client_id": app.client_id,
                              "device_code": begun["device_code"], **more})
    return poll


def test_device_code(entra, user, begun, poll, sign_in, refresh):
    assert (begun["expires_in"], begun["interval"]) == (900, 5)
    assert begun["verification_uri"] == "https://microsoft.com/devicelogin"
    assert begun["user_code"] in begun["message"]
    refused(poll(), 70016, "authorization_pending")
    entra.approve(begun["user_code"], USER)
    status, fields = poll()
    assert status == 200
    assert sign_in(fields["access_token"]) == GOOD
    assert refresh(fields["refresh_token"])[0] == 200
    refused(poll(), 70018, "bad_verification_code")


def test_device_code_declined(entra, begun, poll):
    entra.decline(begun["user_code"])
    refused(poll(), 70017, "authorization_declined")


def test_device_code_expired(entra, user, begun, poll):
    entra.advance(900)
    refused(poll(), 70020, "expired_token")


def test_device_code_wrong(entra, begun, poll):
    refused(poll(device_code="x"), 70018, "bad_verification_code")
    refused(poll(client_id=entra.app(is_public=True).client_id), 70018,
            "bad_verification_code")
    refused(poll(device_code=""), 900144, "invalid_request")


def test_device_code_slow_down(entra, begun, poll):
    code, = entra.devices.codes
    code.slow_down = 2
    for _ in range(2):
        assert poll()[1]["error"] == "slow_down"
    refused(poll(), 70016, "authorization_pending")
    assert code.polls == 3


def test_device_code_polled_too_fast(entra, begun, poll):
    """Each time it is too fast the interval grows: 5, 10, 15."""
    entra.options.device_strict = True
    said = []
    for seconds in (0, 1, 3, 20):
        entra.advance(seconds)
        said.append(poll()[1]["error"])
    assert said == ["authorization_pending", "slow_down", "slow_down",
                    "authorization_pending"]


def test_device_code_by_somebody_who_is_blocked(entra, user, begun, poll):
    user.error = 53003
    entra.approve(begun["user_code"], USER)
    refused(poll(), 53003, "invalid_grant")


def test_device_code_of_an_application_that_is_not_public(app, poll, begun):
    app.is_public = False
    refused(poll(), 7000218, "invalid_client", 401)


# ---- managed identity ----------------------------------------------------------

QUERY = "/metadata/identity/oauth2/token?api-version=2018-02-01" \
    "&resource=https%3A%2F%2Foutlook.office365.com"


@pytest.fixture
def ask(imds, authority):
    def ask(target=QUERY, method="GET", **headers):
        response = Caller(imds, authority).ask(
            method, target, headers={"Metadata": "true", **headers})
        return response.status, json.loads(response.text or "{}")
    return ask


def test_identity(entra, imds, ask, sign_in):
    identity = entra.identity()
    status, fields = ask()
    assert status == 200
    assert (fields["expires_in"], fields["token_type"]) == ("86399", "Bearer")
    claims = claims_of(fields["access_token"])
    assert fields["expires_on"] == str(claims["exp"])
    assert (claims["oid"], claims["aud"]) == (
        identity.object_id, "https://outlook.office365.com")
    assert sign_in(fields["access_token"]) == GOOD
    assert [r.grant for r in imds.record.requests] == ["managed_identity"]


def test_identity_among_several(entra, ask):
    one, two = entra.identity(), entra.identity(resource_id="/subscriptions/x")
    assert ask()[0] == 400
    for name, value in [("client_id", two.client_id),
                        ("object_id", two.object_id),
                        ("msi_res_id", "/subscriptions/x")]:
        assert ask("%s&%s=%s" % (QUERY, name, value))[1]["client_id"] == \
            two.client_id
    assert ask(QUERY + "&client_id=" + one.object_id)[0] == 400


@pytest.mark.parametrize("target, headers, text", [
    (QUERY, {"Metadata": ""}, "metadata header"),
    (QUERY, {"Metadata": "false"}, "metadata header"),
    (QUERY, {"X-Forwarded-For": "192.0.2.1"}, "forbidden header"),
    (QUERY.replace("api-version", "version"), {}, "api-version"),
    (QUERY.partition("&")[0], {}, "resource"),
    (QUERY + "&client_id=a&object_id=b", {}, "one identity"),
    (QUERY.replace("outlook", "other"), {}, "resource principal"),
])
def test_identity_refused(entra, ask, target, headers, text):
    entra.identity()
    status, fields = ask(target, **headers)
    assert status == 400
    assert text in fields["error_description"]
    assert not entra.tokens.issued


def test_identity_absent(ask):
    assert ask()[1]["error_description"] == "Identity not found"


def test_identity_other_path_and_method(entra, ask):
    entra.identity()
    assert ask("/metadata/instance?api-version=2018-02-01")[0] == 404
    assert ask(method="POST")[0] == 405


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
def test_identity_faults(entra, imds, ask, status):
    entra.identity()
    imds.faults.add(state="imds", status=status, retry_after="7")
    assert ask()[0] == status
    assert ask()[0] == 200


# ---- which token signs in ------------------------------------------------------

@pytest.fixture
def token(entra, app):
    return entra.tokens.access(app, "https://outlook.office365.com").token


def test_token_expires(entra, token, sign_in):
    entra.advance(3000)
    assert sign_in(token) == GOOD
    entra.advance(600)
    assert sign_in(token).startswith("535 5.7.3 Authentication unsuccessful [")


@pytest.mark.parametrize("how", [
    {"roles": []}, {"roles": ["Mail.Send"]}, {"registered": None},
    {"registered": "the application's object id"}, {"mailboxes": []},
    {"mailboxes": ["other@*"]}, {"roles": [], "rbac": ["other@*"]}])
def test_application_with_a_step_undone(entra, sign_in, how):
    app = entra.app(**how)
    token = entra.tokens.access(app, "https://outlook.office365.com").token
    assert sign_in(token).startswith("535 5.7.3 ")
    assert entra.tokens.issued[0].used == 1


def test_application_by_rbac(entra, sign_in):
    app = entra.app(roles=[], mailboxes=[], rbac=["ALERTS@*"])
    token = entra.tokens.access(app, "https://outlook.office365.com").token
    assert sign_in(token) == GOOD
    assert sign_in(token, "other@contoso.example").startswith("535 5.7.3 ")


@pytest.mark.parametrize("claims", [
    {"aud": "https://graph.microsoft.com"}, {"aud": None},
    {"roles": ["SMTP.Send"]}, {"roles": None}, {"oid": "other"}])
def test_other_claims(entra, app, sign_in, claims):
    entra.options.claims = claims
    token = entra.tokens.access(app, "https://outlook.office365.com").token
    assert sign_in(token).startswith("535 5.7.3 ")


def test_revoked_access_token(entra, token, sign_in):
    entra.tokens.issued[0].revoked = True
    assert sign_in(token).startswith("535 5.7.3 ")


def test_user_and_mailboxes(entra, app, user, sign_in):
    token = entra.tokens.access(app, "https://outlook.office.com", user,
                                "SMTP.Send").token
    assert sign_in(token, USER.upper()) == GOOD
    assert sign_in(token, SHARED).startswith("535 5.7.3 ")
    user.mailboxes.append(SHARED)
    assert sign_in(token, SHARED) == GOOD
    other = entra.tokens.access(app, "https://outlook.office.com", user,
                                "IMAP.AccessAsUser.All").token
    assert sign_in(other).startswith("535 5.7.3 ")


@pytest.mark.parametrize("what", ["Tenant", "Mailbox"])
def test_smtp_auth_switched_off(exchange, token, sign_in, what):
    exchange.options.auth_disabled = what
    assert sign_in(token).startswith(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
        "disabled for the %s. Visit https://aka.ms/smtp_auth_disabled for "
        "more information. [" % what)
    assert sign_in("other").startswith("535 5.7.3 ")


def test_tokens_without_entra(make_server, token, sign_in):
    assert sign_in(token, server=make_server()).startswith("535 5.7.3 ")


@pytest.mark.parametrize("change, advance, reply", [
    ({}, 0, GOOD), ({}, 2900, GOOD), ({}, 3000, "535 5.7.142 "),
    ({}, 3599, "535 5.7.143 "), ({"roles": ["SMTP.SendAsApp"]}, 0,
                                 "535 5.7.144 "),
    ({"hve": False}, 0, "550 5.7.240 ")])
def test_high_volume_email(entra, make_server, sign_in, change, advance,
                           reply):
    server = make_server(provider="hve", entra=entra)
    app = entra.app(**{"roles": ["Mail.Send"], "hve": True, **change})
    token = entra.tokens.access(app, "https://outlook.office.com").token
    entra.advance(advance)
    assert sign_in(token, server=server).startswith(reply)


def test_high_volume_email_malformed(entra, make_server, authority):
    with Client(make_server(provider="hve", entra=entra), authority) as c:
        c.secure()
        assert c.cmd("AUTH XOAUTH2 " + b64("x")).startswith("501 5.5.121 ")


def test_app_scope_for_a_user_gives_no_role(app, user, refresh, entra):
    first = entra.tokens.refreshing(app, user, USER_SCOPE).value
    status, fields = refresh(first, scope=APP_SCOPE)
    assert (status, claims_of(fields["access_token"])["scp"]) == (
        200, "SMTP.Send")
