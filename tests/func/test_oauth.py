# SPDX-License-Identifier: ISC
"""Accounts that get their own access tokens: mailchuted, token and deliver
against the stand-in's token endpoint and mail server."""

import base64
import json
import os
import signal

import pytest

from exchange.entra import Federated
from lib.assertion import claims_for, sign
from lib.site import USER, program
from lib.tokens import (by_certificate, by_federation, by_identity, by_refresh,
                        by_secret)

HELD = "held"
MANY = 200


def granted(site):
    return site.log.events("token-granted")


def account(site):
    found, = site.status()["accounts"]
    return found


def plant_refresh(site, token):
    """Where mailchute keeps it, as a sign-in by device code leaves it."""
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


def reload(site, nth=2):
    site.daemon.send_signal(signal.SIGHUP)
    site.log.wait_for("started", nth=nth)


def text_of(token):
    return getattr(token, "value", token)


# ---- each grant ------------------------------------------------------------


def sends(site, server, entra, requests=1):
    site.start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == requests
    assert len(granted(site)) == requests
    assert not site.log.events("token-failed")


def test_a_client_secret(site, server, entra):
    by_secret(site, entra)
    sends(site, server, entra)
    token = account(site)["token"]
    assert token["grant"] == "client_credentials"
    assert token["until"] and token["refreshed_at"] and token["next_at"]
    ends, = account(site)["expires"]
    assert ends["what"] == "access_token" and ends["source"] == "token"
    shown = site.mailchute("status").stdout
    assert "client_credentials; good until " in shown


@pytest.mark.parametrize("assertion", ["ps256", "rs256"])
def test_a_certificate(site, server, entra, authority, assertion):
    by_certificate(site, entra, authority, assertion=assertion)
    sends(site, server, entra)
    head = dict(entra.record.credentials)["client_assertion"].split(".")[0]
    head = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert head["alg"] == assertion.upper()
    assert "certificate" in [e["what"] for e in account(site)["expires"]]


def test_a_refresh_token(site, server, entra):
    _, token = by_refresh(site, entra, entra.user(USER))
    path = plant_refresh(site, text_of(token))
    site.start()
    # It is used at the start: it would die unused.
    site.log.wait_for("token-granted")
    assert len(entra.record.requests) == 1
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == 1
    with open(path) as f:
        assert f.read() != text_of(token) + "\n"
    ends = {e["what"]: e for e in account(site)["expires"]}
    assert ends["refresh_token"]["days"] in (89, 90)


@pytest.fixture
def platform(site, entra, authority):
    """An issuer that Entra trusts: each call is another of its tokens."""
    issuer = authority.issue("issuer", rsa=True)
    app = entra.app(federated=[
        Federated("https://issuer.example", "web01", issuer.cert)])

    def token(**claims):
        return sign(issuer.key, {"alg": "RS256", "typ": "JWT"}, claims_for(
            entra, app, iss="https://issuer.example", sub="web01",
            aud="api://AzureADTokenExchange", **claims))
    by_federation(site, entra, app, token())
    return token


def test_a_federated_token(site, server, entra, platform):
    sends(site, server, entra)


def test_a_federated_token_as_kubernetes_has_it(site, server, entra,
                                                platform):
    """Root's, for all to read, behind links that turn to the next one."""
    folder = site.path("conf/projected")
    os.mkdir(folder, 0o755)

    def write(name, text):
        os.mkdir(os.path.join(folder, name), 0o755)
        site.write("conf/projected/%s/token" % name, text)
        os.symlink(name, os.path.join(folder, "..tmp"))
        os.rename(os.path.join(folder, "..tmp"),
                  os.path.join(folder, "..data"))
    write("..1", "what is over\n")
    os.symlink("..data/token", os.path.join(folder, "token"))
    site.conf["account"]["federated_token_file"] = folder + "/token"
    site.start()
    site.submit("a@example.net")
    wait_state(site, HELD)
    # The next one is seen by itself.
    write("..2", platform())
    server.record.wait_messages(1)
    site.wait_empty()
    line = check(site)["secret of account (default)"]
    assert line["level"] == "warn" and "(mode 0644)" in line["text"]
    assert "fsGroup" in line["next"]


def test_a_managed_identity(site, server, entra, imds):
    by_identity(site, entra, imds)
    site.start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    assert len(granted(site)) == 1


# ---- what keeps it from coming ---------------------------------------------


def wait_state(site, state):
    site.wait(lambda: account(site)["state"] == state, state)
    return account(site)


def words(site):
    """What mailq says of the only message."""
    found, = site.queue()
    rcpt, = found["recipients"]
    assert found["attempts"] == 0
    return rcpt


