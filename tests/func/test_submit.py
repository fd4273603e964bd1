# SPDX-License-Identifier: ISC
"""sendmail as programs call it: what it takes, and what arrives."""

import os
import pty
import pwd
import subprocess

import pytest

from lib.site import USER, program

TEXT = "From: Alerts <%s>\nTo: a@example.net\nSubject: x\n\nhello\n" % USER


def arrived(site, server, *args, **how):
    """Runs sendmail, which must succeed silently; what the server got."""
    done = site.sendmail(*args, **how)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return server.record.wait_messages(1)[0]


# ---- who gets it -------------------------------------------------------------

def test_operands(running, server):
    m = arrived(running, server, "-i", "-f", USER, "--", "a@example.net",
                "b@example.net", stdin=TEXT)
    assert m.addresses == ["a@example.net", "b@example.net"]
    assert (m.sender, m.user) == (USER, USER)
    assert m.body == b"hello\r\n"


@pytest.mark.parametrize("args", [
    ["-t"], ["-ti"], ["-it"], ["-t", "-i"], ["-oi", "-t"], ["-t", "--"],
    ["-t", "-i", "-oi", "-t"], ["-oi", "-oem", "-t"], ["-bm", "-t"],
    ["-tf" + USER], ["-v", "-t"], ["-B8BITMIME", "-t"],
    ["-B", "8BITMIME", "-t"], ["-odb", "-oee", "-t"], ["-ODeliveryMode=b", "-t"],
    ["-O", "ErrorMode=m", "-t"], ["-om", "-t"], ["-o7", "-t"], ["-n", "-t"],
    ["-G", "-t"], ["-m", "-t"], ["-U", "-t"], ["-h", "3", "-t"],
    ["-p", "esmtp", "-t"], ["-L", "tag", "-t"], ["-d9", "-t"], ["-A", "m", "-t"],
    ["-X", "/nonexistent/log", "-t"], ["-x", "-t"], ["-e", "-t"]])
def test_header_recipients_with_options(running, server, args):
    m = arrived(running, server, *args, stdin=TEXT)
    assert m.addresses == ["a@example.net"]


def test_header_recipients(running, server):
    m = arrived(running, server, "-t", stdin=(
        "From: %s\nTo: \"A, comma\" <a@example.net>, b@example.net\n"
        "Cc: C (c, with comma) <c@example.net>\nCC: Group: d@example.net,\n"
        "  e@example.net;\nBcc: secret@example.net\nSubject: x\n\n.\n" % USER)
        .replace("\n.\n", "\nend\n"))
    assert sorted(m.addresses) == ["%s@example.net" % x for x in (
        "a", "b", "c", "d", "e", "secret")]
    assert b"secret@" not in m.raw


def test_header_and_operands_are_joined(running, server):
    m = arrived(running, server, "-t", "c@example.net", "A@EXAMPLE.NET",
                stdin=TEXT)
    assert sorted(a.lower() for a in m.addresses) == [
        "a@example.net", "c@example.net"]


def test_bcc_goes_without_t(running, server):
    m = arrived(running, server, "-i", "--", "a@example.net", stdin=TEXT
                .replace("Subject", "Bcc: hidden@example.net\nSubject"))
    assert m.addresses == ["a@example.net"]
    assert b"hidden" not in m.raw


@pytest.mark.parametrize("operand, address", [
    ("Name <a@example.net>", "a@example.net"),
    ("a@example.net,b@example.net", "a@example.net,b@example.net"),
    ("<a@example.net>", "a@example.net")])
def test_forms_of_operands(running, server, operand, address):
    m = arrived(running, server, "-i", operand, stdin=TEXT)
    assert ",".join(m.addresses) == address


def test_options_end_at_the_first_operand(running, server):
    done = running.sendmail("a@example.net", "-t", stdin="Subject: x\n\nx\n")
    assert done.returncode in (0, 65)  # "-t" is an address, a local one
    if done.returncode == 0:
        m = server.record.wait_messages(1)[0]
        assert "a@example.net" in m.addresses


def test_local_name_goes_to_the_admin(running, server):
    m = arrived(running, server, "root", stdin=TEXT)
    assert m.addresses == ["it@contoso.example"]


