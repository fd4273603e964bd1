# SPDX-License-Identifier: ISC
"""mailchute setup: it can be left, and run again; what it shows, and what it
leaves alone."""

import os
import re
import signal

import pytest

from lib.notify import DEADLINE
from lib.setupplay import *  # noqa: F401,F403
from lib.setupplay import (CERTIFICATE, CODE, REMOTE, SECRET, conf, effective,
                           lines_of_others, tree)
from lib.site import USER
from lib.stranger import stopped

SOMEBODY = 12345
NEEDS_ROOT = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for others' rights")


# ---- it can be left ---------------------------------------------------------------

def test_left_at_each_question(stranger, fresh):
    before = tree(fresh)
    prompt, at = "", 0
    while not prompt.startswith("Write this"):
        t = stranger.start()
        for _ in range(at):
            stranger.step(t)
        prompt = t.prompt()
        t.interrupt()
        assert t.end() == 75
        assert t.seen.endswith("Nothing was changed.\n")
        assert t.is_echoing()
        assert tree(fresh) == before, prompt
        t.close()
        at += 1
    assert at >= 10


def test_left_while_a_code_is_waited_for(stranger, fresh, entra):
    entra.user(USER)
    before = tree(fresh)
    stranger.picks["How to sign in"] = CODE
    t = stranger.start()
    stranger.until(t, "Press Enter")
    stranger.step(t)
    t.wait("Waiting for that")
    t.interrupt()
    assert t.end() == 75
    assert tree(fresh) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP,
                                    signal.SIGQUIT])
def test_ended_at_a_secret(stranger, fresh, number):
    before = tree(fresh)
    stranger.picks["How to sign in"] = SECRET
    t = stranger.start()
    stranger.until(t, "The client secret")
    assert not t.is_echoing()
    t.process.send_signal(number)
    assert t.end() == 75
    assert t.is_echoing()
    assert tree(fresh) == before


def test_stopped_at_a_secret(stranger, fresh):
    """The shell lets the terminal show what is typed meanwhile; back in the
    foreground the question is asked again, and its answer is not shown."""
    stranger.picks["How to sign in"] = SECRET
    t = stranger.start()
    stranger.until(t, "The client secret")
    with stopped(t.process.pid):
        t.let_echo()
    t.wait(r"The client secret[^\n]*: The client secret[^\n]*: $")
    assert not t.is_echoing()
    t.interrupt()
    assert t.end() == 75
    assert t.is_echoing()


def test_left_in_the_test(stranger, fresh):
    """By then all is written, and nothing else is left."""
    t = stranger.start()
    stranger.until(t, "Send a test")
    fresh.server.down()
    fresh.server.disconnect()
    stranger.step(t)
    t.wait("waiting +" + REMOTE)
    t.interrupt()
    assert t.end() == 75
    assert sorted(os.listdir(fresh.path("conf"))) == [
        "aliases", "certificate.key", "certificate.pem", "mailchute.conf",
        "mailchute.conf.1"]


def test_a_terminal_that_goes(stranger, fresh):
    before = tree(fresh)
    t = stranger.start()
    stranger.until(t, "Press Enter")
    t.hang_up()
    t.process.wait(DEADLINE)
    assert tree(fresh) == before


# ---- what it shows, and what not ----------------------------------------------------

def test_no_secret_is_shown(stranger, fresh, admin):
    """Nor has it any in its arguments or its environment."""
    stranger.picks["How to sign in"] = SECRET
    t = stranger.start()
    stranger.until(t, "The client secret")
    assert not t.is_echoing()
    admin.read(t.new)
    t.type(admin.secret)
    stranger.until(t, "Press Enter")
    for name in ("cmdline", "environ"):
        with open("/proc/%d/%s" % (t.process.pid, name), "rb") as f:
            assert admin.secret.encode() not in f.read()
    stranger.until(t, "Write this")
    assert admin.secret not in t.seen
    t.interrupt()
    t.end()


def test_print_changes_nothing(stranger, fresh):
    before = tree(fresh)
    t = stranger.start("--print")
    assert stranger.through(t) == 0, t.seen
    assert tree(fresh) == before
    assert "  + account.certificate_file = certificate.pem" in t.seen
    assert "New-ServicePrincipal -AppId " + stranger.admin.app.client_id in \
        t.seen
    assert not stranger.admin.entra.record.requests
    assert not fresh.server.record.connections


def test_help_on_each_question(stranger):
    t = stranger.start()
    for _ in range(6):
        prompt = t.prompt()
        stranger.admin.read(t.new)
        t.type("?")
        assert t.prompt() == prompt
        assert re.search(r"\n\?       \S+ ", t.new)
        stranger.step(t)


