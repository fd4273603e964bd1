# SPDX-License-Identifier: ISC
"""mailchute check and whatever may be wrong with sign-in by OAuth: one clear
line with the next step for each, and none of the secrets."""

import json
import os

import pytest

from lib.site import USER, program
from lib.tokens import by_certificate, by_identity, by_refresh, by_secret

TOKEN = "token of account " + USER
SIGN_IN = "sign-in of account " + USER
SECRET = "secret of account (default)"
EXPIRY = "expiry " + USER
NEEDS_ROOT = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for others' rights")


def check(site, entra=None, *words):
    """Its lines; each that is not well has a next step, none has a secret."""
    site.write_conf()
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json", *words])
    assert done.stderr == ""
    for value in entra.known_secrets() if entra is not None else []:
        assert value not in done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        assert line["next"] or line["level"] in ("ok", "unknown"), line
    worst = [n for n, level in ((2, "fail"), (1, "warn"), (3, "unknown"),
                                (0, "ok"))
             if level in [line["level"] for line in lines]][0]
    assert done.returncode == worst
    return lines


def one(lines, name):
    found, = [line for line in lines if line["check"] == name]
    return found


def names(lines):
    return [line["check"] for line in lines]


def fails(site, entra, *words, next=None):
    """The token's line fails, with these words; no mail server is asked."""
    lines = check(site, entra)
    line = one(lines, TOKEN)
    assert line["level"] == "fail", line
    for word in words:
        assert word in line["text"], line
    if next is not None:
        assert next in line["next"], line
    assert SIGN_IN not in names(lines)
    assert not site.server.record.connections
    return lines


# ---- as it should be --------------------------------------------------------

@pytest.mark.parametrize("has_daemon", [False, True])
def test_claims_are_told(site, server, entra, has_daemon):
    app = entra.app()
    by_secret(site, entra, app, client_secret_expires="2099-01-31")
    if has_daemon:
        site.start()
    lines = check(site, entra)
    line = one(lines, TOKEN)
    assert line["level"] == "ok"
    for word in ("by client_credentials", "aud https://outlook.office365.com",
                 "roles SMTP.SendAsApp", "appid " + app.client_id,
                 "oid " + app.object_id, "good until 20"):
        assert word in line["text"]
    assert one(lines, SIGN_IN)["level"] == "ok"
    assert one(lines, SECRET)["level"] == "ok"
    assert one(lines, EXPIRY)["level"] == "ok"
    assert "client secret of application" in one(lines, EXPIRY)["text"]
    assert "agrees with the token endpoint" in one(lines, "clock")["text"]
    assert len(entra.record.requests) == 1
    assert not server.record.messages


def test_a_certificate_and_its_end(site, entra, authority):
    by_certificate(site, entra, authority)
    lines = check(site, entra)
    assert one(lines, TOKEN)["level"] == "ok"
    told = [v["text"] for v in lines if v["check"] == SECRET]
    assert len(told) == 2
    assert "certificate.pem is there, and nobody else may change it" in told[0]
    assert "key.pem is there, and nobody else may read it" in told[1]
    assert "certificate of application" in one(lines, EXPIRY)["text"]


def plant(site, token):
    folder = site.path("lib/tokens")
    os.makedirs(folder, 0o700, exist_ok=True)
    path = os.path.join(folder, "account")
    with open(path, "w") as f:
        f.write(token + "\n")
    os.chmod(path, 0o600)
    if site.is_root:
        os.chown(folder, site.uid, site.gid)
        os.chown(path, site.uid, site.gid)
    return path


def test_a_refresh_token(site, entra):
    _, token = by_refresh(site, entra, entra.user(USER))
    plant(site, getattr(token, "value", token))
    lines = check(site, entra)
    line = one(lines, TOKEN)
    assert line["level"] == "ok"
    assert "scp SMTP.Send" in line["text"] and "upn " + USER in line["text"]
    assert "tokens/account is there" in one(lines, SECRET)["text"]


def test_a_managed_identity(site, entra, imds):
    by_identity(site, entra, imds)
    lines = check(site, entra)
    assert "by managed_identity" in one(lines, TOKEN)["text"]
    assert one(lines, TOKEN)["level"] == "ok"


def test_app_rbac_is_no_fault(site, entra):
    """No role in the token, and Exchange takes it all the same."""
    app = entra.app(roles=[], rbac=["*"])
    by_secret(site, entra, app)
    lines = check(site, entra)
    assert one(lines, SIGN_IN)["level"] == "ok"
    line = one(lines, TOKEN)
    assert line["level"] == "ok"
    assert "the server takes it, although" in line["text"]
    assert "app_rbac" in line["text"]


