# SPDX-License-Identifier: ISC
"""The stand-in's token endpoint: each refusal and each fault of it."""

import http.client
import io
import json
import shlex
import socket
import ssl
import time

import pytest

from exchange.entra import HttpFault
from exchange.entra.errors import DOCUMENTED, REFUSALS
from exchange.entra.hostile import KINDS
from lib.entrafixtures import *  # noqa: F401,F403
from lib.http import APP_SCOPE, Caller, refused

# Kinds that end only when the client has had enough.
ENDLESS = ("huge-body", "endless-body", "endless-headers", "endless-header",
           "endless-status", "endless-continue", "chunked-endless")
# Kinds that a lenient client takes for an answer, with what it reads then.
ODD = {
    "no-length": {}, "chunked": {}, "big-body": {}, "length-negative": {},
    "length-nonsense": {}, "length-twice": {},
    "duplicate-token": {"access_token": "eyJ0.other.token"},
    "duplicate-expires": {"expires_in": 999999},
    "duplicate-other": {"token_type": "Bearer"},
    "expires-negative": {"expires_in": -1}, "expires-zero": {"expires_in": 0},
    "expires-one": {"expires_in": 1},
    "expires-huge": {"expires_in": float("inf")},
    "expires-overflow": {"expires_in": 1 << 63},
    "expires-century": {"expires_in": 3155760000},
    "expires-fraction": {"expires_in": 3599.5},
    "expires-string": {"expires_in": "3599"},
    "expires-text": {"expires_in": "soon"},
    "expires-null": {"expires_in": None}, "expires-true": {"expires_in": True},
    "expires-array": {"expires_in": [3599]},
    "expires-missing": {"expires_in": "gone"},
    "token-missing": {"access_token": "gone"},
    "token-empty": {"access_token": ""}, "token-null": {"access_token": None},
    "token-number": {"access_token": 12345},
    "token-object": {"access_token": {"a": "b"}}, "token-escaped": {},
    "type-missing": {"token_type": "gone"}, "type-other": {"token_type": "mac"},
    "type-lower": {"token_type": "bearer"}, "type-number": {"token_type": 1},
    "refresh-missing": {"refresh_token": "gone"},
    "refresh-empty": {"refresh_token": ""},
    "refresh-crlf": {"refresh_token": "1.A\r\nX"},
    "refresh-nul": {"refresh_token": "1.A\0X"},
    "refresh-100k": {"refresh_token": "y" * 102400},
    "refresh-number": {"refresh_token": 7},
    "bad-surrogate": {"x": "\ud800"},
}
# What tells those from the right answer whose JSON is right.
HEADS = {"length-negative": b"Content-Length: -1\r\n",
         "length-nonsense": b"Content-Length: many\r\n",
         "length-twice": b"Content-Length: 5\r\n",
         "chunked": b"Transfer-Encoding: chunked\r\n",
         "length-overflow": b"Content-Length: 9999999999",
         "gzip": b"Content-Encoding: gzip\r\n"}
# The token with something in it that no header or SMTP line may hold.
BAD_TOKENS = {"token-crlf": "\r\nMAIL FROM:<evil@example.net>",
              "token-lf": "\n", "token-nul": "\0", "token-soh": "\x01\x01user=",
              "token-blank": " ", "token-utf8": "\u00fc",
              "token-100k": "x" * 90000}


@pytest.fixture
def app(entra):
    return entra.app()


@pytest.fixture
def secret(app):
    return app.secret().value


@pytest.fixture
def ask(caller, app, secret):
    return lambda: caller.by_secret(app, secret)


@pytest.fixture
def form(app, secret):
    return {"grant_type": "client_credentials", "client_id": app.client_id,
            "scope": APP_SCOPE, "client_secret": secret}


# ---- refusals ------------------------------------------------------------------

