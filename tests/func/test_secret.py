# SPDX-License-Identifier: ISC
"""Where secrets may lie, whose they may be, and that a good one is used."""

import os

import pytest

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to give files away")


def signs_in(site, server, **how):
    site.start(**how)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


def is_held(site, server, *words, **how):
    """The account is held before a connection is wasted on it."""
    site.start(**how)
    site.submit("a@example.net", stdin=TEXT)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "held",
              "a held account")
    account = site.status()["accounts"][0]
    said = " ".join(filter(None, (account["text"], account["meaning"],
                                  account["fix"])))
    for word in words:
        assert word in said, said
    assert not server.record.accepted
    return said


def move(site, name, owner, group, mode, folder="conf"):
    path = site.path("%s/%s" % (folder, name))
    os.chown(path, owner, group)
    os.chmod(path, mode)
    return path


def test_a_relative_name_lies_beside_the_configuration(site, server):
    site.conf["account"]["password_file"] = "password"
    signs_in(site, server)


@needs_root
@pytest.mark.parametrize("mode", [0o640, 0o440, 0o040])
def test_root_s_file_for_the_group(site, server, mode):
    """As packages put it: root's, readable by the daemon's group."""
    move(site, "password", 0, site.gid, mode)
    signs_in(site, server)


@needs_root
def test_root_s_file_for_nobody(site, server):
    """It cannot be read; the lines that help stand there."""
    path = move(site, "password", 0, 0, 0o600)
    is_held(site, server, path)


@needs_root
@pytest.mark.parametrize("owner, group, mode, fix", [
    (5, None, 0o600, "chown"), (0, 60, 0o640, "chown"),
    (None, None, 0o644, "chmod"), (None, 60, 0o660, "ch")])
def test_what_others_may_touch_is_refused(site, server, owner, group, mode,
                                          fix):
    path = move(site, "password", site.uid if owner is None else owner,
                site.gid if group is None else group, mode)
    said = is_held(site, server, path, fix)
    assert site.password not in said


@needs_root
@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_credentials_of_the_service_manager(site, server, mode):
    """In $CREDENTIALS_DIRECTORY by the same name; group bits are its own."""
    os.unlink(site.path("conf/password"))
    os.mkdir(site.path("credentials"), 0o755)
    site.hunt.belongs.add("credentials")
    site.write("credentials/password", site.password + "\n")
    move(site, "password", 0, site.gid if mode == 0o440 else 0, mode,
         "credentials")
    if mode == 0o400:
        os.chown(site.path("credentials/password"), site.uid, 60)
    site.conf["account"]["password_file"] = "password"
    signs_in(site, server, env=site.environment(
        CREDENTIALS_DIRECTORY=site.path("credentials")))


@needs_root
def test_an_absolute_name_is_taken_as_it_is(site, server):
    os.mkdir(site.path("credentials"), 0o755)
    signs_in(site, server, env=site.environment(
        CREDENTIALS_DIRECTORY=site.path("credentials")))


# ---- what is in it ----

def kept_and_held(site, server, *words):
    """All that a bad secret does; and a good one in its place mends it."""
    site.wait(lambda: site.status()["accounts"][0]["state"] == "held",
              "a held account")
    [account] = site.status()["accounts"]
    [recipient] = site.queue()[0]["recipients"]
    assert recipient["state"] == "queued"
    # One text, wherever it is asked for.
    for key in ("text", "meaning", "fix"):
        assert recipient[key] == account[key]
    assert account["text"] and account["fix"]
    said = account["text"] + " " + account["fix"]
    for word in words:
        assert word in said, said
    shown = " ".join(site.mailq().split())
    assert " ".join(account["fix"].split()) in shown
    return said


UTF16 = "\ufeffcanary-0123456789abcdef\n".encode("utf-16-le")


@pytest.mark.parametrize("name", ["password", "token"])
@pytest.mark.parametrize("octets, words", [
    (b"", ("is empty", "is to stand there")),
    (b"\ncanary-in-the-second-line\n", ("is empty", "is to stand there")),
    (b"canary-\xe4\xf6\xfc-latin-1\n", ("not UTF-8", "save it as UTF-8")),
    (b"\xef\xbb\xbfcanary-behind-a-mark\n", ("byte order mark", "save it")),
    (UTF16, ("control character", "UTF-16", "save it as UTF-8")),
    (b"canary-with-a\0-in-it\n", ("control character",)),
    (b"canary-huge-" + b"x" * 70000, ("too long",)),
], ids=["empty", "second-line", "latin-1", "mark", "utf-16", "nul", "huge"])
def test_what_is_no_secret(make_site, server, name, octets, words):
    """It is not tried; the text names the file and what to do with it."""
    how = {} if name == "password" else {"auth": "xoauth2",
                                         "password_file": None}
    site = make_site(server, **how)
    if name == "token":
        site.conf["account"]["token_file"] = site.path("conf/token")
    good = site.password if name == "password" else site.token
    site.secret(name, octets)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    said = kept_and_held(site, server, site.path("conf/" + name), *words)
    assert "canary" not in said.replace(site.root, "")
    assert server.record.auths == 0
    site.secret(name, good + "\n")
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)


@pytest.mark.parametrize("name", ["password", "token"])
@pytest.mark.parametrize("kind", ["wrong", "truncated"])
def test_what_the_server_refuses(make_site, server, name, kind):
    """It is tried once."""
    how = {} if name == "password" else {"auth": "xoauth2",
                                         "password_file": None}
    site = make_site(server, **how)
    if name == "token":
        site.conf["account"]["token_file"] = site.path("conf/token")
    good = site.password if name == "password" else site.token
    site.secret(name, site.canary() if kind == "wrong" else good[:-8])
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    kept_and_held(site, server, "Authentication unsuccessful")
    site.submit("b@example.net", stdin=TEXT)
    assert server.record.auths == 1
    site.secret(name, good + "\n")
    site.mailchute("retry", "ALL")
    server.record.wait_messages(2)


def test_a_token_that_is_over(make_site, server):
    """Expired, as Exchange Online says of one: in a 334 and a 535."""
    server.options.token_reason = '{"status":"401","schemes":"Bearer"}'
    site = make_site(server, auth="xoauth2", password_file=None)
    site.conf["account"]["token_file"] = site.path("conf/token")
    server.options.tokens[USER] = site.canary()
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    kept_and_held(site, server, "Authentication unsuccessful", "401")
    site.secret("token", server.options.tokens[USER])
    site.mailchute("retry", "ALL")
    server.record.wait_messages(1)