def test_a_secret_that_has_ended_holds_the_account(site, server, entra):
    """Named with what to do, and mended by a new one, with nothing to run."""
    app = entra.app()
    app.secret()
    app.secrets[0].expires = 1.0
    by_secret(site, entra, app)
    site.start()
    site.submit("a@example.net")
    held = wait_state(site, HELD)
    assert "AADSTS7000222" in held["text"] and held["fix"]
    assert "AADSTS7000222" in words(site)["text"]
    assert "AADSTS7000222" in site.mailq()
    assert "AADSTS7000222" in site.mailchute(
        "show", site.queue()[0]["id"]).stdout
    ends = {e["what"]: e for e in held["expires"]}
    assert ends["client_secret"]["source"] == "endpoint"
    assert ends["client_secret"]["days"] == 0
    # Nothing else is asked, whatever comes.
    site.submit("b@example.net")
    site.mailchute("status")
    assert len(entra.record.requests) == 1
    site.secret("client_secret", app.secret().value + "\n")
    server.record.wait_messages(2)
    wait_state(site, "ready")
    assert len(entra.record.requests) == 2
    assert [e["what"] for e in account(site)["expires"]] == ["access_token"]


def test_an_endpoint_that_fails_backs_the_account_off(site, server, entra):
    by_secret(site, entra)
    entra.faults.add(state="token", status=503, retry_after=600, count=2)
    site.start()
    site.submit("a@example.net")
    waits = wait_state(site, "backoff")
    failed = site.log.wait_for("token-failed")
    assert 590 <= int(failed["next_s"]) <= 600
    assert waits["text"] and waits["meaning"] and waits["fix"]
    assert words(site)["text"] == waits["text"]
    site.mailchute("retry", "ALL")
    site.log.wait_for("token-failed", nth=2)
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == 3


def test_a_reload_tries_a_held_account_once(site, server, entra):
    by_secret(site, entra)
    entra.faults.add(state="token", error=7000215, count=1)
    site.start()
    site.submit("a@example.net")
    wait_state(site, HELD)
    reload(site)
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == 2


def test_a_failed_refresh_is_a_warning_while_the_token_is_good(site, server,
                                                               entra):
    """Half of a short life is ahead of its end."""
    entra.options.lifetime = 24
    _, token = by_refresh(site, entra, entra.user(USER), linger="1s")
    plant_refresh(site, text_of(token))
    site.start()
    site.log.wait_for("token-granted")
    entra.faults.add(state="token", error=7000215, count="forever")
    site.log.wait_for("token-failed")
    assert account(site)["state"] == "ready"
    assert "AADSTS7000215" in account(site)["token"]["text"]
    assert "AADSTS7000215" in site.mailchute("status").stdout
    site.submit("a@example.net")
    server.record.wait_messages(1)
    # Once more at the end, and only then it is held, with no mail at all.
    site.log.wait_for("account-held")
    assert len(entra.record.requests) == 3


def test_a_new_token_comes_ahead_of_the_end(site, server, entra):
    entra.options.lifetime = 4
    _, token = by_refresh(site, entra, entra.user(USER))
    plant_refresh(site, text_of(token))
    site.start()
    site.log.wait_for("token-granted", nth=3)
    assert [r.grant for r in entra.record.requests[:3]] == [
        "refresh_token"] * 3
    assert not site.log.events("token-failed")


# ---- a token that the mail server refuses ----------------------------------


def test_a_535_asks_for_one_new_token_then_holds(site, server, entra):
    """The permission is missing: a new token does not help either."""
    app = entra.app()
    app.registered = None
    by_secret(site, entra, app)
    site.start()
    site.submit("a@example.net")
    held = wait_state(site, HELD)
    assert held["code"] == 535
    assert len(entra.record.requests) == 2
    assert len(site.log.events("token-refused")) == 1
    assert words(site)["code"] == 535
    # The next attempt begins with another token, and stops at the first 535.
    site.mailchute("retry", "ALL")
    site.log.wait_for("account-held", nth=2)
    assert len(entra.record.requests) == 3
    app.registered = app.object_id
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
    assert len(entra.record.requests) == 4


def test_a_535_that_a_new_token_mends_is_no_trouble(site, server, entra):
    by_secret(site, entra)
    server.faults.add(state="auth", reply="535 5.7.3 Authentication "
                      "unsuccessful")
    site.start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == 2
    assert not site.log.events("account-held")
    assert not site.log.events("backoff")


def test_what_a_token_lacks_goes_before_the_servers_words(site, server,
                                                          entra):
    app = entra.app()
    app.roles = []
    by_secret(site, entra, app)
    site.start()
    site.submit("a@example.net")
    held = wait_state(site, HELD)
    doubt = site.log.wait_for("token-granted")["doubt"]
    assert held["meaning"].startswith(
        doubt[0].upper() + doubt[1:] + ". The sign-in was refused")


# ---- restarts --------------------------------------------------------------


def test_a_queue_process_that_is_killed_asks_for_no_new_token(site, server,
                                                              entra):
    by_secret(site, entra)
    site.may_crash = True
    site.start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.wait_empty()
    before = account(site)["token"]
    os.kill(site.queue_pid(), signal.SIGKILL)
    site.log.wait_for("started", nth=2)
    site.submit("b@example.net")
    server.record.wait_messages(2)
    assert len(entra.record.requests) == 1
    after = account(site)["token"]
    assert (after["until"], after["refreshed_at"]) == (
        before["until"], before["refreshed_at"])


