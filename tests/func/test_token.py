# SPDX-License-Identifier: ISC
"""The program token by itself, against the stand-in's token endpoint: every
grant, what it hands over and stores, and what it does without."""

import os
import select
import stat
import subprocess

import pytest

from exchange.entra import Federated
from lib.assertion import claims_for, sign
from lib.entrafixtures import *  # noqa: F401,F403
from lib.site import USER
from lib.tokenrun import (CERTIFICATE, LATER, NEVER, REFRESH, USER_SCOPE,
                          TokenRun, run_token)

SEALED = 0x1 | 0x2 | 0x4 | 0x8  # seal, shrink, grow, write


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "tokens"
    path.mkdir(0o700)
    return path


@pytest.fixture
def put(tmp_path):
    """Writes a file; its path."""
    def put(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)
    return put


@pytest.fixture
def app(entra):
    return entra.app()


@pytest.fixture
def by_secret(entra, authority, app, put):
    """Asks with a client secret, of that text or a good one."""
    def by_secret(text=None, **more):
        value = text if text is not None else app.secret().value + "\n"
        return run_token(files={"S": put("secret", value)}, **{
            "grant": "client_credentials", "proof": "secret",
            "token_url": entra.url(), "client_id": app.client_id,
            "tenant": entra.tenant.id, "user": USER,
            "ca_file": authority.roots, **more})
    return by_secret


@pytest.fixture
def by_key(entra, authority, app, put):
    """Asks with a certificate; pair: (certificate, key) files."""
    def by_key(pair, **more):
        return run_token(files={"C": pair[0], "K": pair[1]}, **{
            "grant": "client_credentials", "proof": "certificate",
            "token_url": entra.url(), "client_id": app.client_id,
            "ca_file": authority.roots, **more})
    return by_key


@pytest.fixture
def pair(authority, app):
    made = authority.issue("mailchute", rsa=True)
    app.certificates.append(made.cert)
    return made.cert, made.key


def issued(entra):
    return [i.token for i in entra.tokens.issued]


# ---- an application by secret --------------------------------------------------

def test_secret(entra, app, by_secret):
    got, run = by_secret()
    assert got.kind == "granted"
    assert [run.access] == issued(entra)
    assert run.seals & SEALED == SEALED
    assert run.asked == "SAW"
    assert (got.lifetime_s, got.until - got.asked_at) == (3599, 3599)
    assert (got.aud, got.roles, got.appid, got.oid, got.tid, got.scp, got.upn
            ) == ("https://outlook.office365.com", "SMTP.SendAsApp",
                  app.client_id, app.object_id, entra.tenant.id, "", "")
    assert got.exp > 0
    assert (got.doubt, got.fix, got.has_refresh, got.cert_until) == (
        "", "", 0, 0)
    assert run.access not in repr(got)


@pytest.mark.parametrize("secret", ["a+b c~d/e=f&g%h", "\u00fc\u20ac", "x" * 4000],
                         ids=["signs", "utf-8", "long"])
def test_secret_arrives_as_it_is(entra, app, by_secret, secret):
    app.secret(secret)
    assert by_secret(secret + "\r\nsecond line")[0].kind == "granted"


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_in_each_mode_of_the_sandbox(by_secret, mode):
    assert by_secret(sandbox=mode)[0].kind == "granted"


def test_token_is_kept_before_it_is_told_of(entra, authority, app, put):
    run = TokenRun(files={"S": put("s", app.secret().value)})
    seen = []
    run.at_keep = lambda: seen.append(
        run.queue.recv(1, 64 | 2) if _has_input(run.queue) else b"")
    run.ask(grant="client_credentials", proof="secret", token_url=entra.url(),
            client_id=app.client_id, ca_file=authority.roots)
    assert run.answer().kind == "granted"
    assert seen == [b""]
    assert run.end() == 0


def _has_input(sock):
    return bool(select.select([sock], [], [], 0)[0])


def test_parent_that_does_not_keep_it(entra, authority, app, put):
    run = TokenRun(files={"S": put("s", app.secret().value)},
                   refuses_place="4 no room")
    run.ask(grant="client_credentials", proof="secret", token_url=entra.url(),
            client_id=app.client_id, ca_file=authority.roots)
    got = run.answer()
    run.end()
    assert (got.kind, got.phase, got.text) == ("failed", "store", "no room")
    assert getattr(got, "class") == LATER


