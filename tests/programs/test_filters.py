# SPDX-License-Identifier: ISC
"""What mail is piped through, and sends it on or answers it."""

JOE = '"Joe (joe@example.net)" <alerts@contoso.example>'
MAIL = """\
From joe@example.net Mon Nov 23 20:00:00 2026
From: Joe <joe@example.net>
To: alice
Subject: in
Message-ID: <in@example.net>

hello
"""
# As it came, but that it goes out for somebody else.
SAME = dict(author=JOE, subject="in", body="hello\n\n?",
            Message_ID="<in@example.net>", Reply_To="Joe <joe@example.net>")


def test_formail(host, judge):
    """A mailbox, cut into its messages."""
    done = host.run("formail", "-s", "/usr/sbin/sendmail", "-i",
                    "bob@example.com", user="alice", stdin=MAIL + "\n" + MAIL)
    judge.quiet(done)
    calls, messages = judge.calls(done, 2), judge.messages(2)
    assert calls[0].argv == calls[1].argv
    judge.content(messages[0], to=["bob@example.com"], **SAME)
    judge.mail("formail", calls[1], messages[1], package="procmail",
               to=["bob@example.com"], **SAME)


def test_procmail(host, judge):
    host.root.write("home/alice/rc",
                    ":0\n! bob@example.com carol@example.com\n")
    done = host.run("procmail", "./rc", user="alice", stdin=MAIL,
                    set_ids=True)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("procmail", call, message,
               to=["bob@example.com", "carol@example.com"], **SAME)


def test_maildrop(host, judge):
    """It names an empty sender."""
    host.root.run("sh", "-ec", "umask 77; cat >.mailfilter", user="alice",
                  stdin='to "!bob@example.com carol@example.com"\n')
    done = host.run("maildrop", "./.mailfilter", user="alice", stdin=MAIL)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("maildrop", call, message,
               to=["bob@example.com", "carol@example.com"], **SAME)


def test_vacation(host, judge):
    host.root.write("home/alice/.vacation.msg", "Subject: away\n\nI am away.\n")
    done = host.run("vacation", "alice", user="alice", stdin=MAIL)
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("vacation", call, message, to=["joe@example.net"],
               subject="away", body="I am away.\n",
               author='"Alice Example (alice@web01)" <alerts@contoso.example>')
