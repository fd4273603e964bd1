# SPDX-License-Identifier: ISC
"""The program token and whatever a token endpoint, a proxy or the network may
answer: nothing is believed that is not a token, nothing is shown that is a
secret, and each failure says what it was and whether it may pass."""

import json
import os
import shutil
import subprocess
import time
import urllib.parse
from email.utils import formatdate

import pytest

from exchange.entra.errors import REFUSALS
from exchange.entra.hostile import KINDS
from lib.entrafixtures import *  # noqa: F401,F403
from lib.mounts import covered
from lib.site import USER
from lib.tokenrun import LATER, NEVER, SECRET, run_token

# Odd, and right all the same; the number is the lifetime that is told.
RIGHT = {"chunked": 3599, "no-length": 3599, "type-lower": 3599,
         "token-escaped": 3599, "expires-string": 3599, "expires-one": 1,
         "expires-century": 28 * 3600, "refresh-missing": 3599,
         "refresh-empty": 3599, "refresh-number": 3599}
TOO_LARGE = ["big-body", "chunked-endless", "deep", "deep-open",
             "endless-body", "endless-continue", "endless-headers",
             "huge-body", "length-overflow", "refresh-100k", "token-100k"]


@pytest.fixture
def app(entra):
    return entra.app()


@pytest.fixture
def secret(app):
    return app.secret().value


@pytest.fixture
def ask(entra, authority, app, secret, tmp_path):
    """Asks by the secret; whatever the answer, nobody is shown one."""
    path = tmp_path / "secret"

    def ask(text=secret, **more):
        path.write_bytes(text if isinstance(text, bytes)
                         else (text + "\n").encode())
        got, run = run_token(files={"S": str(path)}, **{
            "grant": "client_credentials", "proof": "secret",
            "token_url": entra.url(), "client_id": app.client_id,
            "tenant": entra.tenant.id, "user": USER,
            "ca_file": authority.roots, **more})
        shown = repr(got) + run.stderr.decode()
        for value in entra.known_secrets():
            assert value not in shown
        assert got.kind == "granted" or run.access is None
        return got
    return ask


def judged(got):
    assert got.kind == "failed", got
    return getattr(got, "class")


# ---- answers that are none -----------------------------------------------------

@pytest.mark.parametrize("kind", sorted(KINDS))
def test_odd_answer(entra, ask, kind):
    entra.faults.add(state="token", kind=kind)
    got = ask()
    if kind in RIGHT:
        assert got.kind == "granted", got
        assert got.lifetime_s == RIGHT[kind]
    else:
        assert judged(got) == LATER
        assert (got.phase, got.status[0]) == ("answer", "4")
        assert (kind in TOO_LARGE) == ("answer that is too large" in got.text)
        assert got.text and got.meaning and got.fix


def test_answer_that_is_cut(entra, ask):
    for after in (1, 20, 100, 400):
        entra.faults.add(state="token", after=after)
        assert judged(ask()) == LATER


def test_redirect_is_not_followed(make_entra, entra, ask, secret):
    other = make_entra()
    entra.faults.add(state="token", redirect=other.url(), status=307)
    got = ask()
    assert (judged(got), got.http) == (LATER, 307)
    assert "a redirect to " + other.url() in got.text
    assert not other.record.requests


@pytest.mark.parametrize("status", [204, 400, 401, 404, 429, 500, 502, 503])
def test_status_without_json(entra, ask, status):
    entra.faults.add(state="token", status=status, body="<html>no</html>")
    got = ask()
    assert (judged(got), got.http) == (LATER, status)
    assert got.meaning and got.fix


@pytest.mark.parametrize("value, wait", [
    ("17", 17), ("999999999999", 4 * 3600), ("soon", 0), ("-1", 0),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
    ("Fri, 31 Dec 2999 23:59:59 GMT", 4 * 3600)])
def test_retry_after(entra, ask, value, wait):
    entra.faults.add(state="token", status=429, retry_after=value)
    got = ask()
    assert (judged(got), got.wait_s) == (LATER, wait)


def test_refusal_of_a_busy_server_may_pass(entra, ask):
    entra.faults.add(state="token", status=503, retry_after="30", body=(
        '{"error": "invalid_client", "error_codes": [7000215], '
        '"error_description": "AADSTS7000215: x"}'))
    got = ask()
    assert (judged(got), got.wait_s, got.aadsts) == (LATER, 30, 7000215)


# ---- refusals ------------------------------------------------------------------

@pytest.mark.parametrize("number", sorted(REFUSALS))
def test_refusal(entra, ask, number):
    entra.faults.add(state="token", error=number)
    got = ask()
    assert (judged(got), got.aadsts, got.error) == (
        judged(got), number, REFUSALS[number].error)
    assert got.text.startswith("AADSTS%d: " % number)
    assert "Trace ID: " in got.text and "\n" not in got.text
    assert got.meaning and got.fix
    assert got.status == ("5.7.8" if judged(got) == NEVER else "4.7.0")