# ---- by certificate ------------------------------------------------------------

@pytest.mark.parametrize("assertion", [0, 1])
def test_certificate(entra, by_key, pair, assertion):
    got, run = by_key(pair, assertion=assertion)
    assert got.kind == "granted", got
    assert run.access == issued(entra)[-1]
    assert run.asked == "CKAW"
    assert got.cert_until == 2524607999  # 2049-12-31T23:59:59Z


def test_each_assertion_is_another(entra, by_key, pair):
    """The endpoint takes none twice."""
    assert by_key(pair)[0].kind == by_key(pair)[0].kind == "granted"


def test_certificate_that_is_not_uploaded(entra, app, by_key, pair):
    app.certificates.clear()
    got, _ = by_key(pair)
    assert (got.kind, got.aadsts, getattr(got, "class")) == (
        "failed", 700027, NEVER)
    assert app.client_id in got.fix


def make_key(tmp_path, name, *how):
    """A private key and its certificate, by openssl."""
    key, cert = str(tmp_path / (name + ".key")), str(tmp_path / name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", *how, "-keyout", key,
                    "-out", cert, "-subj", "/CN=x", "-days", "30"],
                   check=True, capture_output=True)
    return cert, key


def test_key_of_another_certificate(by_key, pair, tmp_path):
    other = make_key(tmp_path, "other", "rsa:2048", "-nodes")
    got, run = by_key((pair[0], other[1]))
    assert (got.kind, getattr(got, "class"), got.phase) == (
        "failed", NEVER, "secret")
    assert got.text == "%s is not the key of the certificate in %s" % (
        other[1], pair[0])