@pytest.mark.parametrize("number", sorted(REFUSALS))
def test_each_error(entra, ask, number):
    entra.faults.add(state="token", error=number)
    refusal = REFUSALS[number]
    fields = refused(ask(), number, refusal.error, refusal.status)
    assert fields.get("suberror") == refusal.suberror
    assert "{" not in fields["error_description"]
    assert not entra.tokens.issued
    assert ask()[0] == 200
    assert [r.number for r in entra.record.requests] == [number, 0]


def test_every_documented_error_is_there():
    assert len(DOCUMENTED) == 39
    assert set(DOCUMENTED) <= set(REFUSALS)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_retry_after(entra, caller, form, status):
    entra.faults.add(state="token", status=status, retry_after="17",
                     body="<html>busy</html>",
                     headers="Content-Type: text/html")
    head, _, body = caller.octets(form).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nRetry-After: 17\r\n" in head + b"\r\n"
    assert b"\r\nContent-Type: text/html\r\n" in head
    assert body == b"<html>busy</html>"


def test_an_error_with_another_status(entra, ask):
    entra.faults.add(state="token", error=90055, status=400, retry_after="5")
    refused(ask(), 90055, "temporarily_unavailable", 400)


def test_loop(entra, ask):
    entra.options.loop_limit = 2
    assert [ask()[0] for _ in range(3)] == [200, 200, 400]
    entra.advance(301)
    assert ask()[0] == 200


def test_description_on_one_line(entra, ask):
    entra.options.description_break = " "
    entra.faults.add(state="token", error=50196)
    assert "\r" not in ask()[1]["error_description"]


# ---- requests that are none ----------------------------------------------------

def test_get(entra, caller, app, secret):
    response = caller.ask("GET", "/%s/oauth2/v2.0/token?client_secret=%s"
                          % (entra.tenant.id, "x"))
    assert json.loads(response.text)["error_codes"] == [900561]
    request, = entra.record.secrets_in_urls
    assert request.secrets_in_url == ["client_secret"]


def test_secret_in_the_path(entra, caller, app):
    app.secret("canary-1")
    assert caller.ask("POST", "/x/canary-1").status == 404
    assert entra.record.secrets_in_urls == entra.record.requests


def test_secret_in_a_header(entra, caller, app):
    app.secret("canary-1")
    caller.ask("GET", "/x", headers={"User-Agent": "x canary-1"})
    assert entra.record.requests[0].secrets_in_headers == ["user-agent"]


@pytest.mark.parametrize("kind, body, number", [
    ("application/json", '{"grant_type":"client_credentials"}', 900144),
    ("application/x-www-form-urlencoded", "grant_type=a&grant_type=b", 9000411),
    ("application/x-www-form-urlencoded", "grant_type=%zz", 9002313),
    ("application/x-www-form-urlencoded", "grant_type=a%2", 9002313),
    ("application/x-www-form-urlencoded", "grant_type", 9002313),
    ("application/x-www-form-urlencoded", "grant_type=\u00fc", 9002313),
])
def test_wrong_forms(entra, caller, kind, body, number):
    response = caller.ask("POST", "/%s/oauth2/v2.0/token" % entra.tenant.id,
                          body.encode(), {"Content-Type": kind})
    assert json.loads(response.text)["error_codes"] == [number]


@pytest.mark.parametrize("octets", [
    b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    b"GET / HTTP/1.1\n\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"])
def test_wrong_http(make_entra, octets):
    entra = make_entra(None)
    with socket.create_connection(("127.0.0.1", entra.port), 60) as s:
        s.sendall(octets)
        assert s.recv(1000).startswith(b"HTTP/1.1 400 ")
    entra.record.wait_event("bad-request")
    assert not entra.record.requests


# ---- what is recorded ----------------------------------------------------------

