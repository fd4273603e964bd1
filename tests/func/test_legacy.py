# SPDX-License-Identifier: ISC
"""The legacy endpoint: what leads an account's mail there."""

import os
import stat

import pytest

from exchange.path import OLD_HELLO
from lib.legacy import ALERT_40, ALERT_70, OLD
from lib.site import USER

HOUR = 3600


# ---- what leads there ---------------------------------------------------------

@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_always_goes_there_alone(make_pair, version):
    pair = make_pair("always", old=version)
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    pair.site.wait_empty()
    seen, = pair.legacy.record.connections
    assert seen.tls == {"1.0": "TLSv1", "1.1": "TLSv1.1"}[version]
    assert "RSA-AES" in seen.cipher and seen.cipher.startswith("ECDHE")
    assert pair.calls()[0] == 0
    told, = pair.site.log.events("old-tls")
    assert (told["tls"], told["sessions"]) == (seen.tls, "1")


@pytest.mark.parametrize("state", ["greeting", "auth"])
def test_off_never_goes_there(make_pair, state):
    """From the first answer on the hint says what there is."""
    pair = make_pair("off")
    pair.default.faults.add(state=state, reply=OLD, count="forever")
    pair.site.start()
    pair.send()
    pair.site.log.wait_for("backoff", nth=1)
    account = pair.account()
    assert account["state"] == "backoff" and account["code"] == 421
    for said in (account["fix"], pair.site.mailq()):
        said = " ".join(said.split())
        assert "127.0.0.2:%d" % pair.legacy.port in said
        assert "Set-TransportConfig -AllowLegacyTLSClients $true" in said
        assert "account.legacy = fallback" in said
    pair.site.log.wait_for("backoff", nth=5)
    assert pair.calls()[1] == 0


SIGNS = {
    "said": {"state": "auth", "reply": OLD},
    "said-early": {"state": "ehlo2", "reply": OLD},
    "said-at-mail": {"state": "mail", "reply": OLD},
    "alert-40": {"state": "handshake", "raw": ALERT_40},
    "alert-70": {"state": "handshake", "raw": ALERT_70},
    "old-hello": {"state": "handshake", "raw": OLD_HELLO},
}


@pytest.mark.parametrize("sign", SIGNS)
def test_three_signs_in_a_row_lead_there(make_pair, sign):
    # What is told twice of one failure, on a slow disk a second later, is one.
    pair = make_pair("fallback", backoff_min="3s", backoff_max="3s")
    pair.default.faults.add(count="forever", **SIGNS[sign])
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    pair.site.wait_empty()
    assert pair.calls() == (3, 1)
    began, = pair.site.log.events("legacy-began")
    assert began["host"] == "127.0.0.2:%d" % pair.legacy.port
    assert began["for_s"] == str(HOUR)
    # While the hour lasts nothing asks the default endpoint.
    pair.send()
    pair.legacy.record.wait_messages(2)
    assert pair.calls()[0] == 3
    account = pair.account()
    assert account["legacy"] == "fallback"
    assert account["legacy_host"] == began["host"]
    assert account["legacy_since"] and account["legacy_until"]
    assert began["host"] in pair.site.mailchute("status").stdout


def test_a_host_of_old_versions_alone_leads_there(make_pair):
    pair = make_pair("fallback")
    pair.default.options.tls_min = pair.default.options.tls_max = "1.0"
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.calls() == (3, 1)
    assert pair.default.record.auths == 0


def test_two_signs_and_another_failure_do_not(make_pair):
    pair = make_pair("fallback")
    pair.default.faults.add(state="handshake", raw=ALERT_40, count=2)
    pair.default.faults.add(state="handshake", rst=True, count=1)
    pair.default.faults.add(state="handshake", raw=ALERT_70, count=2)
    pair.site.start()
    pair.send()
    pair.default.record.wait_messages(1)
    assert pair.calls() == (6, 0)
    assert not pair.site.log.events("legacy-began")


def test_signs_of_two_kinds_do_not_add_up(make_pair):
    pair = make_pair("fallback")
    pair.default.faults.add(state="handshake", raw=ALERT_40, count=2)
    pair.default.faults.add(state="auth", reply=OLD, count=2)
    pair.site.start()
    pair.send()
    pair.default.record.wait_messages(1)
    assert pair.calls() == (5, 0)