def test_a_queue_process_that_is_killed_as_it_asks(site, server, entra):
    """What was under way is asked for once more, and nothing is the worse."""
    by_secret(site, entra)
    entra.faults.add(state="token", stall=True)
    site.may_crash = True
    site.start()
    site.submit("a@example.net")
    entra.record.wait_requests(1)
    os.kill(site.queue_pid(), signal.SIGKILL)
    site.log.wait_for("started", nth=2)
    server.record.wait_messages(1)
    site.wait_empty()
    assert len(entra.record.requests) == 2
    assert not site.log.events("token-failed")
    assert not site.log.events("backoff")


def test_a_reload_keeps_the_token(site, server, entra):
    by_secret(site, entra)
    site.start()
    site.submit("a@example.net")
    server.record.wait_messages(1)
    site.conf["account"]["linger"] = "2s"
    site.write_conf()
    reload(site)
    site.submit("b@example.net")
    server.record.wait_messages(2)
    assert len(entra.record.requests) == 1


# ---- how often -------------------------------------------------------------


def test_many_messages_ask_once(site, server, entra):
    by_secret(site, entra, rate="none")
    site.start()
    site.mailchute("pause")
    for n in range(MANY):
        site.submit("a%d@example.net" % n)
    site.mailchute("resume")
    server.record.wait_messages(MANY)
    site.wait_empty()
    assert len(entra.record.requests) == 1


def test_without_mail_an_application_asks_for_nothing(site, server, entra):
    by_secret(site, entra)
    site.start()
    assert account(site)["token"]["until"] is None
    site.restart()
    assert account(site)["state"] == "ready"
    assert entra.record.requests == []


# ---- mailchute check -------------------------------------------------------


def check(site):
    return {line["check"]: line for line in site.json("check")}


def test_check_gets_a_token_and_signs_in(site, server, entra):
    by_secret(site, entra, client_secret_expires="2099-01-31")
    site.start()
    assert not [line for line in check(site).values()
                if line["level"] == "fail"]
    assert [e for e in server.record.events if e.kind == "auth"
            and e.text.endswith("ok")]
    assert len(entra.record.requests) == 1
    assert account(site)["state"] == "ready"
    assert check(site)["expiry " + USER]["level"] == "ok"
    assert server.record.accepted == []


def test_check_names_what_keeps_a_token_from_coming(site, server, entra):
    by_secret(site, entra)
    entra.faults.add(state="token", error=7000215)
    site.start()
    failed = [line for line in check(site).values()
              if line["level"] == "fail"]
    assert any("AADSTS7000215" in line["text"] and line["next"]
               for line in failed)
    assert len(entra.record.requests) == 1


def test_check_tells_a_refused_token_once(site, server, entra):
    app = entra.app()
    app.registered = None
    by_secret(site, entra, app)
    site.start()
    assert any("535" in line["text"] for line in check(site).values()
               if line["level"] == "fail")
    assert len(entra.record.requests) == 2
    assert account(site)["state"] == HELD


# ---- several accounts ------------------------------------------------------


@pytest.fixture
def several(site, entra):
    """Accounts of one application, with mail for each once it is resumed."""
    lines = by_secret(site, entra)
    names = ["a%d" % n for n in range(5)]
    for name in names:
        site.conf["account " + name] = dict(
            site.conf["account"], user=name + "@contoso.example", **lines)
    site.start()
    site.mailchute("pause")
    for name in names:
        done = site.sendmail("-i", "-f", name + "@contoso.example", "--",
                             "to-%s@example.net" % name)
        assert done.returncode == 0, done
    return names


def most_at_once(record):
    """Requests that had no answer yet."""
    now = most = 0
    for event in record.events:
        now += {"request": 1, "answer": -1}.get(event.kind, 0)
        most = max(most, now)
    return most


def test_accounts_of_one_application_ask_one_after_the_other(several, site,
                                                             server, entra):
    """Each has its own token, and the endpoint is never met by two."""
    entra.faults.add(state="token", delay=0.2, count="forever")
    site.mailchute("resume")
    server.record.wait_messages(len(several))
    assert len(entra.record.requests) == len(several)
    assert most_at_once(entra.record) == 1


def test_a_throttled_application_is_left_alone_by_all(several, site, entra):
    entra.faults.add(state="token", status=429, retry_after=900, delay=0.5,
                     count="forever")
    site.mailchute("resume")
    site.wait(lambda: [a["state"] for a in site.status()["accounts"]
                       if a["name"] in several] == ["backoff"] * len(several),
              "all of them to back off")
    assert len(entra.record.requests) == 1


# ---- without a daemon ------------------------------------------------------


def test_a_single_run_gets_a_token(site, server, entra):
    by_secret(site, entra)
    site.write_conf()
    site.submit("a@example.net")
    done = site.run([program("mailchuted"), "-C", site.conf_path, "--once"])
    assert done.returncode == 0, done
    assert len(server.record.accepted) == 1
    assert len(entra.record.requests) == 1