def test_secret_that_expired(entra, app, ask):
    made = app.secret(expires=entra.now() - 10)
    got = ask(made.value)
    assert (judged(got), got.aadsts, got.ended) == (NEVER, 7000222, SECRET)
    assert "make a new client secret" in got.fix and app.client_id in got.fix


def test_secret_id_in_place_of_its_value(app, ask):
    got = ask(app.secrets[0].id)
    assert (judged(got), got.aadsts) == (NEVER, 7000215)
    assert "not its Secret ID" in got.fix


def test_unknown_number_goes_by_the_word(entra, ask):
    entra.faults.add(state="token", status=400, body=(
        '{"error": "invalid_scope", "error_codes": [999999], '
        '"error_description": "AADSTS999999: new"}'))
    assert judged(ask()) == NEVER


def test_unknown_refusal_may_pass(entra, ask):
    entra.faults.add(state="token", status=400, body='{"error": "odd_word"}')
    got = ask()
    assert (judged(got), got.error, got.text) == (LATER, "odd_word",
                                                  "odd_word")


def test_secret_that_is_said_back_to_us(entra, ask, secret):
    """In the text, in the word, cut, and as it stood in the form."""
    quoted = urllib.parse.quote(secret, safe="-._~")
    entra.faults.add(state="token", status=400, body=json.dumps({
        "error": secret, "error_description": "You sent %s (%s), %s" % (
            secret, quoted, secret[:20])}))
    got = ask()
    for part in (secret[:8], quoted[:8]):
        assert part not in repr(got)
    assert got.text == "You sent [secret] ([secret]), [secret]"


def test_hostile_text(entra, ask):
    entra.faults.add(state="token", status=400, body=(
        '{"error": "x", "error_description": '
        '"a\\u001b[31mb\\r\\nc\\u009bd \\u202e%s"}' % ("x" * 5000)))
    got = ask()
    assert got.text.startswith("a [31mb c?d ") or "\x1b" not in got.text
    assert len(got.text) < 512 and "\n" not in got.text


# ---- secrets that are none -----------------------------------------------------

@pytest.mark.parametrize("text, words", [
    (b"", "is empty"), (b"\n\n", "is empty"),
    (b"\xff\xfe\xfd\n", "is no text (UTF-8)"),
    (b"abc\x01def\n", "holds a control character"),
    (b"x" * 70000, "is too large"),
], ids=["empty", "blank", "not-utf-8", "control", "huge"])
def test_secret_that_is_none(entra, ask, text, words):
    got = ask(text)
    assert (judged(got), got.phase) == (NEVER, "secret")
    assert words in got.text
    assert not entra.record.requests


def test_truncated_secret(app, ask, secret):
    got = ask(secret[:-5])
    assert (judged(got), got.aadsts) == (NEVER, 7000215)


# ---- the way there -------------------------------------------------------------

def test_nobody_listens(entra, ask):
    entra.down()
    got = ask()
    assert (judged(got), got.phase, got.status) == (LATER, "connect", "4.4.1")
    assert "could not be reached" in got.meaning


def test_no_such_host(entra, ask):
    got = ask(token_url="https://nowhere.invalid/t/oauth2/v2.0/token")
    assert (judged(got), got.phase) == (LATER, "connect")
    assert "nowhere.invalid" in got.text


@pytest.mark.parametrize("state", ["connect", "handshake", "token"])
@pytest.mark.parametrize("how", [{"close": True}, {"rst": True},
                                 {"raw": "nonsense\\r\\n"}],
                         ids=["close", "rst", "nonsense"])
def test_connection_that_breaks(entra, ask, state, how):
    entra.faults.add(state=state, **how)
    assert judged(ask()) == LATER


@pytest.mark.parametrize("state", ["connect", "handshake", "token"])
def test_deadline(entra, ask, state):
    entra.faults.add(state=state, stall=True)
    got = ask(deadline_ms=300)
    assert judged(got) == LATER
    entra.faults.clear()


def test_answer_that_drips(entra, ask):
    entra.faults.add(state="token", drip=0.05)
    assert judged(ask(deadline_ms=500)) == LATER


@pytest.mark.parametrize("certificate", ["untrusted", "self_signed", "expired",
                                         "not_yet", "wrong_name"])
def test_certificate_that_is_not_trusted(make_entra, authority, app, ask,
                                         certificate):
    made = {"untrusted": authority.untrusted,
            "self_signed": authority.self_signed,
            "expired": lambda: authority.issue(expired=True),
            "not_yet": lambda: authority.issue(not_yet=True),
            "wrong_name": lambda: authority.issue("other.example")
            }[certificate]()
    other = make_entra(made)
    got = ask(token_url=other.url())
    assert (judged(got), got.phase) == (LATER, "TLS")
    assert "no secret was sent" in got.meaning
    assert not other.record.requests


