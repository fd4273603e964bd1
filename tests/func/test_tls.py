# SPDX-License-Identifier: ISC
"""Credentials flow only over verified TLS 1.2 or later, whatever is tried."""

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


def assert_nothing_leaves(site, server, *words):
    """Submits; the mail stays, the reason is told, and no AUTH was said."""
    site.start()
    site.submit("a@example.net", stdin=TEXT)

    def told():
        account = site.status()["accounts"][0]
        return account if account["state"] != "ready" and account["text"] \
            else None
    account = site.wait(told, "a reason in the status")
    assert account["state"] in ("backoff", "held")
    assert server.record.auths == 0
    assert not [c for c in server.record.connections
                if "AUTH" in c.verbs() or "MAIL" in c.verbs()]
    assert not server.record.messages
    assert list(site.recipients()) == ["a@example.net"]
    assert site.recipients()["a@example.net"]["state"] == "queued"
    said = " ".join(str(account[k]) for k in ("text", "meaning", "fix"))
    for word in words:
        assert word.lower() in said.lower()
    assert "a@example.net" in site.mailq()
    return account


@pytest.mark.parametrize("how, word", [
    (lambda ca: ca.issue("wrong.example"), "localhost"),
    (lambda ca: ca.issue("localhost", expired=True), "expired"),
    (lambda ca: ca.issue("localhost", not_yet=True), "not yet valid"),
    (lambda ca: ca.self_signed("localhost"), "certificate"),
    (lambda ca: ca.untrusted("localhost"), "certificate"),
], ids=["name", "expired", "not-yet", "self-signed", "untrusted"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificate(make_site, make_server, authority, how, word, tls):
    server = make_server(how(authority), implicit_tls=tls == "implicit")
    assert_nothing_leaves(make_site(server, tls=tls), server, word)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_old_versions(make_site, make_server, authority, version, tls):
    server = make_server(authority.issue("localhost", rsa=True),
                         tls_min=version, tls_max=version,
                         implicit_tls=tls == "implicit")
    assert_nothing_leaves(make_site(server, tls=tls), server, "TLS")


def test_a_server_that_also_speaks_old_versions(make_site, make_server,
                                                authority):
    server = make_server(authority.issue("localhost", rsa=True),
                         tls_min="1.0", tls_max="1.3")
    site = make_site(server).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.connections[0].tls == "TLSv1.3"


def test_tls_1_2_alone(make_site, make_server):
    server = make_server(tls_max="1.2")
    site = make_site(server).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    assert server.record.connections[0].tls == "TLSv1.2"


def test_tls_min_1_3(make_site, make_server):
    server = make_server(tls_max="1.2")
    assert_nothing_leaves(make_site(server, tls_min="1.3"), server, "TLS")


def test_no_starttls(make_site, make_server):
    server = make_server(starttls=False)
    assert_nothing_leaves(make_site(server), server, "STARTTLS")


def test_auth_offered_without_tls(make_site, make_server):
    """A stripped STARTTLS, and AUTH held out instead."""
    server = make_server(starttls=False)
    server.faults.add(state="ehlo", count="forever", reply=(
        "250 mail.example.net\n250 AUTH LOGIN XOAUTH2\n250 SIZE 1000000"))
    assert_nothing_leaves(make_site(server), server, "STARTTLS")


@pytest.mark.parametrize("fault", [
    {"state": "starttls", "reply": "454 4.7.0 TLS not available"},
    {"state": "starttls", "reply": "500 5.3.3 Unrecognized command"},
    {"state": "starttls", "reply": "421 4.3.2 Service not active"},
    {"state": "starttls", "close": True},
    {"state": "starttls", "raw": b"220 ready\r\n250 2.1.0 Injected\r\n"},
    {"state": "starttls", "raw": b"220 ready\r\n235 2.7.0 Welcome\r\n"
                                 b"250-x\r\n250 AUTH LOGIN\r\n"},
    {"state": "starttls", "raw": b"220-ready\r\n220 x\r\nX"},
    {"state": "handshake", "close": True},
    {"state": "handshake", "rst": True},
    {"state": "handshake", "raw": b"250 2.0.0 this is not TLS\r\n"},
    {"state": "handshake", "raw": b"\x15\x03\x01\x00\x02\x02\x46"},
    {"state": "handshake", "raw": b"\x15\x03\x01\x00\x02\x02\x28"},
    {"state": "handshake", "raw": b"\x16\x03\x01\xff\xff" + b"\0" * 100},
], ids=str)
def test_starttls_goes_wrong(make_site, server, fault):
    server.faults.add(count="forever", **fault)
    assert_nothing_leaves(make_site(server), server)


def test_implicit_tls_at_a_plain_server(make_site, make_server):
    server = make_server(implicit_tls=False)
    server.faults.add(state="greeting", count="forever", delay=0.1)
    assert_nothing_leaves(make_site(server, tls="implicit"), server)


def test_starttls_at_an_implicit_server(make_site, make_server):
    """Both wait for the other to speak; the greeting never comes."""
    server = make_server(implicit_tls=True)
    site = make_site(server).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("connect")
    server.down()
    server.disconnect()
    site.wait(lambda: site.status()["accounts"][0]["state"] == "backoff",
              "a back-off")
    assert server.record.auths == 0


def test_no_auth_offered(make_site, make_server):
    server = make_server(mechanisms=[])
    assert_nothing_leaves(make_site(server), server, "AUTH")


def test_only_another_mechanism_offered(make_site, make_server):
    server = make_server(mechanisms=["XOAUTH2"])
    assert_nothing_leaves(make_site(server), server, "XOAUTH2")


def test_ehlo_after_tls_counts(make_site, server):
    """What was offered before TLS is forgotten (RFC 3207 4.2)."""
    server.faults.add(state="ehlo2", count="forever",
                      reply="250 mail.example.net\n250 SIZE 1000000")
    assert_nothing_leaves(make_site(server), server, "AUTH")


def test_untrusted_without_ca_file(make_site, server):
    """The system's store does not hold the tests' root."""
    assert_nothing_leaves(make_site(server, tls_ca_file=None), server,
                          "certificate")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_later_connection_resumes(make_site, make_server, version):
    server = make_server(tls_max=version)
    site = make_site(server, linger="0s").start()
    for n in (1, 2, 3):
        site.submit("a@example.net", stdin=TEXT)
        server.record.wait_messages(n)
        server.record.wait_idle()
        site.wait_empty()
    assert [c.resumed for c in server.record.connections] \
        == [False, True, True]