def test_local_name_with_an_alias(site, server):
    site.write("conf/aliases", "root: ops, Dev@Contoso.Example\n"
               "ops: \"|/bin/false\", c@example.net\n")
    site.start()
    m = arrived(site, server, "root", stdin=TEXT)
    assert sorted(a.lower() for a in m.addresses) == [
        "c@example.net", "dev@contoso.example", "it@contoso.example"]


# ---- what arrives --------------------------------------------------------------

def test_missing_headers_are_made(running, server):
    m = arrived(running, server, "-i", "-F", "Back up", "-f", USER,
                "a@example.net", stdin="Subject: x\n\nhello\n")
    assert m.parsed["From"] == "Back up <%s>" % USER
    assert m.parsed["Date"].datetime is not None
    assert m.header("Message-ID").endswith("@web01.contoso.example>")
    assert m.header("Received") is not None
    assert m.reply.startswith("250 2.0.0 OK " + m.header("Message-ID"))


def test_cron(running, server):
    """A message exactly as cron writes it."""
    m = arrived(running, server, "-FCronDaemon", "-i", "-B8BITMIME", "-oem",
                "root", stdin=(
                    "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@"
                    "web01> backup\nMIME-Version: 1.0\nContent-Type: text/plai"
                    "n; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
                    "X-Cron-Env: <SHELL=/bin/sh>\n\nno space left\n"))
    author = m.parsed["From"].addresses[0]
    assert author.addr_spec == USER
    assert author.display_name == "Cron Daemon (root@web01)"
    assert m.sender == USER
    assert m.header("X-Original-From") is not None
    assert m.parsed["To"].addresses[0].addr_spec == "root@contoso.example"


def test_foreign_author_is_rewritten(running, server):
    m = arrived(running, server, "-i", "-f", "joe@elsewhere.example",
                "a@example.net", stdin=TEXT.replace(
                    "Alerts <%s>" % USER, "Joe <joe@elsewhere.example>"))
    assert m.parsed["From"].addresses[0].addr_spec == USER
    assert "joe@elsewhere.example" in m.parsed["From"].addresses[
        0].display_name
    assert m.header("Reply-To") is not None
    assert "joe@elsewhere.example" in m.header("Reply-To")
    assert m.sender == USER


@pytest.mark.parametrize("args", [["-f", ""], ["-f", "<>"], ["-f<>"]])
def test_null_sender(running, server, args):
    m = arrived(running, server, *args, "-i", "a@example.net", stdin=TEXT)
    assert m.sender == USER  # whether Exchange takes <> is not known
    assert m.header("Auto-Submitted") is not None
    assert m.header("X-Mailchute-Notice") == "automatic"


@pytest.mark.parametrize("stdin, body", [
    ("Subject: x\n\na\nb", b"a\r\nb\r\n"),
    ("Subject: x\r\n\r\na\r\nb\r\n", b"a\r\nb\r\n"),
    ("Subject: x\r\n\na\nb\r\n", b"a\r\nb\r\n"),
    ("Subject: x\n\na\rb\n", b"a\r\nb\r\n"),
    ("Subject: x\n\n.a\n..\nb\n", b".a\r\n..\r\nb\r\n"),
    ("Subject: x\n\n", b""),
    ("no header at all\nsecond\n", b"no header at all\r\nsecond\r\n"),
    ("\nbody only\n", b"body only\r\n"),
    ("From joe Mon Nov 23 2026\nSubject: x\n\na\n", b"a\r\n"),
    ("", b"")])
def test_line_ends_and_odd_input(running, server, stdin, body):
    m = arrived(running, server, "-i", "-f", USER, "a@example.net",
                stdin=stdin)
    assert m.body == body
    assert m.how == "BDAT" or not m.bare_lf
    assert m.header("From") is not None


def test_nul_is_removed(running, server):
    m = arrived(running, server, "-i", "-f", USER, "a@example.net",
                stdin=b"Subject: x\n\na\0b\n")
    assert m.body == b"ab\r\n"


def test_dot_ends_the_message(running, server):
    m = arrived(running, server, "-f", USER, "a@example.net",
                stdin="Subject: x\n\nhello\n.\nnot this\n")
    assert m.body == b"hello\r\n"


@pytest.mark.parametrize("tail", [
    "seq 100000", "seq 10; sleep 2; seq 100000", "sleep 2; seq 100000"],
    ids=["at once", "after a pause", "late"])
