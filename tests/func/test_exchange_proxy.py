# SPDX-License-Identifier: ISC
"""The stand-in's proxy, and the token endpoint by hand."""

import json
import os
import subprocess
import sys

import pytest

from lib.entrafixtures import *  # noqa: F401,F403
from lib.http import APP_SCOPE
from lib.notify import wait_until
from lib.site import TESTS, USER


@pytest.fixture
def curl(authority, tmp_path):
    """Runs curl for the secret's grant: (exit status, what it printed)."""
    def curl(url, app, value, *more):
        body = tmp_path / "body"
        body.write_text(value)
        run = subprocess.run(
            ["curl", "-s", "-S", "--noproxy", "", "--cacert", authority.roots,
             "-d", "grant_type=client_credentials", "-d",
             "client_id=" + app.client_id, "--data-urlencode",
             "scope=" + APP_SCOPE, "--data-urlencode",
             "client_secret@%s" % body, *more, url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            timeout=60)
        return run.returncode, run.stdout
    return curl


@pytest.fixture
def app(entra):
    app = entra.app()
    app.secret("canary~+=&")
    return app


@pytest.fixture
def through(entra, app, curl):
    """The same through a proxy."""
    def through(proxy, *more):
        return curl(entra.url(), app, "canary~+=&", "-x", *more or (
            proxy.url(),))
    return through


# ---- the proxy -----------------------------------------------------------------

def test_proxy(entra, make_proxy, through):
    proxy = make_proxy()
    status, out = through(proxy)
    assert (status, json.loads(out)["token_type"]) == (0, "Bearer")
    request, = proxy.record.requests
    assert (request.method, request.target, request.status) == (
        "CONNECT", "localhost:%d" % entra.port, 200)
    assert not proxy.record.secrets_in_clear
    assert len(entra.record.requests) == 1


def test_proxy_refuses(entra, make_proxy, through):
    proxy = make_proxy(refuses=True)
    assert through(proxy)[0] == 56
    assert proxy.record.requests[0].status == 403
    assert not entra.record.connections


def test_proxy_that_asks_who_is_there(entra, make_proxy, through):
    proxy = make_proxy(auth="mail:pass")
    assert through(proxy)[0] == 56
    assert through(proxy, proxy.url("mail:wrong"))[0] == 56
    assert not entra.record.connections
    assert through(proxy, proxy.url("mail:pass"))[0] == 0
    assert [r.status for r in proxy.record.requests] == [407, 407, 200]
    assert [proxy.given(r) for r in proxy.record.requests] == [
        None, "mail:wrong", "mail:pass"]


def test_proxy_without_the_endpoint(entra, make_proxy, through):
    entra.down()
    proxy = make_proxy()
    assert through(proxy)[0] == 56
    assert proxy.record.requests[0].status == 502


def test_proxy_is_no_proxy_for_http(make_entra, app, make_proxy, curl):
    """What goes through it unencrypted is seen there."""
    entra = make_entra(None)
    proxy = make_proxy()
    proxy.secrets = ["canary-1"]
    curl(entra.url(), app, "canary-1", "-x", proxy.url())
    request, = proxy.record.requests
    assert (request.method, request.status) == ("POST", 403)
    assert proxy.record.secrets_in_clear
    assert not entra.record.connections


@pytest.mark.parametrize("how, status", [
    ({"status": 502}, 56), ({"rst": True}, 56), ({"close": True}, 56),
    ({"raw": b"SSH-2.0-x\r\n"}, 56), ({"kind": "endless-headers"}, 56)])
def test_proxy_faults(entra, make_proxy, through, how, status):
    proxy = make_proxy()
    proxy.faults.add(state="proxy", **how)
    assert through(proxy)[0] == status
    assert not entra.record.requests
    assert through(proxy)[0] == 0


def test_proxy_is_silent(entra, make_proxy, through):
    proxy = make_proxy()
    proxy.faults.add(state="proxy", stall=True)
    assert through(proxy, proxy.url(), "--max-time", "3")[0] == 28
    proxy.record.wait_event("stall")


# ---- by hand -------------------------------------------------------------------

@pytest.fixture
def hand(tmp_path):
    """The servers as a process; tell(command) -> what the socket says."""
    folder = str(tmp_path / "x")
    os.mkdir(folder)

    def command(*more):
        return [sys.executable, "-m", "exchange", "--dir", folder, *more]

    def tell(text):
        return subprocess.run(command("--tell", text), cwd=TESTS, text=True,
                              stdout=subprocess.PIPE, timeout=60).stdout
    ready = os.path.join(folder, "ready")
    proc = subprocess.Popen(
        command("--port", "0", "--token-port", "0", "--imds-port", "0",
                "--proxy-port", "0", "--ready", ready), cwd=TESTS,
        stdout=open(os.path.join(folder, "out"), "w"), text=True)
    try:
        wait_until(lambda: os.path.exists(ready), [folder], "the servers",
                   process=proc)
        tell.folder = folder
        yield tell
    finally:
        proc.terminate()
        proc.wait(60)


def test_by_hand(hand):
    lines = dict(line.split(" = ") for line in
                 hand("token config").splitlines())
    ask = ["curl", "-s", "--cacert", hand.folder + "/ca/roots.pem",
           "-d", "grant_type=client_credentials", "-d", "scope=" + APP_SCOPE,
           "-d", "client_id=" + lines["client_id"],
           "--data-urlencode", "client_secret=secret~+=&",
           lines["token_url"]]

    def error():
        return json.loads(subprocess.run(
            ask, stdout=subprocess.PIPE, timeout=60).stdout).get("error_codes")
    assert error() is None
    assert hand("token secret other") == "ok\n"
    assert error() == [7000215]
    assert hand("token fault state=token error=50196") == "ok\n"
    assert error() == [50196]
    assert hand("token app is_enabled=no roles=Mail.Send") == "ok\n"
    assert error() == [7000112]
    assert [line.partition(" grant")[2] for line in
            hand("token requests").splitlines()] == [
        "=client_credentials client=%s with=client_secret %s" % (
            lines["client_id"], rest) for rest in (
                "status=200", "status=401 AADSTS7000215",
                "status=400 AADSTS50196 fault='error 50196'",
                "status=400 AADSTS7000112")]
    stats = hand("token stats").splitlines()
    assert "requests 4" in stats and "access-tokens 1" in stats
    with open(hand.folder + "/out") as f:
        text = f.read()
    assert "eyJ" not in text
    assert text.count("secret~+=&") == 1  # where it is introduced


def test_device_code_by_hand(hand):
    lines = dict(line.split(" = ") for line in
                 hand("token config").splitlines())

    def ask(what, *form):
        return json.loads(subprocess.run(
            ["curl", "-s", "--cacert", hand.folder + "/ca/roots.pem", "-d",
             "client_id=" + lines["client_id"], *form,
             lines["token_url"].replace("/token", what)],
            stdout=subprocess.PIPE, timeout=60).stdout)
    hand("token secret x")
    code = ask("/devicecode", "-d", "scope=https://outlook.office.com/"
               "SMTP.Send offline_access")
    form = ["-d", "grant_type=urn:ietf:params:oauth:grant-type:device_code",
            "-d", "device_code=" + code["device_code"],
            "-d", "client_secret=x"]
    assert ask("/token", *form)["error"] == "authorization_pending"
    assert hand("token approve %s %s" % (code["user_code"], USER)) == "ok\n"
    assert "refresh_token" in ask("/token", *form)


@pytest.mark.parametrize("command", [
    "token other", "token approve X Y", "token fault state=x", "imds config",
    "token app other=1", "token set lifetime x", "token approve"])
def test_by_hand_refused(hand, command):
    assert hand(command).startswith("error: ")