@pytest.mark.parametrize("prompt, wrong, said", [
    ("Where is", "6", "a number from 1 to 5"),
    ("Where is", "x", "a number from 1 to 5"),
    ("Mailbox that", "alerts", "no address"),
    ("Mailbox that", "", "an answer is needed"),
    ("How to", "-1", "a number from 1 to 6"),
    ("Application", "mailchute", "no id"),
    ("Directory", "common", "one tenant"),
    ("Directory", "a b", "neither an id nor a domain"),
])
def test_a_wrong_answer(stranger, prompt, wrong, said):
    t = stranger.start()
    stranger.until(t, prompt)
    t.type(wrong)
    assert t.prompt().startswith(prompt)
    assert said in t.new


# ---- again ------------------------------------------------------------------------

def test_again(stranger, fresh):
    """Enter, and only that: all is as it was, with a backup to prove it."""
    assert stranger.through(stranger.start()) == 0
    first = conf(fresh)
    assert fresh._text("conf/mailchute.conf.1").startswith("; the mail")
    stranger.picks = {}
    stranger.reply = lambda prompt: "none" if "test" in prompt else ""
    t = stranger.start()
    assert stranger.through(t) == 0, t.seen
    assert conf(fresh) == first
    assert fresh._text("conf/mailchute.conf.2") == first
    assert "mailchuted has taken it over" in t.seen
    assert sorted(os.listdir(fresh.path("conf"))) == [
        "aliases", "certificate.key", "certificate.pem", "mailchute.conf",
        "mailchute.conf.1", "mailchute.conf.2"]


def test_again_with_a_role(stranger, fresh, admin):
    """It stays what was chosen, by Enter alone."""
    stranger.picks["What lets"] = "2"
    assert stranger.through(stranger.start()) == 0
    first = conf(fresh)
    stranger.picks = {}
    stranger.reply = lambda prompt: "none" if "test" in prompt else ""
    t = stranger.start()
    assert stranger.through(t) == 0, t.seen
    assert "New-ManagementRoleAssignment" in t.seen
    assert "Add-MailboxPermission" not in t.seen
    assert "Missing" not in t.seen
    assert conf(fresh) == first


def test_another_way(stranger, fresh, admin):
    """The options of the first go, whatever else stands there stays."""
    stranger.picks["How to sign in"] = SECRET
    assert stranger.through(stranger.start()) == 0
    fresh.server.record.forget()
    stranger.picks["How to sign in"] = CERTIFICATE
    assert stranger.through(stranger.start()) == 0
    assert "client_secret" not in conf(fresh)
    for line in lines_of_others(conf(fresh)):
        assert line in conf(fresh).splitlines()


def test_a_sign_in_is_kept(stranger, fresh, entra):
    """Or not, when somebody says so."""
    entra.user(USER)
    stranger.picks["How to sign in"] = CODE
    assert stranger.through(stranger.start()) == 0
    assert stranger.through(stranger.start()) == 0
    assert len(entra.devices.codes) == 1
    stranger.picks["Keep the sign-in"] = "no"
    t = stranger.start()
    stranger.until(t, "Keep the sign-in")
    stranger.step(t)
    stranger.sign_in(t)
    assert stranger.through(t) == 0
    assert len(entra.devices.codes) == 2


def test_the_one_account_that_has_a_name(stranger, fresh):
    """It is the default one, so it is meant."""
    fresh.write("conf/mailchute.conf", conf(fresh).replace(
        "[account]", "[account it]"))
    assert stranger.through(stranger.start("it")) == 0
    assert stranger.through(stranger.start()) == 0
    assert "[account]" not in conf(fresh)


def test_a_named_account(stranger, fresh):
    fresh.write("conf/mailchute.conf", conf(fresh).replace(
        "[account]", "[account it]"))
    t = stranger.start("it")
    assert stranger.through(t) == 0, t.seen
    assert "[account]" not in conf(fresh)
    assert effective(fresh)["account it", "user"] == USER


# ---- where it cannot ----------------------------------------------------------------

def test_no_terminal(fresh):
    before = tree(fresh)
    done = fresh.mailchute("setup")
    assert done.returncode == 64
    assert "needs a terminal" in done.stderr
    assert tree(fresh) == before


@NEEDS_ROOT
def test_not_as_root(stranger, fresh):
    before = tree(fresh)
    t = stranger.start(user=SOMEBODY)
    assert t.end() == 77
    assert "mailchute setup --print" in t.seen
    assert tree(fresh) == before


def test_errors_elsewhere(stranger, fresh):
    fresh.write("conf/mailchute.conf",
                conf(fresh).replace("rate = none", "rates = none"))
    t = stranger.start()
    assert t.end() == 78
    assert "mailchute.conf:17: unknown option \"rates\"" in t.seen
    assert "Where is" not in t.seen


def test_no_openssl_is_no_end(stranger, fresh):
    """With files of one's own there is no need for it."""
    stranger.words["Make a key"] = "no"
    t = stranger.start()
    stranger.until(t, "File of the certificate")
    t.answer("File of the certificate", fresh.path("conf/mine.pem"))
    t.answer("File of its private key", fresh.path("conf/mine.key"))
    assert t.end() == 75
    assert "No such file" in t.seen
