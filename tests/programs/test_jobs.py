# SPDX-License-Identifier: ISC
"""What runs jobs, and mails what they print and how they fail."""

from lib.host import ALICE

JOB = "echo out; echo err >&2; exit 3\n"


def test_cron(host, judge):
    """Its own jobs of the start come at once; alice's is the only one."""
    host.root.run("sh", "-c", "rm /etc/cron.d/*")
    host.root.run("crontab", "-u", "alice", "-", stdin="@reboot " + JOB)
    cron = host.begin("cron", "-f")
    [message] = judge.messages()
    host.root.run("pkill", "-x", "cron")
    [call] = judge.calls(cron.end())
    assert (cron.out, cron.err) == ("", "")
    judge.mail("cron", call, message, body="out\nerr\n",
               to=["it@contoso.example"], author="\"Cron Daemon (root@web01)\""
               " <alerts@contoso.example>", X_Cron_Env="<SHELL=/bin/sh>",
               subject="Cron <alice@web01> " + JOB.strip(),
               Content_Transfer_Encoding="8bit")


def test_cron_mailto(host, judge):
    """Addresses in one word."""
    host.root.run("sh", "-c", "rm /etc/cron.d/*")
    host.root.write("etc/cron.d/job", "MAILTO=bob@example.com,root\n"
                    "@reboot root echo out\n")
    cron = host.begin("cron", "-f")
    [message] = judge.messages()
    host.root.run("pkill", "-x", "cron")
    [call] = judge.calls(cron.end())
    judge.mail("cron, MAILTO", call, message, package="cron", body="out\n",
               to=["bob@example.com", "it@contoso.example"],
               author='"Cron Daemon (root@web01)" <alerts@contoso.example>',
               subject="Cron <root@web01> echo out")


def test_anacron(host, judge):
    """What it prints is what it does."""
    host.root.write("etc/anacrontab", "1 0 job " + JOB)
    done = host.run("anacron", "-d", "-f", "-n", "-s")
    assert (done.status, done.out) == (0, "")
    assert "(exit status: 3) (mailing output)" in done.err
    assert "returned" not in done.err
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("anacron", call, message, body="out\nerr\n",
               to=["it@contoso.example"],
               author='"Anacron (root@web01)" <alerts@contoso.example>',
               subject="Anacron job 'job' on web01")


def test_at(host, judge):
    daemon = host.begin("atd", "-f")
    host.wait_file("run/atd.pid")
    host.root.run("at", "now", user="alice", stdin=JOB)
    [message] = judge.messages()
    host.root.run("pkill", "-x", "atd")
    [call] = judge.calls(daemon.end())
    assert (daemon.out, daemon.err) == ("", "")
    judge.mail("at", call, message, body="out\nerr\n", author=ALICE,
               to=["it@contoso.example"],
               subject="Output from your job        1")