def test_said_in_clear_is_no_sign(make_pair):
    pair = make_pair("fallback")
    for state in ("greeting", "ehlo", "starttls"):
        pair.default.faults.add(state=state, reply=OLD, count=4)
    pair.site.start()
    pair.send()
    pair.default.record.wait_messages(1)
    assert pair.calls() == (13, 0)


def test_of_several_hosts_each_shows_it(make_pair, make_server, authority):
    """A try is a connection; one host that is well ends the row."""
    pair = make_pair("fallback", provider="smtp")
    other = make_server(authority.issue("127.0.0.3"), host="127.0.0.3",
                        provider="smtp")
    other.options.users[USER] = pair.site.password
    pair.site.conf["account"]["host"] = "127.0.0.1, 127.0.0.3:%d" % other.port
    for server in (pair.default, other):
        server.faults.add(state="handshake", raw=ALERT_40, count="forever")
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.calls()[0] + len(other.record.connections) == 3


def test_of_several_hosts_one_is_well(make_pair, make_server, authority):
    pair = make_pair("fallback", provider="smtp")
    other = make_server(authority.issue("127.0.0.3"), host="127.0.0.3",
                        provider="smtp")
    other.options.users[USER] = pair.site.password
    pair.site.conf["account"]["host"] = "127.0.0.1, 127.0.0.3:%d" % other.port
    pair.default.faults.add(state="handshake", raw=ALERT_40, count="forever")
    pair.site.start()
    n = 0
    while len(pair.default.record.connections) < 5:
        n += 1
        pair.send()
        other.record.wait_messages(n)
        pair.site.wait_empty()
        other.record.wait_idle()
    assert pair.calls()[1] == 0


# ---- what is proved -------------------------------------------------------------

def assert_refused(pair, first=1):
    """Whatever it shows of old versions: mail stays here."""
    pair.send()
    pair.site.log.wait_for("legacy-refused", nth=first + 4)
    assert pair.calls()[1] == 0
    fix = " ".join(pair.account()["fix"].split())
    assert '"mailchute legacy on 24h"' in fix


@pytest.mark.parametrize("sign", ["alert-40", "alert-70", "old-hello"])
def test_a_proved_endpoint_does_not_lead_there(make_pair, sign):
    pair = make_pair("fallback")
    pair.prove()
    folder = pair.site.path("lib/proved")
    assert os.listdir(folder) == ["127.0.0.1"]
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert pair.site.database("SELECT value FROM fact WHERE name = ?",
                              "proved 127.0.0.1")
    pair.default.faults.add(count="forever", **SIGNS[sign])
    assert_refused(pair)


def test_a_host_that_once_spoke_1_2_and_now_only_1_0(make_pair):
    pair = make_pair("fallback")
    pair.prove()
    pair.default.options.tls_min = pair.default.options.tls_max = "1.0"
    assert_refused(pair)
    assert pair.default.record.auths == 1


def test_what_a_refused_sign_in_proves(make_pair):
    """The handshake was verified: more is not needed."""
    pair = make_pair("fallback")
    pair.default.faults.add(state="ehlo2", reply="451 4.3.0 later", count=1)
    pair.site.start()
    pair.send()
    pair.site.log.wait_for("proved")
    pair.default.faults.add(state="handshake", raw=ALERT_40, count="forever")
    pair.site.log.wait_for("legacy-refused", nth=4)
    assert pair.calls()[1] == 0


def test_said_inside_tls_counts_though_it_is_proved(make_pair):
    pair = make_pair("fallback")
    pair.prove()
    pair.default.faults.add(state="auth", reply=OLD, count="forever")
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.calls() == (4, 1)


@pytest.mark.parametrize("lost", ["file", "database"])
def test_each_of_the_two_remembers(make_pair, lost):
    pair = make_pair("fallback")
    pair.prove()
    pair.site.stop()
    if lost == "file":
        os.unlink(pair.site.path("lib/proved/127.0.0.1"))
        os.rmdir(pair.site.path("lib/proved"))
    else:
        for name in os.listdir(pair.site.path("lib")):
            if name.startswith("queue.db"):
                os.unlink(pair.site.path("lib/" + name))
    pair.default.faults.add(state="handshake", raw=ALERT_40, count="forever")
    pair.site.start()
    assert_refused(pair)
    assert os.listdir(pair.site.path("lib/proved")) == ["127.0.0.1"]
    assert pair.site.database("SELECT value FROM fact WHERE name = ?",
                              "proved 127.0.0.1")
