# SPDX-License-Identifier: ISC
"""The legacy endpoint: of TLS there is no more admitted than TLS 1.0 needs."""

import os

import pytest

from exchange.path import Path
from lib.site import USER


# ---- what TLS there is -----------------------------------------------------------

def assert_no_credential(pair):
    pair.send()
    pair.site.log.wait_for("backoff", nth=2)
    assert pair.legacy.record.auths == 0
    assert not pair.legacy.record.secrets_in_clear
    assert pair.calls()[0] == 0
    return pair.site.log.events("backoff")[0]["text"]


def test_a_wrong_certificate_there(make_pair, authority):
    pair = make_pair("always")
    pair.legacy.certificate = authority.issue("127.0.0.9", rsa=True)
    pair.site.start()
    assert "certificate" in assert_no_credential(pair)


def test_a_small_key_there(make_pair, authority):
    """Keys are judged as at the default endpoint."""
    pair = make_pair("always")
    pair.legacy.certificate = authority.issue("127.0.0.2", rsa=True,
                                              key_bits=1024)
    pair.legacy.options.tls_ciphers = "DEFAULT:@SECLEVEL=0"
    pair.site.start()
    assert "too weak" in assert_no_credential(pair)


@pytest.mark.parametrize("cipher", ["AES128-SHA", "AES256-SHA"])
def test_no_static_rsa_there(make_pair, cipher):
    pair = make_pair("always")
    pair.legacy.options.tls_ciphers = cipher + ":@SECLEVEL=0"
    pair.site.start()
    assert_no_credential(pair)


def test_the_highest_version_is_not_lowered(make_pair):
    """A legacy host that can do better does."""
    pair = make_pair("always", old="1.3")
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    assert pair.legacy.record.connections[0].tls == "TLSv1.3"
    assert not pair.site.log.events("old-tls")


@pytest.mark.parametrize("best", ["1.2", "1.3"])
def test_who_lowers_the_version_there_is_found_out(make_pair, best):
    """The server can do better, and its random says so (RFC 8446 4.1.3)."""
    pair = make_pair("always", old=best)
    path = Path(pair.legacy, "client-hello", "downgrade", "127.0.0.2")
    try:
        pair.site.conf["account"]["legacy_host"] = "127.0.0.2:%d" % path.port
        pair.site.start()
        assert "inappropriate fallback" in assert_no_credential(pair)
        assert path.struck > 1
    finally:
        path.stop()


def test_an_old_session_is_shown_until_it_ends(make_pair):
    pair = make_pair("always", linger="10m")
    pair.site.start()
    pair.send()
    pair.legacy.record.wait_messages(1)
    pair.site.wait_empty()
    account = pair.account()
    assert (account["tls"], account["old_tls"], account["old_tls_ever"]) == (
        "TLSv1", 1, 1)
    shown = pair.site.mailchute("status").stdout
    assert "TLSv1 127.0.0.2" in shown
    assert "1 session below TLS 1.2, of 1 in all" in shown
    pair.legacy.disconnect()
    pair.site.wait(lambda: not pair.account()["old_tls"], "the end of it")
    pair.site.restart()
    assert pair.account()["old_tls_ever"] == 1


# A mount namespace in which OpenSSL is configured by another file.
POLICY = """
    set -e
    mount --make-rprivate /
    mount --bind "$1" /etc/ssl/openssl.cnf
    shift
    exec "$@"
"""
CONF = """\
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = all
[all]
%s
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a mount")
@pytest.mark.parametrize("policy, forbids", [
    ("MinProtocol = TLSv1.2", False),
    ("CipherString = DEFAULT:@SECLEVEL=2", False),
    ("CipherString = DEFAULT:@SECLEVEL=4", True),
    ("CipherString = ECDHE+AESGCM:@SECLEVEL=2", True)])
def test_what_the_systems_policy_forbids(make_pair, policy, forbids):
    """It is told at the start, before any mail."""
    pair = make_pair("fallback")
    conf = pair.site.write("openssl.cnf", CONF % policy)
    pair.site.start(through=["unshare", "-m", "sh", "-c", POLICY, "sh", conf])
    if not forbids:
        assert pair.site.mailchute("legacy", "on", "1h").returncode == 0
        pair.send()
        pair.legacy.record.wait_messages(1)
        assert pair.legacy.record.connections[0].tls == "TLSv1"
        assert not pair.site.log.events("legacy-forbidden")
        assert not pair.site.status()["remarks"]
        return
    told = pair.site.log.wait_for("legacy-forbidden")["text"]
    assert "openssl.cnf" in told and "security level" in told
    remark, = pair.site.status()["remarks"]
    assert remark == "account %s has legacy = fallback in vain: %s" % (
        USER, told)
    assert pair.site.mailchute("status").returncode == 0
    assert pair.calls() == (0, 0)
