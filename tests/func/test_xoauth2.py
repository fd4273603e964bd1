# SPDX-License-Identifier: ISC
"""Tokens, as servers differ in asking for them and in refusing them."""

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
REASON = '{"status":"401","schemes":"Bearer","scope":"https://mail.example/"}'


@pytest.fixture
def make(make_site):
    def make(server, length=100):
        site = make_site(server, auth="xoauth2", password_file=None)
        site.token = "eyJ0." + "x" * length
        server.options.tokens[USER] = site.token
        site.secret("token", site.token + "\n")
        site.conf["account"]["token_file"] = site.path("conf/token")
        return site
    return make


@pytest.mark.parametrize("initial", [True, False],
                         ids=["initial", "asked-for"])
@pytest.mark.parametrize("length", [100, 20000])
def test_both_ways(make, make_server, initial, length):
    server = make_server(initial_response=initial)
    site = make(server, length).start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    seen = server.record.connections[0]
    assert (seen.mechanism, seen.user, seen.auths) == ("XOAUTH2", USER, 1)


@pytest.mark.parametrize("initial", [True, False],
                         ids=["initial", "asked-for"])
@pytest.mark.parametrize("length", [100, 20000])
def test_refused_with_a_reason(make, make_server, initial, length):
    """An empty line fetches the refusal; the account is held, and says why."""
    server = make_server(initial_response=initial, token_reason=REASON)
    site = make(server, length)
    server.options.tokens[USER] = "another"
    site.start()
    for n in (1, 2):
        site.submit("a%d@example.net" % n, stdin=TEXT)
        site.wait(lambda: site.status()["accounts"][0]["state"] == "held",
                  "the account held")
    account, = site.status()["accounts"]
    assert account["code"] == 535
    assert "5.7.3" in account["text"] and '"status":"401"' in account["text"]
    assert server.record.auths == 1
    assert not server.record.accepted