def test_who_goes_on_behind_the_dot_is_not_killed(running, server, tail):
    """It is more than a pipe holds, and would end the writer by SIGPIPE."""
    script = "(printf 'Subject: x\\n\\nhello\\n.\\n'; %s) | \"$@\"; " \
        "echo \"${PIPESTATUS[@]}\"" % tail
    done = running.run(["/bin/bash", "-c", script, "sh", program("sendmail"),
                        "-C", running.conf_path, "-f", USER, "a@example.net"])
    assert (done.stdout, done.stderr) == ("0 0\n", "")
    assert server.record.wait_messages(1)[0].body == b"hello\r\n"


@pytest.mark.parametrize("option", [[], ["-B7BIT"], ["-B8BITMIME"]])
@pytest.mark.parametrize("before", [0, 3 * 1024 * 1024])
def test_eight_bits_are_seen_and_never_stripped(running, server, option,
                                                before):
    """Also where they stand beyond what sendmail keeps of a message."""
    body = before // 71 * (70 * "x" + "\n") + "gr\u00fc\u00dfe\n"
    head = "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; " \
        "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    m = arrived(running, server, *option, "-i", "-f", USER, "a@example.net",
                stdin=head + body)
    assert m.mail_params.get("BODY") == "8BITMIME"
    if not before:
        assert m.body == body.replace("\n", "\r\n").encode()


def test_the_log_of_the_traffic_is_never_opened(running, server):
    """-X is what is injected first where a web form reaches an option."""
    path = running.path("reports/traffic")
    arrived(running, server, "-X", path, "-t", stdin=TEXT)
    arrived(running, server, "-X" + path, "-t", stdin=TEXT)
    assert not os.path.exists(path)


@pytest.mark.parametrize("option", ["-i", "-oi"])
def test_dot_is_text_with_i(running, server, option):
    m = arrived(running, server, option, "-f", USER, "a@example.net",
                stdin="Subject: x\n\nhello\n.\nthis too\n")
    assert m.body == b"hello\r\n.\r\nthis too\r\n"


def test_eight_bit_body_arrives_as_it_was(running, server):
    text = "gr\u00fc\u00dfe \u20ac\n"
    m = arrived(running, server, "-i", "-f", USER, "-B8BITMIME",
                "a@example.net", stdin="Subject: x\nMIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=utf-8\n"
                "Content-Transfer-Encoding: 8bit\n\n" + text)
    assert m.parsed.get_content().replace("\r\n", "\n") == text
    assert m.mail_params.get("BODY") == "8BITMIME"


def test_dsn_options_reach_the_server(running, server):
    m = arrived(running, server, "-i", "-f", USER, "-N", "failure,delay",
                "-R", "hdrs", "-V", "env17", "a@example.net", stdin=TEXT)
    assert m.mail_params["RET"].upper() == "HDRS"
    assert m.mail_params["ENVID"] == "env17"
    assert set(m.recipients[0][1]["NOTIFY"].upper().split(",")) == {
        "FAILURE", "DELAY"}


def test_size_is_told(running, server):
    m = arrived(running, server, "-i", "-f", USER, "a@example.net",
                stdin=TEXT)
    assert int(m.mail_params["SIZE"]) >= 0.9 * m.size


def test_long_message(running, server):
    lines = "".join("%06d %s\n" % (i, "x" * 60) for i in range(100000))
    m = arrived(running, server, "-i", "-f", USER, "a@example.net",
                stdin="Subject: x\n\n" + lines)
    assert m.body == lines.replace("\n", "\r\n").encode()


# ---- how it is called ------------------------------------------------------------

@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_the_kernel_says_who_submits(holding):
    games = pwd.getpwnam("games").pw_uid
    done = holding.sendmail("-i", "a@example.net", uid=games)
    assert done.returncode == 0, done
    message = holding.queue()[0]
    assert message["uid"] == games
    assert message["sender"] == "games@contoso.example"


def test_closed_output(running, server):
    """GNU mailutils closes both; the first file opened must not be fd 1."""
    done = running.run(["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh",
                        program("sendmail"), "-C", running.conf_path, "-i",
                        "-f", USER, "a@example.net"], TEXT)
    assert done.returncode == 0
    assert server.record.wait_messages(1)[0].body == b"hello\r\n"


