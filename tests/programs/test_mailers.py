# SPDX-License-Identifier: ISC
"""Programs with which people send mail by hand and from scripts."""

import pytest

from lib.host import ALICE

TEXT = "hello\n.\nworld\n"
ALL = ["bob@example.com", "carol@example.com", "hidden@example.com"]
# Who was named with a domain can be answered, and so has a place in From.
NAMED = '"Alice Example (alice@contoso.example)" <alerts@contoso.example>'
OTHER = '"alice@example.org" <alerts@contoso.example>'


def test_bsd_mailx(host, judge):
    done = host.run("bsd-mailx", "-s", "Gr\u00fc\u00dfe", "-c", ALL[1], "-b",
                    ALL[2], ALL[0], "root", user="alice", stdin=TEXT)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("bsd-mailx", call, message, body=TEXT, author=ALICE,
               to=[ALL[0], "it@contoso.example", *ALL[1:]],
               subject="Gr\u00fc\u00dfe", Cc=ALL[1])


def test_mailutils(host, judge):
    """It closes its output, and ends a message at a dot by itself."""
    done = host.run("mail.mailutils", "-s", "Hello", "-a", "Bcc: " + ALL[2],
                    ALL[0], "root", user="alice", stdin="hello\nworld\n")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("mailutils", call, message, body="hello\nworld\n",
               author=ALICE, to=[ALL[0], "it@contoso.example", ALL[2]],
               subject="Hello", User_Agent="mail (GNU Mailutils 3.15)")


def test_s_nail(host, judge):
    done = host.run("s-nail", "-s", "Hello", "-c", ALL[1], "-b", ALL[2],
                    ALL[0], user="alice", stdin=TEXT)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("s-nail", call, message, body=TEXT, author=ALICE, to=ALL,
               subject="Hello", Cc=ALL[1])


@pytest.mark.parametrize("name", ["mutt", "neomutt"])
def test_mutt(host, judge, name):
    done = host.run(name, "-s", "Hello w\u00f6rld", "-c", ALL[1], "-b", ALL[2],
                    "--", ALL[0], user="alice", stdin=TEXT)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail(name, call, message, body=TEXT, author=NAMED, to=ALL,
               subject="Hello w\u00f6rld", Cc=ALL[1],
               Reply_To="Alice Example <alice@contoso.example>")


@pytest.mark.parametrize("name", ["mutt", "neomutt"])
def test_mutt_asks_for_much(host, judge, name):
    """A sender of its own, 8-bit text, and what is to be told of it."""
    done = host.run(
        name, "-e", "set from=alice@example.org use_envelope_from=yes "
        "use_8bitmime=yes allow_8bit=yes charset=utf-8 send_charset=utf-8 "
        "dsn_notify='failure,delay' dsn_return=hdrs", "-s", "r", "--",
        ALL[0], user="alice", stdin="gr\u00fc\u00dfe\n")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail(name + ", all options", call, message, package=name,
               body="gr\u00fc\u00dfe\n", to=ALL[:1], subject="r",
               author='"Alice Example (alice@example.org)" '
               "<alerts@contoso.example>",
               Content_Transfer_Encoding="8bit")
    assert message.recipients[0][1]["NOTIFY"] == "FAILURE,DELAY"
    assert message.mail_params["RET"] == "HDRS"


DRAFT = """\
From: alice@example.org
To: %s
Bcc: %s
Subject: nmh

""" % (ALL[0], ALL[2]) + TEXT


@pytest.fixture
def draft(host):
    """A draft of alice's for nmh, and its name."""
    root = host.root
    root.run("sh", "-ec", "echo Path: Mail >.mh_profile; mkdir Mail",
             user="alice")
    root.run("sh", "-ec", "cat >Mail/draft", user="alice", stdin=DRAFT)
    return root.user("alice").pw_dir + "/Mail/draft"


def test_nmh(host, judge, draft):
    """Its blind copy is a message of its own."""
    done = host.run("/usr/bin/mh/send", "-mts", "sendmail/pipe", draft,
                    user="alice")
    judge.quiet(done)
    calls, messages = judge.calls(done, 2), judge.messages(2)
    judge.mail("nmh, by sendmail -t", calls[0], messages[0], package="nmh",
               body=TEXT, author=OTHER, to=ALL[:1], subject="nmh")
    judge.content(messages[1], author=OTHER, to=ALL[2:], subject="nmh",
                  body="-* Blind-Carbon-Copy\n.*" + TEXT + ".*", To=None)


def test_nmh_smtp(host, judge, draft):
    done = host.run("/usr/bin/mh/send", "-mts", "sendmail/smtp", draft,
                    user="alice")
    judge.quiet(done)
    [call], messages = judge.calls(done), judge.messages(2)
    judge.mail("nmh, by sendmail -bs", call, messages[0], package="nmh",
               body=TEXT, author=OTHER, to=ALL[:1], subject="nmh")
    judge.content(messages[1], author=OTHER, to=ALL[2:], subject="nmh",
                  body="-* Blind-Carbon-Copy\n.*" + TEXT + ".*", To=None)


def test_swaks(host, judge):
    """It fails at the first reply that is not as it wants it."""
    done = host.run(
        "swaks", "--pipe", "/usr/sbin/sendmail -bs", "--silent", "1",
        "--helo", "web01", "--from", "alice@example.org", "--to",
        ",".join(ALL), "--header", "Subject: Hello", "--body", TEXT,
        user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("swaks", call, message, body=TEXT + "\n*", author=OTHER, to=ALL,
               subject="Hello", X_Mailer="swaks v20201014.0 "
               "jetmore.org/john/code/swaks/", Reply_To="alice@example.org")


def test_mpack(host, judge):
    done = host.run("mpack", "-s", "sub", "/etc/hostname", ALL[0],
                    user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("mpack", call, message, body=".*\n\nd2ViMDEK\n\n-----\n",
               author=ALICE, to=ALL[:1], subject="sub")


def test_mime_construct(host, judge):
    done = host.run("mime-construct", "--to", ALL[0], "--cc", ALL[1], "--bcc",
                    ALL[2], "--subject", "s", "--string", TEXT, user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("mime-construct", call, message, body=TEXT, author=ALICE,
               to=ALL, subject="s", Cc=ALL[1])
