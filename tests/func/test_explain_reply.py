# SPDX-License-Identifier: ISC
"""mailchute explain-reply: what a reply means, without asking anybody."""

import json
import subprocess

import pytest

from lib.catalogue import rows
from lib.site import program

PHASES = ["greeting", "EHLO", "STARTTLS", "AUTH", "MAIL FROM", "RCPT TO",
          "DATA", "end of data"]
# What a state of the stand-in is called.
PHASE = {"dot": "end"}


def run(*args, conf="/nonexistent"):
    """Without a configuration, without a daemon, as anybody may."""
    return subprocess.run(
        [program("mailchute"), "-C", conf, "explain-reply", *args],
        capture_output=True, text=True, timeout=60)


def explain(*args, **how):
    done = run(*args, "--json", **how)
    assert (done.returncode, done.stderr) == (0, ""), done
    return [json.loads(line) for line in done.stdout.splitlines()]


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("row", [r for r in rows() if r.is_said],
                         ids=lambda r: r.key)
def test_a_row(row):
    told, = explain(row.reply, "--phase", PHASE.get(row.state, row.state))
    assert (told["class"], told["action"], told["wait_s"]) == (
        row.whose, row.action, row.wait)
    assert told["text"] == row.reply[4:]
    assert told["source"] and told["meaning"] and told["fix"]
    # People are told the same.
    text = flat(run(row.reply, "--phase",
                    PHASE.get(row.state, row.state)).stdout)
    for part in (row.reply, "class " + row.whose, "action " + row.action,
                 "means " + told["meaning"], "do " + told["fix"],
                 "source " + told["source"]):
        assert flat(part) in text


def test_a_reply_that_depends_on_the_phase():
    never, recipient = explain("550 5.1.10 Recipient not found")
    assert never["phases"] == ["MAIL FROM", "DATA", "end of data"]
    assert never["class"] == "message"
    assert recipient["phases"] == ["RCPT TO"]
    assert recipient["class"] == "recipient"
    # A row about mail does not count before there is any.
    early, = explain("550 5.1.10 Recipient not found", "--phase=EHLO")
    assert (early["class"], early["action"]) == ("connection", "backoff")
    assert early["source"] is None


def test_one_that_does_not():
    text = run("550 5.2.252 Sender throttled due to continuous send as "
               "denied errors.").stdout
    assert text.count("class ") == 1
    assert "  at " not in text


def test_a_reply_that_no_row_knows():
    told = explain("559 5.9.9 Something new")
    assert sorted(p for t in told for p in t["phases"]) == sorted(PHASES)
    assert all(t["source"] is None for t in told)
    assert {t["class"]: t["action"] for t in told} == {
        "connection": "backoff", "account": "hold", "message": "bounce",
        "recipient": "bounce"}
    assert "no row of the catalogue knows it" in flat(
        run("559 5.9.9 Something new").stdout)


def test_words_need_no_quotes_and_lines_may_be_several():
    words = explain("554", "5.2.252", "SendAsDenied;", "x", "--phase", "end")
    assert words == explain("554 5.2.252 SendAsDenied; x", "--phase=end")
    lines = explain("554-5.2.252 SendAsDenied;\r\n554 x\r\n", "--phase=end")
    assert lines[0]["text"] == "5.2.252 SendAsDenied; x"
    assert lines[0]["class"] == "message"


def test_nothing_steers_the_terminal():
    done = run("550 5.1.1 \x1b[2Jx\x07")
    assert done.stdout.startswith("550 5.1.1 ?[2Jx?\n")


def test_with_a_configuration_the_mailbox_is_named(site):
    told, = explain("535 5.7.139 SmtpClientAuthentication is disabled for "
                    "the Mailbox.", conf=site.conf_path)
    assert "Set-CASMailbox -Identity alerts@contoso.example " \
        "-SmtpClientAuthenticationDisabled $false" in told["fix"]
    assert "MAILBOX" not in told["fix"]
    # With two accounts nobody knows whose reply it is.
    site.conf["account other"] = {**site.conf["account"],
                                  "user": "other@contoso.example"}
    site.write_conf()
    told, = explain("535 5.7.139 SmtpClientAuthentication is disabled for "
                    "the Mailbox.", conf=site.conf_path)
    assert "-Identity MAILBOX " in told["fix"]


@pytest.mark.parametrize("args", [
    [], ["250 2.0.0 OK"], ["354 go on"], ["5.1.1 User unknown"], ["hello"],
    [""], ["55"], ["550-only the first line"], ["650 x"],
    ["550 " + "x" * 3000], ["550 x", "--phase", "HELO"],
    ["550 x", "--phase", "TLS handshake"], ["550 x", "--phase"],
    ["550 x", "--phase="], ["550 x", "--body"],
])
def test_what_is_no_refusal(args):
    done = run(*args)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr.startswith("mailchute: ")