@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a mount")
@pytest.mark.parametrize("mode", [0, 2])
def test_the_system_s_folder_is_not_trusted_beside_the_file(
        make_entra, authority, ask, tmp_path, mode):
    """libcurl looks there by itself; account.tls_ca_file means that alone."""
    folder = tmp_path / "certs"
    folder.mkdir()
    made = authority.self_signed()
    shutil.copy(made.cert, folder / "other.pem")
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    other = make_entra(made)
    with covered("/etc/ssl/certs", folder):
        got = ask(token_url=other.url(), sandbox=mode)
    assert (judged(got), got.phase) == (LATER, "TLS")
    assert not other.record.requests


def test_old_tls(make_entra, ask):
    other = make_entra(tls_min="1.0", tls_max="1.1",
                       tls_ciphers="ALL:@SECLEVEL=0")
    got = ask(token_url=other.url())
    assert (judged(got), got.phase) == (LATER, "TLS")


def test_plain_http_is_refused(make_entra, ask):
    other = make_entra(None)
    got = ask(token_url=other.url())
    assert (judged(got), got.phase) == (NEVER, "secret")
    assert "must begin with https" in got.text
    assert other.record.of_kind("connect") == []


def test_https_port_that_speaks_plain_http(make_entra, ask):
    other = make_entra(None)
    got = ask(token_url=other.url().replace("http:", "https:"))
    assert (judged(got), got.phase) == (LATER, "TLS")
    assert not other.record.secrets_in_clear


def test_certificates_that_are_none(ask, tmp_path):
    for text in ("", "nonsense\n"):
        path = tmp_path / "roots"
        path.write_text(text)
        assert judged(ask(ca_file=str(path))) == NEVER
    got = ask(ca_file=str(tmp_path / "missing"))
    assert judged(got) == NEVER and "missing" in got.text


@pytest.mark.parametrize("mode", [0, 2])
def test_environment_is_not_believed(entra, ask, make_proxy, tmp_path, mode):
    """The parent gives none; libcurl would look into some of it."""
    proxy = make_proxy()
    got = ask(sandbox=mode, environ={
        "https_proxy": proxy.url(), "HTTPS_PROXY": proxy.url(),
        "ALL_PROXY": proxy.url(), "HOME": str(tmp_path),
        "CURL_CA_BUNDLE": "/nowhere", "SSL_CERT_FILE": "/nowhere"})
    assert got.kind == "granted", got
    assert not proxy.record.requests


# ---- a proxy -------------------------------------------------------------------

@pytest.mark.parametrize("mode", [0, 2])
def test_proxy(entra, ask, make_proxy, mode):
    proxy = make_proxy()
    got = ask(proxy=proxy.url(), sandbox=mode, environ={"no_proxy": "*"})
    assert got.kind == "granted", got
    assert [r.method for r in proxy.record.requests] == ["CONNECT"]
    assert not proxy.record.secrets_in_clear


def test_proxy_that_refuses(entra, ask, make_proxy):
    for options in ({"refuses": True}, {"auth": "a:b"}):
        proxy = make_proxy(**options)
        got = ask(proxy=proxy.url())
        assert judged(got) == LATER
        assert not entra.record.requests


def test_proxy_that_is_down(entra, ask, make_proxy):
    proxy = make_proxy()
    proxy.down()
    got = ask(proxy=proxy.url())
    assert (judged(got), got.phase) == (LATER, "connect")
    assert not entra.record.requests


# ---- what is in the token ------------------------------------------------------

def test_wrong_audience(entra, ask):
    entra.options.audience = "https://graph.microsoft.com"
    got = ask()
    assert (got.kind, got.aud) == ("granted", "https://graph.microsoft.com")
    assert "not for Exchange Online but for https://graph" in got.doubt
    assert "account.scope" in got.fix


def test_no_role(entra, app, ask):
    app.roles.clear()
    got = ask()
    assert (got.kind, got.roles) == ("granted", "")
    assert "no role SMTP.SendAsApp" in got.doubt
    assert "New-ManagementRoleAssignment" in got.fix


# ---- clocks --------------------------------------------------------------------

@pytest.mark.parametrize("ahead, words", [(3600, "behind"),
                                          (-3600, "ahead of")])
def test_clock_an_hour_off(entra, ask, ahead, words):
    date = formatdate(time.time() + ahead, usegmt=True)
    entra.faults.add(state="token", error=700024, headers="Date: " + date)
    got = ask()
    assert (judged(got), got.aadsts) == (NEVER, 700024)
    assert "s %s the server's" % words in got.meaning
    assert "clock" in got.fix
    assert abs(got.server_at - got.asked_at - ahead) < 60