def test_requests_are_recorded(entra, ask, app, secret):
    before = time.time()
    ask()
    request, = entra.record.wait_requests(1)
    assert (request.method, request.grant, request.client_id, request.status,
            request.tls, request.tenant) == (
        "POST", "client_credentials", app.client_id, 200, "TLSv1.3",
        entra.tenant.id)
    assert before <= request.at
    assert request.header("Content-Type") == "application/x-www-form-urlencoded"
    assert entra.record.credentials == [("client_secret", secret)]
    assert not entra.record.secrets_in_urls
    assert not entra.record.secrets_in_clear
    assert entra.record.connections[0].sni == "localhost"
    entra.record.forget()
    assert not entra.record.requests


def test_several_requests_on_a_connection(entra, caller, form):
    body = "grant_type=client_credentials"
    connection = caller.connection()
    for _ in range(2):
        connection.request("POST", "/x/oauth2/v2.0/token", body)
        connection.getresponse().read()
    connection.close()
    assert [r.connection for r in entra.record.requests] == [1, 1]


# ---- faults --------------------------------------------------------------------

def strict(data):
    """What a client of the standard library reads, as fields."""
    class Socket:
        @staticmethod
        def makefile(_):
            return io.BytesIO(data)
    response = http.client.HTTPResponse(Socket())
    response.begin()
    assert response.status == 200
    return json.loads(response.read().decode("utf-8"))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind(entra, caller, form, kind):
    entra.faults.add(state="token", kind=kind)
    data = caller.octets(form, 4 << 20 if kind in ENDLESS else None)
    request, = entra.record.requests
    assert request.fault == "kind " + kind
    issued, = entra.tokens.issued
    assert HEADS.get(kind, b"") in data
    if kind in ENDLESS:
        assert len(data) >= 4 << 20
    elif kind in ODD:
        fields, more = strict(data), ODD[kind]
        assert {k: fields.get(k, "gone") for k in more} == more
        assert "access_token" in more or \
            fields["access_token"] == issued.token
    elif kind in BAD_TOKENS:
        token = strict(data)["access_token"]
        assert token.startswith(issued.token[:20])
        assert BAD_TOKENS[kind] in token
    elif kind == "expires-nan":
        assert b'"expires_in":NaN' in data
    else:
        with pytest.raises((ValueError, http.client.HTTPException, KeyError,
                            TypeError, RecursionError, OverflowError,
                            AssertionError)):
            assert strict(data)["access_token"] == issued.token
    assert caller.octets(form, 1)  # it is only once


def test_the_catalogue_is_told_apart():
    for names in (ENDLESS, ODD, BAD_TOKENS):
        assert set(names) <= set(KINDS)


def test_cut_off_at_each_place(entra, caller, form):
    whole = 100
    for after in (1, 15, whole):
        entra.faults.add(state="token", after=after, close=True)
        assert len(caller.octets(form)) == after


def test_drip(entra, caller, form):
    entra.faults.add(state="token", drip=0.0001, after=300)
    assert len(caller.octets(form)) == 300


def test_reset(make_entra, authority, form):
    """Without TLS: Python takes a reset inside of it for an end."""
    entra = make_entra(None)
    caller = Caller(entra, authority)
    for after in (0, 10):
        entra.faults.add(state="token", rst=True, after=after)
        with pytest.raises(ConnectionResetError):
            caller.octets(form)
    assert [r.status for r in entra.record.requests] == [0, 400]


def test_close_without_an_answer(entra, caller, form):
    entra.faults.add(state="token", close=True)
    assert caller.octets(form) == b""
    assert not entra.tokens.issued


def test_silence_and_its_end(entra, caller, form, ask):
    entra.faults.add(state="token", stall=True)
    with caller.socket() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        entra.record.wait_event("stall")
        entra.faults.release()
        assert sock.recv(100).startswith(b"HTTP/1.1 404 ")
    assert ask()[0] == 200


@pytest.mark.parametrize("state", ["connect", "handshake"])
def test_silence_before_a_request(entra, caller, state, ask):
    entra.faults.add(state=state, stall=True)
    with socket.create_connection(("localhost", entra.port), 60):
        entra.record.wait_event("stall")
    entra.record.wait_idle()
    assert ask()[0] == 200


