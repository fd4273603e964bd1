# SPDX-License-Identifier: ISC
"""Somebody sits between here and the server: what he does never brings mail,
or a credential, to the legacy host, but for what an unproved endpoint shows."""

import os

import pytest

from exchange.path import DEEDS, MOMENTS, Path

TRIES = 5  # one more than would lead there, and one more than that

# What a server without TLS 1.2 shows: he can show it too, before anything is
# known of the endpoint.
SIGNS = {(m, d) for m in ("client-hello", "record-1")
         for d in ("alert-40", "alert-70", "old-hello")}
ATTACKS = [(m, d) for m in MOMENTS for d in DEEDS
           if d != "downgrade" or m == "client-hello"]


class Field:
    """An account and a mailbox for each attack, at an address of its own.

    Where the legacy host is attacked, it can do better than TLS 1.0.
    """

    def __init__(self, make_site, make_server, authority, attacks, mode,
                 proved=False, at_legacy=False):
        self.attacks = attacks
        self.hosts = ["127.0.1.%d" % (n + 1) for n in range(len(attacks))]
        certificate = authority.issue(
            ",".join(["127.0.0.1", "127.0.0.2", *self.hosts]), rsa=True)
        self.default = make_server(certificate, tls_min="1.0", connections=0)
        self.legacy = make_server(
            certificate, host="127.0.0.2", connections=0, tls_min="1.0",
            tls_max="1.2" if at_legacy else "1.0")
        self.paths = [Path(self.legacy if at_legacy else self.default, m, d,
                           host) for (m, d), host in zip(attacks, self.hosts)]
        self.site = site = make_site(self.default)
        for i, path in enumerate(self.paths):
            address = "a%d@contoso.example" % i
            for server in (self.default, self.legacy):
                server.options.users[address] = site.password
            attacked = "%s:%d" % (self.hosts[i], path.port)
            site.conf["account a%d" % i] = {
                **site.conf["account"], "user": address, "connections": "1",
                "legacy": mode, "backoff_min": "1s", "backoff_max": "1s",
                "host": "127.0.0.1" if at_legacy else attacked,
                "legacy_host": attacked if at_legacy else
                "127.0.0.2:%d" % self.legacy.port}
        if proved:
            folder = site.path("lib/proved")
            os.mkdir(folder, 0o700)
            for host in self.hosts:
                site.write("lib/proved/" + host, "", 0o600)
            for name in (folder, *(folder + "/" + h for h in self.hosts)):
                os.chown(name, site.uid, site.gid)

    def close(self):
        for path in self.paths:
            path.stop()

    def send(self):
        self.site.start()
        for i in range(len(self.attacks)):
            done = self.site.sendmail(
                "-i", "-f", "a%d@contoso.example" % i, "r%d@example.net" % i,
                stdin="From: a%d@contoso.example\nSubject: x\n\nx\n" % i)
            assert done.returncode == 0

    def arrived(self, server):
        """The numbers of those whose mail that server has."""
        return {int(m.addresses[0][1:].partition("@")[0])
                for m in server.record.accepted}

    def wait(self):
        """Until each was tried often enough, or is where it should be."""
        for i, path in enumerate(self.paths):
            def is_over(i=i, path=path):
                # Whoever stalls has one connection for as long as he likes.
                was_tried = path.struck if path.deed == "stall" else \
                    path.connections >= TRIES
                return was_tried or \
                    i in self.arrived(self.default) | self.arrived(self.legacy)
            self.site.wait(is_over, "the tries of %s" % (self.attacks[i],))

    def check(self):
        """Whatever came: no credential below the version allowed."""
        for c in self.default.record.connections:
            assert not c.auths or c.tls in ("TLSv1.2", "TLSv1.3")
        for c in self.legacy.record.connections:
            assert not c.auths or c.tls
        for server in (self.default, self.legacy):
            assert not server.record.secrets_in_clear


@pytest.fixture
def make_field(make_site, make_server, authority):
    made = []

    def make(*how):
        made.append(Field(make_site, make_server, authority, *how))
        return made[-1]
    yield make
    for field in made:
        field.close()


@pytest.mark.parametrize("mode, proved", [
    ("off", False), ("fallback", False), ("fallback", True)])
def test_no_attack_leads_to_the_legacy_host(make_field, mode, proved):
    attacks = [a for a in ATTACKS
               if mode == "off" or proved or a not in SIGNS]
    field = make_field(attacks, mode, proved)
    field.send()
    field.wait()
    field.check()
    assert len(attacks) > 80
    assert field.legacy.record.connections == []
    assert not field.site.log.events("legacy-began")
    # He was there: each attack but a delay has kept something from being sent.
    arrived = field.arrived(field.default)
    for i, (moment, deed) in enumerate(attacks):
        struck = field.paths[i].struck
        assert struck > 0 or moment == "record-5", attacks[i]
        assert (i in arrived) == (deed == "delay" or struck == 0), attacks[i]


def test_what_an_unproved_endpoint_shows_leads_there(make_field):
    field = make_field(sorted(SIGNS), "fallback", False)
    field.send()
    field.legacy.record.wait(
        lambda: len(field.arrived(field.legacy)) == len(SIGNS), "all mail")
    field.check()
    assert [p.connections for p in field.paths] == [3] * len(SIGNS)


def test_nobody_gains_by_attacking_the_legacy_host(make_field):
    """Nothing is said in clear, or at a version that he has lowered."""
    field = make_field(ATTACKS, "always", False, True)
    field.send()
    field.wait()
    field.check()
    assert field.default.record.connections == []
    assert {c.tls for c in field.legacy.record.connections} <= {None, "TLSv1.2"}
    arrived = field.arrived(field.legacy)
    for i, (_, deed) in enumerate(ATTACKS):
        struck = field.paths[i].struck
        assert (i in arrived) == (deed == "delay" or struck == 0), ATTACKS[i]


def test_always_calls_nobody_else(make_field):
    field = make_field(ATTACKS[::9], "always", False)
    field.send()
    field.legacy.record.wait(
        lambda: len(field.arrived(field.legacy)) == len(field.paths),
        "all mail")
    assert [p.connections for p in field.paths] == [0] * len(field.paths)
    assert field.default.record.connections == []