@pytest.mark.parametrize("how, words", [
    (("ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
     "is not an RSA key"),
    (("rsa:1024", "-nodes"), "has 1024 bits"),
    (("rsa:2048", "-passout", "pass:x"), "is encrypted"),
])
def test_key_that_is_not_taken(by_key, tmp_path, how, words):
    got, _ = by_key(make_key(tmp_path, "x", *how))
    assert (got.kind, getattr(got, "class")) == ("failed", NEVER)
    assert words in got.text


def test_expired_certificate(entra, authority, by_key):
    made = authority.issue("mailchute", rsa=True, expired=True)
    got, _ = by_key((made.cert, made.key))
    assert (got.kind, getattr(got, "class"), got.ended) == (
        "failed", NEVER, CERTIFICATE)
    assert "has expired on 2021-01-01" in got.text
    assert not entra.record.requests


@pytest.mark.parametrize("which", ["C", "K"])
@pytest.mark.parametrize("text", [b"", b"nonsense", b"\xff\xfe" * 5000,
                                  b"-----BEGIN CERTIFICATE-----\nAAAA\n"
                                  b"-----END CERTIFICATE-----\n",
                                  b"x" * 200000],
                         ids=["empty", "nonsense", "octets", "hollow", "huge"])
def test_certificate_or_key_that_is_none(by_key, pair, put, which, text):
    bad = put("bad", text)
    got, _ = by_key((bad, pair[1]) if which == "C" else (pair[0], bad))
    assert (got.kind, getattr(got, "class"), got.phase) == (
        "failed", NEVER, "secret")
    assert bad in got.text


def test_truncated_key(by_key, pair, put):
    with open(pair[1], "rb") as f:
        got, _ = by_key((pair[0], put("cut", f.read()[:-100])))
    assert "holds no private key in PEM" in got.text


# ---- a token that the platform renews ------------------------------------------

def test_federated(entra, authority, app, put):
    issuer = authority.issue("issuer", rsa=True)
    app.federated.append(Federated("https://issuer.example", "web01",
                                   issuer.cert))
    text = sign(issuer.key, {"alg": "RS256", "typ": "JWT"}, claims_for(
        entra, app, iss="https://issuer.example", sub="web01",
        aud="api://AzureADTokenExchange"))
    got, run = run_token(
        files={"F": put("federated", text)}, grant="federated",
        proof="federated", token_url=entra.url(), client_id=app.client_id,
        ca_file=authority.roots)
    assert got.kind == "granted", got
    assert run.asked == "FAW"


# ---- a refresh token -----------------------------------------------------------

@pytest.fixture
def public(entra):
    return entra.app(is_public=True)


@pytest.fixture
def refresh(entra, authority, public, folder):
    def refresh(**more):
        return run_token(folder=str(folder), **{
            "grant": "refresh_token", "token_url": entra.url(),
            "client_id": public.client_id, "scope": USER_SCOPE,
            "ca_file": authority.roots, "tenant": entra.tenant.id, **more})
    return refresh


@pytest.fixture
def first(entra, public, folder):
    value = entra.tokens.refreshing(public, entra.user(USER),
                                    USER_SCOPE).value
    path = folder / "account"
    path.write_text(value + "\n")
    path.chmod(0o600)
    return value


def test_refresh_is_rotated(entra, folder, first, refresh):
    got, run = refresh()
    assert got.kind == "granted", got
    assert (got.has_refresh, got.is_rotated, got.scp, got.upn) == (
        1, 1, "SMTP.Send", USER)
    assert os.listdir(folder) == ["account"]
    path = folder / "account"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == entra.tokens.refresh[-1].value + "\n" != first
    assert refresh()[0].kind == "granted"


def test_refresh_without_another(entra, folder, first, refresh):
    entra.options.rotate = False
    got, _ = refresh(scope="https://outlook.office.com/SMTP.Send")
    assert (got.kind, got.has_refresh, got.is_rotated) == ("granted", 1, 0)
    assert got.refresh_since == int((folder / "account").stat().st_mtime)
    assert (folder / "account").read_text() == first + "\n"
    assert os.listdir(folder) == ["account"]


def test_account_has_a_file_of_its_name(entra, folder, first, refresh):
    (folder / "account").rename(folder / "account.a%2fb")
    assert refresh(account="a/b")[0].kind == "granted"
    assert os.listdir(folder) == ["account.a%2fb"]


def test_nobody_signed_in_yet(entra, folder, refresh):
    got, _ = refresh()
    assert (got.kind, getattr(got, "class"), got.ended) == (
        "failed", NEVER, REFRESH)
    assert "nobody has signed in yet" in got.text
    assert not entra.record.requests and os.listdir(folder) == []


def test_refresh_token_that_others_can_read(entra, folder, first, refresh):
    (folder / "account").chmod(0o640)
    got, _ = refresh()
    assert (got.kind, getattr(got, "class")) == ("failed", NEVER)
    assert "not for its owner alone" in got.text
    assert not entra.record.requests


def test_link_in_its_place(entra, folder, first, refresh, tmp_path):
    (folder / "account").rename(tmp_path / "elsewhere")
    (folder / "account").symlink_to(tmp_path / "elsewhere")
    assert refresh()[0].kind == "failed"
    assert not entra.record.requests


def test_what_a_crash_left_is_no_trouble(folder, first, refresh):
    (folder / ".account.new").write_text("half")
    assert refresh()[0].kind == "granted"
    assert os.listdir(folder) == ["account"]


def test_revoked(entra, folder, first, refresh):
    entra.advance(1)
    entra.tokens.revoke(entra.tenant.user(USER))
    got, _ = refresh()
    assert (got.kind, got.aadsts, got.ended, getattr(got, "class")) == (
        "failed", 50173, REFRESH, NEVER)
    assert "mailchute setup" in got.fix
    assert (folder / "account").read_text() == first + "\n"
    assert os.listdir(folder) == ["account"]


def test_token_file_survives_an_answer_that_is_cut(entra, folder, first,
                                                   refresh):
    entra.faults.add(state="token", after=200)
    got, _ = refresh()
    assert (got.kind, getattr(got, "class")) == ("failed", LATER)
    assert (folder / "account").read_text() == first + "\n"
    assert refresh()[0].kind == "granted"


# ---- a managed identity --------------------------------------------------------

def identity(imds, **more):
    return run_token(**{"grant": "managed_identity", "token_url": imds.url(),
                        **more})


def test_managed_identity(entra, imds):
    made = entra.identity()
    got, run = identity(imds)
    assert got.kind == "granted", got
    assert (got.lifetime_s, got.appid, run.asked) == (
        86399, made.client_id, "AW")


def test_managed_identity_by_client_id(entra, imds):
    entra.identity()
    made = entra.identity()
    assert identity(imds, client_id=made.client_id)[0].appid == made.client_id


def test_no_such_identity(entra, imds):
    got, _ = identity(imds)
    assert (got.kind, got.http, got.error, got.text) == (
        "failed", 400, "invalid_request", "Identity not found")


def test_identity_is_asked_without_the_proxy(entra, imds, make_proxy):
    entra.identity()
    proxy = make_proxy()
    assert identity(imds, proxy=proxy.url())[0].kind == "granted"
    assert not proxy.record.requests


# ---- a device code -------------------------------------------------------------

@pytest.fixture
def device(entra, authority, public, folder):
    """A sign-in that has begun: (CODE, TokenRun)."""
    runs = []
    entra.options.device_interval = 1

    def device():
        run = TokenRun(folder=str(folder))
        runs.append(run)
        run.ask(grant="refresh_token", is_device_code=1, scope=USER_SCOPE,
                token_url=entra.url(), client_id=public.client_id,
                ca_file=authority.roots)
        return run.answer(), run
    yield device
    for run in runs:
        run.close()


def test_device_code(entra, folder, device):
    entra.user(USER)
    code, run = device()
    assert (code.kind, code.uri, code.expires_s, code.interval_s) == (
        "code", "https://microsoft.com/devicelogin", 900, 1)
    entra.record.wait(lambda: entra.devices.codes[-1].polls >= 2)
    assert os.listdir(folder) == [".account.new"]
    entra.approve(code.code, USER)
    got = run.answer()
    assert (got.kind, got.upn, got.has_refresh) == ("granted", USER, 1)
    assert run.end() == 0
    assert (folder / "account").read_text() == \
        entra.tokens.refresh[-1].value + "\n"
    assert entra.devices.codes[-1].device_code not in repr(code)


def test_device_code_declined(entra, folder, device):
    code, run = device()
    entra.decline(code.code)
    got = run.answer()
    run.end()
    assert (got.kind, getattr(got, "class")) == ("failed", NEVER)
    assert "mailchute setup" in got.fix
    assert os.listdir(folder) == []


def test_device_code_goes_on_after_a_failure(entra, device):
    entra.user(USER)
    entra.faults.add(state="token", status=503)
    code, run = device()
    entra.record.wait_requests(2)
    entra.approve(code.code, USER)
    assert run.answer().kind == "granted"
    assert run.end() == 0


def test_device_code_tells_of_the_last_answer_alone(entra, authority, public,
                                                    folder):
    """Not of those before, which only said that nobody had signed in yet."""
    entra.user(USER)
    entra.options.device_interval = 1
    run = TokenRun(folder=str(folder), refuses_place="5 no room")
    run.ask(grant="refresh_token", is_device_code=1, scope=USER_SCOPE,
            token_url=entra.url(), client_id=public.client_id,
            ca_file=authority.roots)
    code = run.answer()
    entra.record.wait(lambda: entra.devices.codes[-1].polls >= 1)
    entra.approve(code.code, USER)
    got = run.answer()
    run.end()
    assert (got.kind, got.phase, got.http) == ("failed", "store", 200)
    assert (got.aadsts, got.error) == (0, "")


def test_device_code_that_nobody_used(entra, device):
    entra.options.device_lifetime = 2
    _, run = device()
    got = run.answer()
    run.end()
    assert (got.kind, getattr(got, "class")) == ("failed", NEVER)


def test_hanging_up_ends_a_sign_in(entra, folder, device):
    _, run = device()
    run.queue.close()
    run.process.wait(60)
    assert os.listdir(folder) == []


# ---- the contract --------------------------------------------------------------

def test_another_version_is_refused(entra):
    got, _ = run_token(version=99, grant="managed_identity",
                       token_url="http://127.0.0.1/")
    assert got.kind == "refused"
    assert "speaks version 99 to token" in got.text


def test_hanging_up_ends_it(entra, authority, app, put):
    entra.faults.add(state="token", stall=True)
    run = TokenRun(files={"S": put("s", app.secret().value)})
    run.ask(grant="client_credentials", proof="secret", token_url=entra.url(),
            client_id=app.client_id, ca_file=authority.roots)
    entra.record.wait_requests(1)
    run.queue.close()
    assert run.process.wait(60) == 1
    run.close()


def test_secret_that_the_parent_refuses(entra):
    got, _ = run_token(files={"S": ["5 /x can be read by others: chmod 0600"]},
                       grant="client_credentials", proof="secret",
                       client_id="x", token_url=entra.url())
    assert (got.kind, getattr(got, "class"), got.phase, got.text) == (
        "failed", NEVER, "secret", "/x can be read by others: chmod 0600")
