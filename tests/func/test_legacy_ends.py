# SPDX-License-Identifier: ISC
"""The legacy endpoint: how a stay there ends, and an administrator's word."""

import os

import pytest

from lib.clock import Clock
from lib.legacy import ALERT_40, NOT_OPTED, OLD
from lib.site import USER


# ---- how it ends ----------------------------------------------------------------

def go(pair):
    """Away, by three signs."""
    fault = pair.default.faults.add(state="handshake", raw=ALERT_40, count=3)
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    pair.site.wait_empty()
    pair.legacy.record.wait_idle()
    assert fault.struck == 3


def test_an_hour_and_no_longer(make_pair):
    """The clock is that of the daemon; it goes on while none runs."""
    pair = make_pair("fallback")
    clock = Clock(pair.site.path("clock"))
    pair.site.conf["sandbox"] = {"mode": "off"}  # it is read from a file
    go(pair)
    for minutes, calls in ((58, (3, 2)), (61, (4, 2))):
        pair.site.stop()
        clock.set(minutes * 60)
        pair.site.start(env=pair.site.environment(**clock.environment()))
        pair.send()
        pair.site.wait_empty()
        pair.default.record.wait_idle()
        assert pair.calls() == calls
    assert pair.account()["legacy_host"] is None
    ended, = pair.site.log.events("legacy-ended")
    assert ended["reason"] == "its time is over"
    # It begins anew: two signs lead nowhere.
    pair.default.faults.clear()
    pair.default.faults.add(state="auth", reply=OLD, count=2)
    pair.send()
    pair.default.record.wait_messages(2)
    assert pair.calls()[1] == 2


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_keeps_the_stay(make_pair, how):
    pair = make_pair("fallback")
    pair.site.may_crash = True
    go(pair)
    getattr(pair.site, how)()
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(2)
    assert pair.calls() == (3, 2)
    until = pair.account()["legacy_until"]
    assert until
    pair.site.restart()
    assert pair.account()["legacy_until"] == until


@pytest.mark.parametrize("code", ["550", "535", "421", "454"])
@pytest.mark.parametrize("state", ["auth", "mail"])
def test_a_tenant_that_has_not_opted_in(make_pair, code, state):
    """The account is held, and its next try is the default endpoint's."""
    pair = make_pair("fallback")
    pair.legacy.faults.add(state=state, reply=code + NOT_OPTED,
                           count="forever")
    pair.default.faults.add(state="handshake", raw=ALERT_40, count=3)
    pair.site.start()
    pair.send()
    pair.site.log.wait_for("account-held")
    account = pair.account()
    assert account["state"] == "held"
    assert "5.7.67" in account["status"] + account["text"]
    assert "AllowLegacyTLSClients" in account["fix"]
    assert account["legacy_host"] is None
    assert pair.site.log.wait_for("legacy-ended")
    assert pair.calls() == (3, 1)
    pair.site.mailchute("retry", "ALL")
    pair.default.record.wait_messages(1)
    assert pair.calls() == (4, 1)


def test_always_is_held_by_it_and_goes_nowhere_else(make_pair):
    pair = make_pair("always")
    pair.legacy.faults.add(state="mail", reply="550" + NOT_OPTED, count=1)
    pair.site.start()
    pair.send()
    pair.site.log.wait_for("account-held")
    pair.site.mailchute("retry", "ALL")
    pair.legacy.record.wait_messages(1)
    assert pair.calls() == (0, 2)


@pytest.mark.parametrize("fault", [
    {"state": "handshake", "raw": ALERT_40}, {"state": "handshake", "rst": True},
    {"state": "greeting", "reply": OLD}, {"state": "auth", "reply": OLD}],
    ids=str)
def test_always_never_calls_the_default_endpoint(make_pair, fault):
    pair = make_pair("always")
    pair.legacy.faults.add(count=4, **fault)
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.calls() == (0, 5)


# ---- an administrator's word -----------------------------------------------------

def test_legacy_on_and_off(make_pair):
    pair = make_pair("fallback")
    pair.prove()
    done = pair.site.mailchute("legacy", "on", "24h")
    assert (done.returncode, done.stdout) == (
        0, "account %s: mail goes by 127.0.0.2:%d for 1d\n"
        % (USER, pair.legacy.port))
    pair.send()
    pair.legacy.record.wait_messages(1)
    pair.site.wait_empty()
    pair.site.restart()
    pair.send()
    pair.legacy.record.wait_messages(2)
    assert pair.calls() == (1, 2)
    pair.site.wait_empty()
    done = pair.site.mailchute("legacy", "off", USER)
    assert (done.returncode, done.stdout) == (
        0, "account %s: mail goes by the default endpoint\n" % USER)
    pair.send()
    pair.default.record.wait_messages(2)
    assert pair.calls() == (2, 2)
    assert pair.account()["legacy_host"] is None


def test_legacy_on_without_a_daemon(make_pair):
    pair = make_pair("fallback")
    pair.prove()
    pair.site.stop()
    assert pair.site.mailchute("legacy", "on", "1h").returncode == 0
    assert pair.site.status()["accounts"][0]["legacy_host"]
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.calls() == (1, 1)


def test_legacy_on_is_over_in_its_time(make_pair):
    pair = make_pair("fallback")
    pair.site.start()
    assert pair.site.mailchute("legacy", "on", "1s").returncode == 0
    pair.site.log.wait_for("legacy-ended")
    pair.send()
    pair.default.record.wait_messages(1)
    assert pair.calls() == (1, 0)


def test_legacy_on_at_once_though_the_account_backs_off(make_pair):
    pair = make_pair("fallback", backoff_min="1h", backoff_max="1h")
    pair.prove()
    pair.default.faults.add(state="handshake", raw=ALERT_40, count="forever")
    pair.send()
    pair.site.log.wait_for("backoff")
    assert pair.site.mailchute("legacy", "on", "1h").returncode == 0
    pair.legacy.record.wait_messages(1)


@pytest.mark.parametrize("mode", ["off", "always"])
@pytest.mark.parametrize("words", [["on", "24h"], ["off"]])
def test_only_fallback_can_be_told(make_pair, mode, words):
    pair = make_pair(mode)
    pair.site.start()
    for name in ([], [USER], ["nobody"]):
        done = pair.site.mailchute("legacy", *words, *name)
        assert (done.returncode, done.stdout) == (78, "")
        assert "account" in done.stderr


@pytest.mark.parametrize("words", [
    [], ["on"], ["maybe"], ["on", "0s"], ["on", "24"], ["on", "9999w"],
    ["on", "1h", "a", "b"], ["off", "a", "b"], ["off", "--json"]])
def test_what_is_no_request(make_pair, words):
    pair = make_pair("fallback")
    assert pair.site.mailchute("legacy", *words).returncode == 64


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_not_for_everybody(make_pair):
    pair = make_pair("fallback")
    pair.site.start()
    for words in (["on", "1h"], ["off"]):
        done = pair.site.mailchute("legacy", *words, uid=5)
        assert (done.returncode, done.stdout) == (77, "")
    assert pair.account()["legacy_host"] is None
