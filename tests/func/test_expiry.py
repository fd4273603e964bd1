# SPDX-License-Identifier: ISC
"""What an account signs in with ends: foretold by mail, log and status."""

import datetime
import os

import pytest

from lib.clock import Clock
from lib.tokens import by_certificate, by_secret

DAY = 86400
LIFE = 40  # days
WARNING = 1
STRANGER = 12345


@pytest.fixture
def clock(site):
    # A clock that is read from a file passes no sandbox.
    site.conf["sandbox"] = {"mode": "off"}
    return Clock(site.path("clock"))


@pytest.fixture
def dated(site, entra):
    """An account whose secret ends in LIFE days, and some hours less."""
    day = datetime.datetime.now(datetime.timezone.utc).date() \
        + datetime.timedelta(LIFE)
    by_secret(site, entra, client_secret_expires=day.isoformat())
    return site


def start(site, clock, days):
    clock.set(days * DAY)
    site.start(env=site.environment(**clock.environment()))


def subjects(server):
    return [m.header("Subject") for m in server.record.accepted]


def expiry(site, what="client_secret"):
    found, = site.status()["accounts"]
    return next((e for e in found["expires"] if e["what"] == what), None)


# (days that have gone by, what is told then)
CALENDAR = [(0, None), (9, None), (11, "ends in 28 days"), (12, None),
            (26, "ends in 13 days"), (33, "ends in 6 days"), (38, None),
            (39, "ends within a day"), (41, "has ended"), (45, None)]


def test_each_stage_is_told_once_over_restarts(dated, server, clock):
    site, told = dated, []
    for days, words in CALENDAR:
        start(site, clock, days)
        if words:
            told.append(words)
            server.record.wait_messages(len(told))
            assert words in site.log.wait_for(
                "expired" if days > LIFE else "expires",
                nth=1 if days > LIFE else len(told))["text"]
        assert (site.mailchute("status", check=False).returncode
                == (WARNING if days >= LIFE - 14 else 0))
        site.stop()
    assert len(told) == len(server.record.accepted)
    for subject, words in zip(subjects(server), told):
        assert subject.startswith(
            "mailchute on web01.contoso.example: the client secret of "
            "application") and subject.endswith(words)


def test_the_mail_says_what_to_do(dated, server, clock):
    site = dated
    start(site, clock, 35)
    server.record.wait_messages(1)
    mail, = server.record.accepted
    assert mail.addresses == ["it@contoso.example"]
    text = " ".join(mail.body.decode().split())
    for part in (site.conf["account"]["tenant"],
                 site.conf["account"]["client_id"],
                 site.path("conf/client_secret"), site.conf_path,
                 "account: alerts@contoso.example", "ends in 4 days"):
        assert part in text
    assert mail.header("Auto-Submitted") == "auto-generated"


def test_a_day_that_passes_while_it_runs(dated, server, clock):
    """Nobody has to restart anything for it."""
    site = dated
    start(site, clock, 0)
    assert expiry(site)["source"] == "configuration"
    clock.set(30 * DAY)
    assert "ends in 9 days" in expiry(site)["text"]
    server.record.wait_messages(1)
    assert "ends in 9 days" in subjects(server)[0]
    status = site.mailchute("status", check=False)
    assert status.returncode == WARNING
    assert "ends in 9 days" in status.stdout.splitlines()[0]
    assert "make a new client secret" in " ".join(status.stdout.split())


@pytest.mark.skipif(os.getuid() != 0, reason="needs root for others' rights")
def test_others_hear_that_something_ends_and_not_what(dated, clock):
    site = dated
    start(site, clock, 30)
    told = site.mailchute("status", uid=STRANGER, check=False)
    assert told.returncode == WARNING
    assert "signs in with ends soon" in told.stdout
    assert site.conf["account"]["client_id"] not in told.stdout


def test_a_new_date_ends_the_warning(dated, server, clock):
    site = dated
    start(site, clock, 30)
    server.record.wait_messages(1)
    site.stop()
    site.conf["account"]["client_secret_expires"] = "2099-01-31"
    site.write_conf()
    start(site, clock, 30)
    assert site.mailchute("status").returncode == 0
    assert expiry(site)["at"] == "2099-01-31T00:00:00Z"
    assert len(server.record.accepted) == 1


def test_a_certificate_is_read_for_its_end(site, server, entra, authority,
                                           clock):
    by_certificate(site, entra, authority)
    start(site, clock, 0)
    site.submit("a@example.net")
    server.record.wait_messages(1)
    assert expiry(site, "certificate")["source"] == "certificate"
    site.stop()
    # What was learned is known without another token.
    start(site, clock, 0)
    assert expiry(site, "certificate")


def test_mail_waits_until_the_account_works(dated, server, clock, entra):
    """No mail about the account's end goes while it is held."""
    site = dated
    app = entra.tenant.app(site.conf["account"]["client_id"])
    app.secrets[0].expires = 1.0
    start(site, clock, 30)
    site.submit("a@example.net")
    site.log.wait_for("account-held")
    site.log.wait_for("expired")
    site.secret("client_secret", app.secret().value + "\n")
    server.record.wait_messages(1)
    site.wait_empty()
    assert expiry(site)["source"] == "configuration"
