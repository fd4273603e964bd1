# SPDX-License-Identifier: ISC
"""mailchute explain-reply for what a token endpoint says."""

import re

import pytest

from lib.site import TESTS
from test_explain_reply import explain, flat, run


def rows():
    """(number or word, action, meaning, fix) of docs/office365.md."""
    with open(TESTS + "/../docs/office365.md") as f:
        page = f.read()
    table = page.partition("| AADSTS or error |")[2].split("\n")[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in table if line.startswith("|")]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row(row):
    key, action, meaning, fix = row
    said = "AADSTS%s: some text" % key if key.isdigit() else key
    told, = explain(said)
    words = action.split()
    wait = {"30m": 1800, "1h": 3600}[words[1]] if words[1:] else 0
    assert (told["class"], told["action"], told["wait_s"], told["meaning"],
            told["fix"]) == ("account", words[0], wait, meaning, fix)
    assert told["source"]
    text = flat(run(said).stdout)
    for part in ("class account", "action " + words[0], "means " + meaning,
                 "do " + fix):
        assert flat(part) in text


def test_the_whole_text_as_it_was_logged():
    told, = explain("invalid_client:", "AADSTS7000222: The provided client "
                    "secret keys are expired.", "Trace ID: 1-2")
    assert (told["aadsts"], told["error"]) == (7000222, "invalid_client")
    assert told["meaning"] == "The client secret has expired."


def test_unknown_number():
    told, = explain("AADSTS999999: new")
    assert (told["aadsts"], told["action"], told["source"]) == (
        999999, "backoff", None)
    assert told["meaning"] and told["fix"]


def test_names_of_the_one_account(make_site):
    site = make_site(None)
    site.conf["account"] = {
        "user": "alerts@contoso.example", "tenant": "contoso.example",
        "client_id": "00000000-0000-4000-8000-000000000001",
        "client_secret_file": "password"}
    site.write_conf()
    told, = explain("AADSTS700016", conf=site.conf_path)
    assert "account.tenant (contoso.example)" in told["fix"]
    assert "(00000000-0000-4000-8000-000000000001)" in told["fix"]


@pytest.mark.parametrize("said", ["AADSTS", "AADSTSx", "odd_word", "200 OK"])
def test_what_is_no_refusal(said):
    done = run(said)
    assert (done.returncode, done.stdout) == (64, "")
    assert re.search("is no refusal", done.stderr)
