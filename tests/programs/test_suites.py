# SPDX-License-Identifier: ISC
"""Tests that others have written, where they end in a call of sendmail."""

import shutil
from collections import Counter

import pytest

from lib.debsource import source

# Their script stands in for sendmail; each of its lines stays where it is, as
# one test counts them.
KEEPS_FIRST = ("\n\tshift\n\toutput=1\n", "\n\tfirst=$1; shift\n\toutput=1\n")
ENDS = '\tcat >"msgtxt$output"'
CALLS = ENDS + '; /usr/sbin/sendmail "$first" "$@" <"msgtxt$output" || exit $?'

# git as it is installed, instead of one that was built.
OPTIONS = """\
SHELL_PATH=/bin/sh
PERL_PATH=/usr/bin/perl
DIFF=diff
X=
NO_PERL=
NO_PYTHON=1
"""
BUILT = """\
mkdir -p perl/build
ln -s /usr/share/git-core/templates templates/blt
ln -s /usr/share/perl5 perl/build/lib
printf '#!/bin/sh\\nexit 1\\n' >t/helper/test-tool
chmod +x t/helper/test-tool
"""


@pytest.fixture(scope="module")
def git():
    """Fetched before the test's network is one of its own."""
    return source("git")


@pytest.fixture
def tree(git, host):
    """git's tests, alice's, with mailchute at the end of send-email's."""
    path = host.root.file("home/alice/git")
    for name in ("t", "templates"):
        shutil.copytree(git + "/" + name, path + "/" + name, symlinks=True)
    host.root.write("home/alice/git/GIT-BUILD-OPTIONS", OPTIONS)
    name = "home/alice/git/t/t9001-send-email.sh"
    text = host.root.read(name)
    for old, new in (KEEPS_FIRST, (ENDS, CALLS)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    host.root.write(name, text, 0o755)
    host.root.run("chown", "-R", "alice:",
                  host.root.user("alice").pw_dir + "/git")
    host.root.run("sh", "-ec", "cd git\n" + BUILT, user="alice")


def addresses(call):
    """Where mail goes by this call: what stands behind the options, and names
    without a domain are the administrator's."""
    words = list(call.argv[1:])
    while words[0].startswith("-"):
        del words[:2 if words[0] == "-f" else 1]
    words = (word.rpartition("<")[2].rstrip(">").lower() for word in words)
    return frozenset(word if "@" in word else "it@contoso.example"
                     for word in words)


def test_git_send_email(tree, host, judge):
    """All of git's own tests pass, and each of their messages arrives."""
    host.configure("rate = none")
    done = host.run("sh", "-c", "cd git/t; GIT_TEST_INSTALLED=/usr/bin "
                    "./t9001-send-email.sh", user="alice", deadline=600)
    assert "# passed all " in done.out and "\nnot ok" not in done.out, done.out
    assert done.status == 0
    calls = judge.calls(done, len(done.calls))
    assert len(calls) > 100
    messages = judge.messages(len(calls))
    assert Counter(frozenset(map(str.lower, message.addresses))
                   for message in messages) == Counter(map(addresses, calls))
