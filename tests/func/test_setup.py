# SPDX-License-Identifier: ISC
"""mailchute setup: each way to sign in, from nothing to a delivered message, and
what it says of a step that was left out."""

import os
import re
import stat

import pytest

from lib.assertion import claims_for, sign
from lib.setupplay import *  # noqa: F401,F403
from lib.setupplay import (CERTIFICATE, CODE, FEDERATED, IDENTITY, PASSWORD,
                           REMOTE, SECRET, conf, delivered, effective,
                           lines_of_others, tree)
from lib.site import USER


# ---- each way, from nothing to a delivered message ----------------------------

def goes_all_the_way(stranger, way, **picks):
    stranger.picks.update({"How to sign in": way}, **picks)
    t = stranger.start()
    assert stranger.through(t) == 0, t.seen
    site = stranger.site
    assert "Missing" not in t.seen
    delivered(site)
    assert "accepted" in t.seen
    for line in lines_of_others(conf(site)):
        assert line in conf(site).splitlines()
    assert not [n for n in os.listdir(site.path("conf"))
                if n.startswith(".setup") or ".new" in n]
    assert not [n for n in os.listdir(site.path("lib")) if "setup" in n]
    return t


def is_for_the_daemon_alone(site, name):
    st = os.stat(site.path("conf/" + name))
    if site.is_root:
        assert (st.st_uid, st.st_gid) == (0, site.gid)
    assert stat.S_IMODE(st.st_mode) == 0o640


def test_a_certificate(stranger, fresh):
    goes_all_the_way(stranger, CERTIFICATE)
    is_for_the_daemon_alone(fresh, "certificate.key")
    assert effective(fresh)["account", "certificate_file"] == \
        "certificate.pem"
    assert fresh.server.record.connections[-1].mechanism == "XOAUTH2"


def test_a_role_in_exchange(stranger, admin):
    t = goes_all_the_way(stranger, CERTIFICATE, **{"What lets": "2"})
    assert admin.app.roles == [] and admin.app.mailboxes == []
    assert "Add-MailboxPermission" not in t.seen
    assert effective(stranger.site)["account", "app_rbac"] == "yes"


def test_a_client_secret(stranger, fresh, admin):
    stranger.words["The day on which"] = "2028-11-30"
    goes_all_the_way(stranger, SECRET)
    is_for_the_daemon_alone(fresh, "client_secret")
    assert fresh._text("conf/client_secret") == admin.secret + "\n"
    assert effective(fresh)["account", "client_secret_expires"] == \
        "2028-11-30"


def test_a_code(stranger, fresh, entra):
    entra.user(USER)
    goes_all_the_way(stranger, CODE)
    folder = fresh.path("lib/tokens")
    assert os.listdir(folder) == ["account"]
    for path, mode in ((folder, 0o700), (folder + "/account", 0o600)):
        st = os.stat(path)
        assert (stat.S_IMODE(st.st_mode), st.st_uid) == (mode, fresh.uid)


def test_a_managed_identity(stranger, fresh, entra, imds):
    entra.identity(roles=[], registered=None, mailboxes=[])
    fresh.write("conf/mailchute.conf", conf(fresh).replace(
        entra.url(), imds.url()))
    t = stranger.start()
    stranger.picks["How to sign in"] = IDENTITY
    assert stranger.through(t) == 0, t.seen
    delivered(fresh)


def test_a_federated_credential(stranger, fresh, entra, admin, authority):
    pair = authority.issue("issuer", rsa=True)
    admin.issuer = ("https://k.example", "mail", pair.cert)

    class Issued:
        client_id = "mail"
    text = sign(pair.key, {"alg": "RS256"}, claims_for(
        entra, Issued, iss="https://k.example", sub="mail",
        aud="api://AzureADTokenExchange"))
    stranger.words["File in which"] = fresh.secret("federated", text)
    goes_all_the_way(stranger, FEDERATED)


def test_a_password(stranger, fresh, admin):
    stranger.words["The password"] = fresh.password
    goes_all_the_way(stranger, PASSWORD)
    is_for_the_daemon_alone(fresh, "password")
    assert "token_url" not in conf(fresh)


def test_another_provider(stranger, fresh):
    stranger.picks["Where is"] = "5"
    stranger.words.update({"The password": fresh.password,
                           "Its mail server": "localhost",
                           "Its AUTH": "login",
                           "Its port": str(fresh.server.port)})
    fresh.server.options.auth_disabled = None
    fresh.server.set("provider", "smtp")
    goes_all_the_way(stranger, None)
    assert effective(fresh)["account", "provider"] == "smtp"


# ---- what is missing is named ---------------------------------------------------

@pytest.mark.parametrize("step, named", [
    ("Application permissions", "API permissions, and admin consent"),
    ("BEGIN CERTIFICATE", "Upload certificate"),
    ("New-ServicePrincipal", "New-ServicePrincipal, or Add-MailboxPermission"),
    ("Add-MailboxPermission",
     "New-ServicePrincipal, or Add-MailboxPermission"),
    ("Set-CASMailbox", "Set-CASMailbox"),
])
def test_a_step_that_was_left_out(stranger, admin, step, named):
    """It is named, and once it is done all goes on from there."""
    admin.left_out = [step]
    t = stranger.start()
    stranger.until(t, "What now")
    assert re.findall(r"\nMissing: (.*)\n", t.seen) == [named]
    admin.left_out = []
    admin.read(t.seen)
    assert stranger.through(t) == 0, t.seen
    assert t.seen.count("Missing:") == 1
    delivered(stranger.site)


def test_the_permission_that_the_role_rules_out(stranger, admin):
    stranger.picks["What lets"] = "2"
    t = stranger.start()
    stranger.until(t, "Press Enter")
    admin.app.roles.append("SMTP.SendAsApp")
    stranger.until(t, "What now")
    assert "remove SMTP.SendAsApp" in " ".join(t.seen.split())
    admin.app.roles.clear()
    assert stranger.through(t) == 0, t.seen


def test_a_wrong_secret(stranger, admin):
    stranger.picks["How to sign in"] = SECRET
    t = stranger.start()
    stranger.until(t, "The client secret")
    t.type("the-secret-id")
    stranger.until(t, "What now")
    assert "Missing: the client secret" in t.seen
    assert "not its Secret ID" in " ".join(t.seen.split())


def test_a_code_that_is_declined(stranger, fresh, entra):
    entra.user(USER)
    before = tree(fresh)
    stranger.picks["How to sign in"] = CODE
    t = stranger.start()
    stranger.until(t, "Press Enter")
    stranger.step(t)
    entra.decline(t.wait(r"enter the code\n\n +(\S+)\n").group(1))
    t.answer("What now", "3")
    assert t.end() == 75
    assert tree(fresh) == before


def test_to_be_finished_later(stranger, fresh, admin):
    """Mail is taken meanwhile; the second run asks for nothing again."""
    admin.left_out = ["New-ServicePrincipal"]
    stranger.picks["What now"] = "2"
    t = stranger.start()
    assert stranger.through(t) == 75, t.seen
    assert "To go on: mailchute setup" in t.seen
    key = fresh._text("conf/certificate.key")
    admin.left_out = []
    del stranger.picks["What now"]
    stranger.words = {"Send a test": REMOTE}
    stranger.reply = lambda prompt: REMOTE if "test" in prompt else ""
    t = stranger.start()
    assert stranger.through(t) == 0, t.seen
    assert fresh._text("conf/certificate.key") == key
    delivered(fresh)