def test_app_rbac_as_configured(site, entra):
    """Then it is what is expected, and the other is not."""
    app = entra.app(roles=[], rbac=["*"])
    by_secret(site, entra, app, app_rbac="yes")
    lines = check(site, entra)
    assert one(lines, SIGN_IN)["level"] == "ok"
    assert one(lines, TOKEN)["level"] == "ok"
    assert "although" not in one(lines, TOKEN)["text"]


def test_app_rbac_without_its_assignment(site, entra):
    app = entra.app(roles=[], rbac=[])
    by_secret(site, entra, app, app_rbac="yes")
    line = one(check(site, entra), SIGN_IN)
    assert line["level"] == "fail" and "535" in line["text"]
    assert "Test-ServicePrincipalAuthorization -Identity %s -Resource %s" % (
        app.client_id, USER) in line["next"]
    assert "Get-MailboxPermission" not in line["next"]


def test_app_rbac_beside_the_permission(site, entra):
    app = entra.app(rbac=["*"], mailboxes=[])
    by_secret(site, entra, app, app_rbac="yes")
    lines = check(site, entra)
    assert "looks at no role assignment" in one(lines, TOKEN)["text"]
    assert "remove SMTP.SendAsApp" in one(lines, TOKEN)["next"]
    assert "remove SMTP.SendAsApp" in one(lines, SIGN_IN)["next"]


# ---- secrets ----------------------------------------------------------------

def test_a_wrong_secret(site, entra):
    by_secret(site, entra)
    site.secret("client_secret", "not the right one at all\n")
    fails(site, entra, "AADSTS7000215", next="Value")
    # It is not tried again, with the same file.
    lines = check(site, entra)
    assert "no sign-in is tried" in one(lines, "account " + USER)["text"]
    assert len([v for v in lines if "AADSTS7000215" in v["text"]]) == 1
    assert len(entra.record.requests) == 1


def test_a_truncated_secret(site, entra):
    app = entra.app()
    secret = app.secret()
    by_secret(site, entra, app)
    site.secret("client_secret", secret.value[:-6] + "\n")
    fails(site, entra, "AADSTS7000215")


def test_an_expired_secret(site, entra):
    app = entra.app()
    app.secret(expires=1.0)
    by_secret(site, entra, app)
    fails(site, entra, "AADSTS7000222")


@pytest.mark.parametrize("text", ["", "\n", "\xff\xfe\x00", "x" * 100000])
def test_a_secret_that_is_none(site, entra, text):
    by_secret(site, entra)
    path = site.path("conf/client_secret")
    with open(path, "wb") as f:
        f.write(text.encode("latin-1"))
    fails(site, entra, "client_secret")
    assert not entra.record.requests


def test_a_certificate_that_does_not_match_its_key(site, entra, authority):
    by_certificate(site, entra, authority)
    other = authority.issue("other", rsa=True)
    with open(other.key) as f:
        site.secret("key.pem", f.read())
    fails(site, entra, "key")
    assert not entra.record.requests


def test_a_certificate_that_entra_does_not_know(site, entra, authority):
    app = entra.app()
    by_certificate(site, entra, authority, app)
    app.certificates.clear()
    fails(site, entra, "AADSTS700027")


def test_a_revoked_refresh_token(site, entra):
    user = entra.user(USER)
    _, token = by_refresh(site, entra, user)
    plant(site, getattr(token, "value", token))
    user.revoked = float("inf")
    fails(site, entra, "AADSTS", next="mailchute setup")


def test_nobody_has_signed_in(site, entra):
    by_refresh(site, entra, entra.user(USER))
    lines = check(site, entra)
    line = one(lines, SECRET)
    assert line["level"] == "fail" and line["next"] == "mailchute setup"
    assert "nobody has signed in as " + USER in line["text"]


@NEEDS_ROOT
@pytest.mark.parametrize("name, mode", [("key.pem", 0o644),
                                        ("certificate.pem", 0o666)])
def test_files_for_all(site, entra, authority, name, mode):
    by_certificate(site, entra, authority)
    os.chmod(site.path("conf/" + name), mode)
    lines = check(site, entra)
    bad, = [v for v in lines if v["check"] == SECRET and v["level"] != "ok"]
    assert bad["level"] == "fail" and name in bad["text"]
    assert os.system(bad["next"]) == 0
    lines = check(site, entra)
    assert not [v for v in lines
                if v["check"] == SECRET and v["level"] != "ok"]


@NEEDS_ROOT
def test_a_refresh_token_for_all(site, entra):
    _, token = by_refresh(site, entra, entra.user(USER))
    path = plant(site, getattr(token, "value", token))
    os.chmod(path, 0o644)
    os.chmod(site.path("lib/tokens"), 0o755)
    bad = [v for v in check(site, entra)
           if v["check"] == SECRET and v["level"] == "fail"]
    assert len(bad) == 2
    for line in bad:
        assert os.system(line["next"]) == 0
    assert not [v for v in check(site, entra)
                if v["check"] == SECRET and v["level"] == "fail"]


