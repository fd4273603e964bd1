# SPDX-License-Identifier: ISC
"""Somebody who has a Debian with our package at hand, and a tenant in which
nothing was done, and knows of neither more than stands on the terminal."""

import re

import pytest

from exchange.entra import Entra
from exchange.entra.directory import Tenant

from .console import Console
from .packaged import DOMAIN, HTTPS, LOGIN, USER
from .setupplay import Stranger
from .tenantadmin import TenantAdmin

REMOTE = "you@fabrikam.com"
PLACES = ("/etc/mailchute", "/var/lib/mailchute", "/var/spool/mailchute",
          "/run/mailchute")


class Newcomer(Stranger):
    """Types at a console."""

    def __init__(self, console, admin):
        super().__init__(None, admin)
        self.console = console
        self.words = {"Mailbox that": USER, "Who gets": "it@contoso.com",
                      "Send a test": REMOTE}

    def install(self):
        """As README.md says; returns the command that is to be typed next."""
        said = self.console.run("apt-get -qy install ./mailchute.deb")
        named, = re.findall(r"\n  which this makes, and tries:  (.*)\n", said)
        return named

    def start(self, *words):
        self.console.begin(" ".join(words))
        return self.console


@pytest.fixture
def entra(provider, authority):
    with Entra(authority.issue(LOGIN), port=HTTPS, name=LOGIN,
               device_interval=1, tenant=Tenant(domains=[
                   "contoso.onmicrosoft.com", DOMAIN])) as made:
        yield made


@pytest.fixture
def admin(provider, entra, tmp_path):
    return TenantAdmin(entra, provider, str(tmp_path))


@pytest.fixture
def seat(bare, admin):
    """Makes newcomers, each at a console of his own."""
    made = []

    def make(kind=Newcomer, **how):
        made.append(Console(bare, **how))
        return kind(made[-1], admin)
    yield make
    for console in made:
        console.close()


def owners(host):
    """{path: mode and owner} of all that is ours."""
    said = host.run("find", *PLACES, "-printf", "%p %M %u:%g\n")
    return dict(line.split(" ", 1) for line in said.splitlines())


def tree(host):
    """All that is ours, down to its octets."""
    return owners(host), host.run(
        "find", *PLACES, "-type", "f", "-exec", "md5sum", "{}", "+")


def delivered(provider):
    message, = provider.record.wait_messages(1)
    assert message.addresses == [REMOTE]
    return message
