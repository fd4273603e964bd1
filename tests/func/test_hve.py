# SPDX-License-Identifier: ISC
"""High Volume Email: another host, another scope, another permission, and its
own words for what is wrong."""

import json

import pytest

from lib.site import USER, program
from lib.tokens import by_secret

HVE_SCOPE = "https://outlook.office.com/.default"


@pytest.fixture
def server(make_server, entra):
    return make_server(provider="hve", entra=entra)


def account(site, entra, **change):
    app = entra.app(**{"roles": ["Mail.Send"], "hve": True, **change})
    by_secret(site, entra, app, scope=HVE_SCOPE)
    return app


def sign_in(site):
    """The doctor's line for it."""
    site.write_conf()
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found, = [v for v in lines
              if v["check"] == "sign-in of account " + USER]
    return found


def test_mail_goes(site, server, entra):
    account(site, entra)
    site.start()
    site.submit("a@contoso.example")
    server.record.wait_messages(1)
    site.wait_empty()
    granted, = site.log.events("token-granted")
    assert granted.get("doubt", "") == ""


def test_an_application_that_was_not_let_in(site, server, entra):
    app = account(site, entra, hve=False)
    line = sign_in(site)
    assert line["level"] == "fail" and "550 5.7.240" in line["text"]
    assert "Add-HVEAppAccess -AppIds " + app.object_id in line["next"]
    assert "Get-MailboxPermission" not in line["next"]
    site.start()
    site.submit("a@contoso.example")
    site.wait(lambda: site.status()["accounts"][0]["state"] == "held", "held")
    assert not server.record.accepted


def test_an_application_without_the_permission(site, server, entra):
    account(site, entra, roles=[])
    line = sign_in(site)
    assert line["level"] == "fail" and "535 5.7.144" in line["text"]
    assert "Mail.Send" in line["next"]