# ---- names ------------------------------------------------------------------

@pytest.mark.parametrize("option, value", [
    ("tenant", "contoso example"), ("tenant", "https://contoso.example"),
    ("client_id", "mailchute"), ("client_id", "0000-1111")])
def test_a_malformed_name(site, entra, option, value):
    by_secret(site, entra, token_url=None)
    site.conf["account"].update({"token_url": None, option: value})
    lines = check(site, entra)
    line, = [v for v in lines
             if v["check"] == "configuration" and v["level"] == "fail"]
    assert option.replace("_", " ") in line["text"]
    assert value in line["text"]
    assert not entra.record.requests


def test_an_application_that_is_not_there(site, entra):
    by_secret(site, entra)
    site.conf["account"]["client_id"] = "99999999-9999-9999-9999-999999999999"
    fails(site, entra, "AADSTS700016")


# ---- the way to the endpoint, and its answers -------------------------------

def test_the_endpoint_is_down(site, entra):
    by_secret(site, entra)
    entra.down()
    fails(site, entra, "localhost")


def test_an_untrusted_endpoint(site, make_entra, authority):
    entra = make_entra(certificate=authority.issue("wrong.example"))
    by_secret(site, entra)
    fails(site, entra, "certificate")
    assert not entra.record.requests


def test_plain_http(site, make_entra):
    entra = make_entra(certificate=None)
    by_secret(site, entra)
    line, = [v for v in check(site)
             if v["check"] == "configuration" and v["level"] == "fail"]
    assert "token_url must begin with https" in line["text"]
    assert not entra.record.requests


@pytest.mark.parametrize("fault, words", [
    ({"redirect": "https://elsewhere.example/"}, "redirect"),
    ({"kind": "html"}, "JSON"),
    ({"status": 500}, "500"),
    ({"status": 429, "retry_after": "60"}, "429"),
], ids=["redirect", "html", "500", "429"])
def test_answers_that_are_none(site, entra, fault, words):
    by_secret(site, entra)
    entra.faults.add(state="token", count="forever", **fault)
    fails(site, entra, words)
    assert len(entra.record.requests) == 1


def test_a_clock_off_by_an_hour(site, entra, authority):
    by_certificate(site, entra, authority)
    entra.advance(3600)
    lines = fails(site, entra, "AADSTS700024")
    line = one(lines, "clock")
    assert line["level"] == "fail"
    assert "1h behind" in line["text"]
    assert "set-ntp" in line["next"]


def test_a_clock_off_by_an_hour_the_other_way(site, entra):
    """A secret does not mind; the certificates of servers will."""
    by_secret(site, entra)
    entra.advance(-3600)
    line = one(check(site, entra), "clock")
    assert line["level"] == "fail" and "ahead" in line["text"]


# ---- tokens that Exchange does not take -------------------------------------

def test_another_audience(site, entra):
    by_secret(site, entra)
    entra.options.audience = "https://graph.microsoft.com"
    lines = check(site, entra)
    line = one(lines, TOKEN)
    assert line["level"] == "warn"
    assert "aud https://graph.microsoft.com" in line["text"]
    assert one(lines, SIGN_IN)["level"] == "fail"
    assert "graph.microsoft.com" in one(lines, SIGN_IN)["text"]


def test_no_role(site, entra):
    by_secret(site, entra, entra.app(roles=[]))
    lines = check(site, entra)
    assert one(lines, TOKEN)["level"] == "warn"
    assert "SMTP.SendAsApp" in one(lines, TOKEN)["next"]
    assert one(lines, SIGN_IN)["level"] == "fail"


def test_exchange_was_told_another_object_id(site, server, entra):
    """The most common mistake: the next step has this tenant's values."""
    app = entra.app(registered="12345678-1234-1234-1234-123456789012")
    by_secret(site, entra, app)
    line = one(check(site, entra), SIGN_IN)
    assert line["level"] == "fail" and "535" in line["text"]
    assert "Get-ServicePrincipal -Identity " + app.client_id in line["next"]
    assert "ObjectId %s)" % app.object_id in line["next"]
    assert "Get-MailboxPermission -Identity %s -User %s" % (
        USER, app.object_id) in line["next"]
    # Once with another token, as with mail, and no more.
    seen = sum(c.auths for c in server.record.connections)
    assert seen == 2
    check(site, entra)
    assert sum(c.auths for c in server.record.connections) == seen


def test_a_mailbox_that_the_application_may_not_open(site, entra):
    by_secret(site, entra, entra.app(mailboxes=[]))
    line = one(check(site, entra), SIGN_IN)
    assert line["level"] == "fail"
    assert "Get-MailboxPermission" in line["next"]