def test_signals_ignored_by_the_caller(running, server):
    done = running.run(["/bin/sh", "-c", "trap '' HUP INT QUIT PIPE; "
                        'exec "$@"', "sh", program("sendmail"), "-C",
                        running.conf_path, "-i", "a@example.net"], TEXT)
    assert done.returncode == 0
    server.record.wait_messages(1)


def test_environment_is_not_believed(holding):
    done = holding.sendmail("-i", "a@example.net", env={
        "LOGNAME": "mallory", "USER": "mallory", "HOME": "/nonexistent",
        "NAME": "Mallory"})
    assert done.returncode == 0
    me = pwd.getpwuid(os.getuid()).pw_name
    assert holding.queue()[0]["sender"] == me + "@contoso.example"


def test_slow_writer(running, server):
    proc = subprocess.Popen(
        [program("sendmail"), "-C", running.conf_path, "-i", "-f", USER,
         "a@example.net"], stdin=subprocess.PIPE, env=running.environment())
    for octet in b"Subject: x\n\nslow\n":
        proc.stdin.write(bytes([octet]))
        proc.stdin.flush()
    proc.stdin.close()
    assert proc.wait(60) == 0
    assert server.record.wait_messages(1)[0].body == b"slow\r\n"


@pytest.mark.parametrize("name", ["newaliases", "sendmail -bi", "sendmail -I",
                                  "sendmail -bh", "sendmail -q30m"])
def test_modes_that_do_nothing(running, name):
    command, *args = name.split()
    done = running.run([program(command), "-C", running.conf_path, *args])
    assert done.returncode == 0


# ---- what is said of it ------------------------------------------------------

def said_on_a_terminal(site, *args):
    """What sendmail prints where its standard error is a terminal."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run([program("sendmail"), "-C", site.conf_path, *args],
                       input=TEXT.encode(), stdout=theirs, stderr=theirs,
                       env=site.environment(), check=True)
        os.write(theirs, b"$")
        said = b""
        while not said.endswith(b"$"):
            said += os.read(ours, 1000)
    finally:
        os.close(ours)
        os.close(theirs)
    return said[:-1].decode()


def test_verbose(running):
    said = said_on_a_terminal(running, "-v", "a@example.net")
    assert running.log.wait_for("queued")["id"] in said
    assert said_on_a_terminal(running, "a@example.net") == ""
    done = running.sendmail("-v", "a@example.net", stdin=TEXT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_verbose_without_a_daemon(site):
    said = said_on_a_terminal(site, "-v", "a@example.net")
    assert site.path("spool/drop") in said


# ---- what else the caller may count on -----------------------------------------

@pytest.mark.parametrize("zone, offset", [
    ("UTC", "+0000"), ("XST-5:30", "+0530"), ("XST3:30", "-0330")])
def test_the_date_has_the_caller_s_zone(running, server, zone, offset):
    m = arrived(running, server, "-i", "-f", USER, "a@example.net",
                env={"TZ": zone})
    assert m.header("Date").endswith(" " + offset)


@pytest.mark.parametrize("name", [
    "O\"Hara, (X) \u00dc", "a.b, c", "back\\slash", "\u20ac"])
def test_a_name_of_any_characters(running, server, name):
    m = arrived(running, server, "-i", "-F", name, "-f", USER,
                "a@example.net")
    author, = m.parsed["From"].addresses
    assert (author.display_name, author.addr_spec) == (name, USER)


def test_resent_bcc_goes_without_t(running, server):
    m = arrived(running, server, "-i", "a@example.net", stdin=(
        "Resent-To: b@example.net\nResent-Bcc: hidden@example.net\n" + TEXT))
    assert m.addresses == ["a@example.net"]
    assert b"hidden" not in m.raw and b"Resent-To: b@example.net" in m.raw


def test_fields_that_stay(running, server):
    extra = "Received: from elsewhere\nErrors-To: x@example.net\n" \
        "Status: RO\nLines: 3\n"
    m = arrived(running, server, "-i", "a@example.net", stdin=extra + TEXT)
    for line in extra.splitlines():
        assert line.encode() + b"\r\n" in m.raw


def test_help_and_version(site):
    for option, word in (("--help", "-t"), ("--version", "mailchute")):
        done = site.run([program("sendmail"), option])
        assert (done.returncode, done.stderr) == (0, "")
        assert word in done.stdout
    done = site.sendmail("--help", "--version")
    assert done.returncode == 64 and done.stderr and not done.stdout