@pytest.mark.parametrize("how", [{"rst": True}, {"close": True},
                                 {"raw": b"\x15\x03\x01\x00\x02\x02\x46"},
                                 {"raw": b"HTTP/1.1 400 Bad\r\n\r\n"}])
@pytest.mark.parametrize("state", ["connect", "handshake"])
def test_the_connection_fails(entra, ask, state, how):
    entra.faults.add(state=state, **how)
    with pytest.raises(OSError):
        ask()
    assert ask()[0] == 200


def test_fields(entra, ask):
    entra.faults.add(state="token", fields="expires_in=10,token_type=mac,"
                     "ext_expires_in=")
    fields = ask()[1]
    assert (fields["expires_in"], fields["token_type"]) == (10, "mac")
    assert "ext_expires_in" not in fields


def test_match_and_count(entra, ask, caller, app, secret):
    entra.faults.add(state="token", match="refresh_token", error=50196)
    entra.faults.add(state="token", match=app.client_id, nth=2, count=2,
                     error=90033)
    assert [ask()[0] for _ in range(4)] == [200, 503, 503, 200]


@pytest.mark.parametrize("words", [
    "state=mail", "state=token kind=other", "state=token error=1",
    "state=token reply=x"])
def test_words_that_are_no_fault(words):
    with pytest.raises(ValueError):
        HttpFault.parse(shlex.split(words))


def test_words(entra):
    fault = HttpFault.parse(shlex.split(
        "state=token status=429 retry_after=30 count=forever match=refresh"))
    assert fault == HttpFault("token", status=429, retry_after="30", count=0,
                              match="refresh")


# ---- TLS and addresses ---------------------------------------------------------

@pytest.mark.parametrize("version, name", [("1.0", "TLSv1"),
                                           ("1.1", "TLSv1.1")])
def test_old_tls(make_entra, authority, version, name):
    entra = make_entra(authority.issue("localhost", rsa=True),
                       tls_min=version, tls_max=version)
    caller = Caller(entra, authority)
    with pytest.raises(ssl.SSLError):
        caller.ask("GET", "/")
    entra.record.wait_event("tls-error")
    assert not entra.record.requests
    assert caller.ask("GET", "/", old=True).status == 404
    assert entra.record.requests[0].tls == name


@pytest.mark.parametrize("how, error", [
    (lambda ca: ca.issue("wrong.example"), "Hostname mismatch"),
    (lambda ca: ca.issue("localhost", expired=True), "has expired"),
    (lambda ca: ca.self_signed("localhost"), "self-signed certificate"),
    (lambda ca: ca.untrusted("localhost"), "unable to get local issuer"),
])
def test_bad_certificates(make_entra, authority, how, error):
    entra = make_entra(how(authority))
    with pytest.raises(ssl.SSLCertVerificationError, match=error):
        Caller(entra, authority).ask("GET", "/")
    assert not entra.record.requests


def test_plain_http_shows_a_secret_in_the_clear(make_entra, authority):
    entra = make_entra(None)
    assert entra.url().startswith("http://")
    app = entra.app()
    app.secret("canary-1")
    assert Caller(entra, authority).by_secret(app, "canary-1")[0] == 200
    assert entra.record.secrets_in_clear


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(make_entra, entra, authority, caller, form, status):
    elsewhere = make_entra(None)
    entra.faults.add(state="token", redirect=elsewhere.url(), status=status)
    head = caller.octets(form)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nLocation: %s\r\n" % elsewhere.url().encode() in head
    assert not entra.tokens.issued and not elsewhere.record.connections


def test_down_and_up(entra, ask):
    entra.down()
    with pytest.raises(ConnectionRefusedError):
        ask()
    entra.up()
    assert ask()[0] == 200
