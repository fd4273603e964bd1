# SPDX-License-Identifier: ISC
"""The stand-in itself: each reply it gives and each fault it can have."""

import smtplib
import socket
import ssl
import threading
import time
import warnings

import pytest

from exchange import Fault, Timeout
from exchange.faults import FOREVER, Faults
from lib.client import Client, b64

USER, PASSWORD, TOKEN = "alerts@contoso.example", "pass-1", "eyJ0.tok-1"
MESSAGE = ("From: Alerts <alerts@contoso.example>\r\nMessage-ID: <1@web01>\r\n"
           "\r\nhello\r\n")
SUFFIX = r" [MR1P264MB0042.FRAP264.PROD.OUTLOOK.COM 20"


@pytest.fixture
def exchange(make_server):
    return make_server(users={USER: PASSWORD}, tokens={USER: TOKEN})


@pytest.fixture
def client(exchange, authority):
    with Client(exchange, authority) as c:
        yield c


@pytest.fixture
def signed_in(client):
    client.secure()
    assert client.login(USER, PASSWORD).startswith("235 ")
    return client


@pytest.fixture
def ready(signed_in):
    """One recipient accepted."""
    assert signed_in.cmd("MAIL FROM:<%s>" % USER) == "250 2.1.0 Sender OK"
    assert signed_in.cmd("RCPT TO:<a@example.net>") == \
        "250 2.1.5 Recipient OK"
    return signed_in


def send(client, message=MESSAGE):
    assert client.cmd("DATA") == \
        "354 Start mail input; end with <CRLF>.<CRLF>"
    return client.cmd(message + ".")


# ---- greeting, EHLO, STARTTLS ----------------------------------------------

def test_greeting(client):
    greeting = client.reply()
    assert greeting.startswith("220 MRXP264CA0042.outlook.office365.com "
                               "Microsoft ESMTP MAIL Service ready at ")
    assert greeting.endswith("]")


def test_ehlo_before_and_after_tls(client):
    common = ["250-8BITMIME", "250-BINARYMIME", "250-CHUNKING", "250 SMTPUTF8"]
    first = ["250-MRXP264CA0042.outlook.office365.com Hello [127.0.0.1]",
             "250-SIZE 157286400", "250-PIPELINING", "250-DSN",
             "250-ENHANCEDSTATUSCODES"]
    assert client.hello().split("\n") == [*first, "250-STARTTLS", *common]
    assert client.cmd("STARTTLS") == "220 2.0.0 SMTP server ready"
    client.handshake()
    assert client.cmd("MAIL FROM:<a@b.example>").startswith("503 5.5.2")
    assert client.cmd("EHLO x.example").split("\n") == [
        *first, "250-AUTH LOGIN XOAUTH2", *common]


def test_helo(client):
    client.reply()
    assert client.cmd("HELO x.example") == \
        "250 MRXP264CA0042.outlook.office365.com Hello [127.0.0.1]"


@pytest.mark.parametrize("name", ["x.example", "[192.0.2.1]",
                                  "[IPv6:2001:db8::1]", "a-b.c1.example"])
def test_ehlo_name_good(client, name):
    client.reply()
    assert client.cmd("EHLO " + name).startswith("250-")


@pytest.mark.parametrize("name", ["", "web01", "localhost", "-a.example",
                                  "a_b.example", "a..example", "[1.2.3]",
                                  "x.example junk"])
def test_ehlo_name_bad(client, name):
    client.reply()
    assert client.cmd("EHLO " + name).startswith(
        "501 5.5.4 Invalid domain name" + SUFFIX)


def test_starttls_before_ehlo(client):
    client.reply()
    assert client.cmd("STARTTLS").startswith("503 5.5.2 Send hello first")


def test_starttls_absent(make_server):
    server = make_server(starttls=False)
    with Client(server) as c:
        assert "STARTTLS" not in c.hello()
        assert c.cmd("STARTTLS").startswith("500 5.3.3")


def test_without_certificate(make_server):
    with Client(make_server(certificate=None)) as c:
        assert "STARTTLS" not in c.hello()


def test_starttls_twice(client):
    client.secure()
    assert client.cmd("STARTTLS").startswith("500 5.3.3")


def test_unknown_command(client):
    client.hello()
    assert client.cmd("unknown x").startswith(
        "500 5.3.3 Unrecognized command 'unknown'" + SUFFIX)


def test_bytes_sent_with_starttls_are_dropped(exchange, client):
    client.hello()
    client.send("STARTTLS\r\nMAIL FROM:<evil@example.net>\r\n")
    assert client.reply().startswith("220 ")
    client.handshake()
    assert client.cmd("EHLO x.example").startswith("250-")
    seen = exchange.record.connections[0]
    assert seen.early_bytes == b"MAIL FROM:<evil@example.net>\r\n"
    assert "MAIL" not in seen.verbs()


# ---- TLS -------------------------------------------------------------------

def test_tls_is_recorded(exchange, client):
    client.secure()
    seen = exchange.record.connections[0]
    assert (seen.tls, seen.sni, seen.resumed) == ("TLSv1.3", "localhost",
                                                  False)


def test_tls_resumption_is_recorded(exchange, authority):
    context = ssl.create_default_context(cafile=authority.roots)
    with Client(exchange, authority) as first:
        first.secure(context=context)
        session = first.sock.session
    with Client(exchange, authority) as second:
        second.secure(context=context, session=session)
    assert [c.resumed for c in exchange.record.connections] == [False, True]


@pytest.mark.parametrize("version, name", [("1.0", "TLSv1"),
                                           ("1.1", "TLSv1.1"),
                                           ("1.2", "TLSv1.2")])
def test_tls_of_that_version_only(make_server, authority, version, name):
    server = make_server(authority.issue("localhost", rsa=True),
                         tls_min=version, tls_max=version)
    context = ssl.create_default_context(cafile=authority.roots)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    with Client(server, authority) as c:
        c.secure(context=context)
    assert server.record.connections[0].tls == name


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_tls_and_a_client_that_wants_better(make_server, authority,
                                                version):
    server = make_server(tls_min=version, tls_max=version)
    with Client(server, authority) as c:
        with pytest.raises(ssl.SSLError):
            c.secure()
    server.record.wait_event("tls-error")


def test_implicit_tls(make_server, authority):
    server = make_server(implicit_tls=True)
    with Client(server, authority) as c:
        c.handshake()
        assert c.reply().startswith("220 ")
        assert "AUTH LOGIN" in c.cmd("EHLO x.example")


@pytest.mark.parametrize("how, error", [
    (lambda ca: ca.issue("wrong.example"), "Hostname mismatch"),
    (lambda ca: ca.issue("localhost", expired=True), "has expired"),
    (lambda ca: ca.issue("localhost", not_yet=True), "not yet valid"),
    (lambda ca: ca.self_signed("localhost"), "self-signed certificate"),
    (lambda ca: ca.untrusted("localhost"), "unable to get local issuer"),
])
def test_bad_certificates(make_server, authority, how, error):
    with Client(make_server(how(authority)), authority) as c:
        with pytest.raises(ssl.SSLCertVerificationError, match=error):
            c.secure()


def test_certificate_of_an_address(make_server, authority):
    with Client(make_server(authority.issue("127.0.0.1")), authority) as c:
        c.secure(name="127.0.0.1")


# ---- AUTH ------------------------------------------------------------------

def test_auth_login(exchange, client):
    client.secure()
    assert client.cmd("AUTH LOGIN") == "334 VXNlcm5hbWU6"
    assert client.cmd(b64(USER)) == "334 UGFzc3dvcmQ6"
    assert client.cmd(b64(PASSWORD)) == "235 2.7.0 Authentication successful"
    seen = exchange.record.connections[0]
    assert (seen.mechanism, seen.user, seen.auths) == ("LOGIN", USER, 1)
    assert client.cmd("AUTH LOGIN").startswith("503 ")


def test_auth_login_wrong_password(exchange, client):
    client.secure()
    refusal = client.login(USER, "other")
    assert refusal.startswith(
        "535 5.7.139 Authentication unsuccessful, the user credentials were "
        "incorrect." + SUFFIX)
    assert client.cmd("MAIL FROM:<%s>" % USER).startswith(
        "530 5.7.57 Client not authenticated to send mail. Error: " + refusal)
    assert exchange.record.connections[0].user is None


@pytest.mark.parametrize("user, password", [
    ("nobody@contoso.example", PASSWORD), (USER, ""), ("", ""),
    (USER, PASSWORD + " ")])
def test_auth_login_refused(client, user, password):
    client.secure()
    assert client.login(user, password).startswith("535 5.7.139 ")


def test_auth_login_not_base64(client):
    client.secure()
    assert client.cmd("AUTH LOGIN").startswith("334 ")
    assert client.cmd("???").startswith("334 ")
    assert client.cmd(b64(PASSWORD)).startswith("535 ")


def test_auth_cancelled(client):
    client.secure()
    client.cmd("AUTH LOGIN")
    assert client.cmd("*").startswith("501 ")


def test_auth_user_of_other_case(client):
    client.secure()
    assert client.login(USER.upper(), PASSWORD).startswith("235 ")


def test_auth_in_lower_case(client):
    client.secure()
    assert client.cmd("auth xoauth2 " + b64(
        "user=%s\x01auth=Bearer %s\x01\x01" % (USER, TOKEN))) == \
        "235 2.7.0 Authentication successful"


def test_xoauth2_in_two_steps(exchange, client):
    client.secure()
    assert client.cmd("AUTH XOAUTH2") == "334 "
    assert client.cmd(b64("user=%s\x01auth=Bearer %s\x01\x01"
                          % (USER, TOKEN))).startswith("235 ")
    assert exchange.record.connections[0].mechanism == "XOAUTH2"


@pytest.mark.parametrize("blob", [
    "user=%s\x01auth=Bearer wrong\x01\x01" % USER,
    "user=%s\x01auth=Bearer %s" % (USER, TOKEN), "", "\0%s\0x" % USER])
def test_xoauth2_refused(client, blob):
    client.secure()
    assert client.cmd("AUTH XOAUTH2 " + (b64(blob) or "=")).startswith(
        "535 5.7.3 Authentication unsuccessful" + SUFFIX)


def test_auth_plain_is_not_offered(client):
    client.secure()
    assert client.cmd("AUTH PLAIN " + b64("\0%s\0%s" % (USER, PASSWORD))) \
        .startswith("504 5.7.4 Unrecognized authentication type" + SUFFIX)


def test_auth_outside_tls_is_seen(exchange, client):
    client.hello()
    assert client.cmd("AUTH LOGIN").startswith("504 5.7.4")
    assert exchange.record.connections[0].plain_auth
    assert exchange.record.secrets_in_clear


@pytest.mark.parametrize("text", [PASSWORD, TOKEN, b64(PASSWORD)])
def test_secret_outside_tls_is_seen(exchange, client, text):
    client.hello()
    client.cmd("NOOP " + text)
    assert exchange.record.connections[0].plain_secret


def test_no_mechanism(make_server, authority):
    with Client(make_server(mechanisms=[]), authority) as c:
        assert "AUTH" not in c.secure()


def test_other_text_for_refused_password(make_server, authority):
    server = make_server(auth_failure="535 5.7.139 Authentication "
                         "unsuccessful, account locked. ",
                         close_after_auth_failure=True)
    with Client(server, authority) as c:
        c.secure()
        assert "account locked" in c.login(USER, "x")
        assert c.reply() == ""


# ---- MAIL, RCPT, order -----------------------------------------------------

def test_mail_without_auth(client):
    client.secure()
    assert client.cmd("MAIL FROM:<%s>" % USER).startswith(
        "530 5.7.57 Client not authenticated to send mail." + SUFFIX)


def test_sequence(signed_in):
    assert signed_in.cmd("RCPT TO:<a@b.example>") == \
        "503 5.5.2 Need mail command"
    assert signed_in.cmd("DATA") == "503 5.5.2 Need mail command"
    assert signed_in.cmd("MAIL FROM:<%s>" % USER).startswith("250 ")
    assert signed_in.cmd("MAIL FROM:<%s>" % USER) == \
        "503 5.5.2 Sender already specified"
    assert signed_in.cmd("DATA") == "503 5.5.2 Need rcpt command"
    assert signed_in.cmd("RSET") == "250 2.0.0 Resetting"
    assert signed_in.cmd("NOOP") == "250 2.0.0 OK"
    assert signed_in.cmd("QUIT") == \
        "221 2.0.0 Service closing transmission channel"
    assert signed_in.reply() == ""


@pytest.mark.parametrize("params", [
    "", " SIZE=100", " BODY=8BITMIME SIZE=1", " SMTPUTF8", " RET=HDRS ENVID=x",
    " BODY=7BIT", " AUTH=<>"])
def test_mail_parameters(signed_in, params):
    assert signed_in.cmd("MAIL FROM:<%s>%s" % (USER, params)).startswith("250")


@pytest.mark.parametrize("rest", [
    "FROM:%s" % USER, "TO:<%s>" % USER, "FROM:<%s> X=1" % USER,
    "FROM:<%s> SIZE=x" % USER, "FROM:<%s> BODY=9BIT" % USER,
    "FROM:<%s>SIZE=1" % USER, "FROM:<%s> SIZE=1 SIZE=1" % USER])
def test_mail_arguments_refused(signed_in, rest):
    assert signed_in.cmd("MAIL " + rest).startswith("501 5.5.4 ")


@pytest.mark.parametrize("path", ["", "root", "@b.example", "a@", "a b@c.d",
                                  "m\u00fc@b.example"])
def test_mail_address_refused(signed_in, path):
    assert signed_in.cmd("MAIL FROM:<%s>" % path).startswith("501 5.1.7 ")


def test_smtputf8_address(signed_in):
    assert signed_in.cmd("MAIL FROM:<m\u00fc@b.example> SMTPUTF8") \
        .startswith("250 ")


def test_size_limit(make_server, authority):
    server = make_server(users={USER: PASSWORD}, size=1000)
    refusal = "552 5.3.4 Message size exceeds fixed maximum message size"
    with Client(server, authority) as c:
        assert "SIZE 1000" in c.secure()
        c.login(USER, PASSWORD)
        assert c.cmd("MAIL FROM:<%s> SIZE=1001" % USER) == refusal
        assert c.cmd("MAIL FROM:<%s> SIZE=10" % USER).startswith("250 ")
        c.cmd("RCPT TO:<a@b.example>")
        assert send(c, MESSAGE + "x" * 1000 + "\r\n") == refusal


def test_recipient_replies(make_server, authority):
    server = make_server(users={USER: PASSWORD}, recipients=2, recipient_replies={
        "nouser@*": "550 5.1.10 Recipient not found",
        "temp@*": "451 4.3.0 Try later"})
    with Client(server, authority) as c:
        c.secure()
        c.login(USER, PASSWORD)
        c.cmd("MAIL FROM:<%s>" % USER)
        assert c.cmd("RCPT TO:<nouser@b.example>").startswith("550 5.1.10")
        assert c.cmd("RCPT TO:<TEMP@b.example>").startswith("451 ")
        assert c.cmd("RCPT TO:<a@b.example> NOTIFY=NEVER ORCPT=rfc822;a@b") \
            .startswith("250 ")
        assert c.cmd("RCPT TO:<b@b.example>").startswith("250 ")
        assert c.cmd("RCPT TO:<c@b.example>") == \
            "452 4.5.3 Too many recipients"
        assert send(c).startswith("250 ")
    message = server.record.accepted[0]
    assert message.recipients == [
        ("a@b.example", {"NOTIFY": "NEVER", "ORCPT": "rfc822;a@b"}),
        ("b@b.example", {})]
    assert len(message.refused) == 3


def test_three_connections(exchange, authority):
    clients = [Client(exchange, authority) for _ in range(4)]
    for c in clients:
        c.secure()
        c.login(USER, PASSWORD)
    replies = [c.cmd("MAIL FROM:<%s>" % USER) for c in clients]
    assert [r[:9] for r in replies] == ["250 2.1.0"] * 3 + ["432 4.3.2"]
    clients[0].cmd("QUIT")
    exchange.record.wait_event("close")
    assert clients[3].cmd("MAIL FROM:<%s>" % USER).startswith("250 ")
    for c in clients:
        c.close()


# ---- messages --------------------------------------------------------------

def test_data(exchange, ready):
    assert send(ready) == ("250 2.0.0 OK <1@web01> "
                           "[Hostname=MR1P264MB0042.FRAP264.PROD.OUTLOOK.COM]")
    message = exchange.record.accepted[0]
    assert message.raw == MESSAGE.encode()
    assert (message.sender, message.addresses, message.how, message.user) == (
        USER, ["a@example.net"], "DATA", USER)
    assert message.header("message-id") == "<1@web01>"
    assert message.body == b"hello\r\n"


@pytest.mark.parametrize("body", [
    ".\r\n", "..\r\n", ".a\r\n", "a\r\n.\r\nb\r\n", "", "\r\n",
    "x\r\n" * 200000, "y" * 300000 + "\r\n"])
def test_dots_are_undone(exchange, ready, body):
    ready.cmd("DATA")
    text = "From: %s\r\n\r\n%s" % (USER, body)
    stuffed = text.replace("\r\n.", "\r\n..")
    assert ready.cmd(stuffed + ".").startswith("250 ")
    assert exchange.record.accepted[0].raw == text.encode()


def test_dots_split_over_packets(exchange, ready):
    ready.cmd("DATA")
    for octet in "From: %s\r\n\r\n..\r\n.x\r\n..\r\n.\r\n" % USER:
        ready.send(octet)
    assert ready.reply().startswith("250 ")
    assert exchange.record.accepted[0].body == b".\r\nx\r\n.\r\n"


def test_message_id_is_made(ready):
    reply = send(ready, "From: %s\r\n\r\nx\r\n" % USER)
    assert reply.startswith("250 2.0.0 OK <") and "@" in reply


@pytest.mark.parametrize("end", ["\n.\n", "\r\n.\n", "\n.\r\n"])
def test_only_crlf_dot_crlf_ends(exchange, ready, end):
    ready.cmd("DATA")
    ready.send(MESSAGE + "x" + end + "MAIL FROM:<smuggled@example.net>\r\n")
    assert ready.cmd(".").startswith("550 5.6.11 ")
    assert not exchange.record.accepted


def test_bare_lf_with_data(ready):
    assert send(ready, MESSAGE + "a\nb\r\n").startswith("550 5.6.11 ")


def test_bdat(exchange, ready):
    part = MESSAGE.encode() + b".\r\na\nb"  # with BDAT a bare LF is no error
    ready.send(b"BDAT %d\r\n%b" % (len(part), part))
    assert ready.reply() == "250 2.6.0 CHUNK received OK, %d octets" \
        % len(part)
    ready.send(b"BDAT 3 LAST\r\nend")
    assert ready.reply().startswith("250 2.0.0 OK <1@web01>")
    message = exchange.record.accepted[0]
    assert message.raw == part + b"end"
    assert (message.how, message.chunks) == ("BDAT", [len(part), 3])


def test_bdat_without_recipient(signed_in):
    signed_in.send("BDAT 5 LAST\r\nNOOP\n")
    assert signed_in.reply() == "503 5.5.2 Need mail command"
    assert signed_in.cmd("NOOP") == "250 2.0.0 OK"


def test_bdat_after_refused_recipient(exchange, ready):
    assert ready.cmd("RSET").startswith("250")
    exchange.options.recipient_replies["*"] = "550 5.1.1 no"
    ready.send("MAIL FROM:<%s>\r\nRCPT TO:<x@b.example>\r\nBDAT 4 LAST\r\nabcd"
               % USER)
    assert [ready.reply()[:3] for _ in range(3)] == ["250", "550", "503"]


def test_data_after_bdat(ready):
    ready.send("BDAT 1\r\nx")
    ready.reply()
    assert ready.cmd("DATA").startswith("503 ")


@pytest.mark.parametrize("rest", ["", "x", "-1", "5 FIRST", "5 LAST x"])
def test_bdat_refused(ready, rest):
    assert ready.cmd("BDAT " + rest).startswith("501 5.5.4")
    assert ready.reply() == ""


def test_binarymime_needs_bdat(signed_in):
    signed_in.cmd("MAIL FROM:<%s> BODY=BINARYMIME" % USER)
    signed_in.cmd("RCPT TO:<a@b.example>")
    assert signed_in.cmd("DATA").startswith("503 ")


def test_pipelining(exchange, signed_in):
    signed_in.send("MAIL FROM:<%s>\r\nRCPT TO:<a@b.example>\r\n"
                   "RCPT TO:<c@b.example>\r\nDATA\r\n" % USER)
    assert [signed_in.reply()[:9] for _ in range(4)] == [
        "250 2.1.0", "250 2.1.5", "250 2.1.5", "354 Start"]
    signed_in.send(MESSAGE + ".\r\nMAIL FROM:<%s>\r\nRSET\r\nQUIT\r\n" % USER)
    assert [signed_in.reply()[:3] for _ in range(4)] == [
        "250", "250", "250", "221"]
    assert exchange.record.accepted[0].addresses == ["a@b.example",
                                                     "c@b.example"]


def test_pipelining_after_refused_mail(exchange, signed_in):
    exchange.faults.add(state="mail", reply="432 4.3.2 Busy")
    signed_in.send("MAIL FROM:<%s>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n"
                   % USER)
    assert [signed_in.reply()[:3] for _ in range(3)] == ["432", "503", "503"]


@pytest.mark.parametrize("head, reply", [
    ("From: root@web01.example", "554 5.2.252 SendAsDenied; "
     "alerts@contoso.example not allowed to send as root@web01.example; "),
    ("Subject: no From at all", "550 5.7.512 "),
    ("From: root", "550 5.7.512 "),
    ("From: a@b@c.example", "550 5.7.512 "),
    ("From: %s, alerts@contoso.example" % USER, "550 5.1.20 "),
    ("From: Alerts <ALERTS@contoso.example>", "250 2.0.0 OK "),
    ("From: \"a@b\" <%s>" % USER, "250 2.0.0 OK "),
    ("From: Ops <ops@contoso.example>", "250 2.0.0 OK "),
])
def test_send_as(exchange, ready, head, reply):
    exchange.options.send_as_also.append("ops@*")
    assert send(ready, head + "\r\n\r\nx\r\n").startswith(reply)
    assert bool(exchange.record.accepted) == (reply[0] == "2")


def test_foreign_sender_is_refused_only_after_data(ready):
    assert ready.cmd("RSET").startswith("250")
    assert ready.cmd("MAIL FROM:<other@example.net>") == "250 2.1.0 Sender OK"


def test_large_message(exchange, ready):
    body = b"0123456789abcdef" * 4 + b"\r\n"
    ready.cmd("DATA")
    ready.send(MESSAGE)
    for _ in range(100):
        ready.send(body * 5000)
    assert ready.cmd(".").startswith("250 ")
    message = exchange.record.accepted[0]
    assert message.size == len(MESSAGE) + 100 * 5000 * len(body)
    assert len(message.raw) < 100000


# ---- a server of any kind ----------------------------------------------------

def test_generic_server(make_server, authority):
    server = make_server(provider="smtp", users={USER: PASSWORD})
    with Client(server, authority) as c:
        assert "AUTH PLAIN LOGIN" in c.secure()
        assert c.cmd("AUTH PLAIN " + b64("\0%s\0%s" % (USER, PASSWORD))) \
            .startswith("235 ")
        assert c.cmd("MAIL FROM:<>").startswith("250 ")
        c.cmd("RCPT TO:<a@b.example>")
        assert send(c, "From: root@web01\r\n\r\nx\r\n").startswith("250 ")
    assert server.record.accepted[0].sender == ""


def test_generic_server_takes_bare_names(make_server):
    with Client(make_server(provider="smtp")) as c:
        c.reply()
        assert c.cmd("EHLO web01").startswith("250-")


def test_without_auth(make_server, authority):
    server = make_server(provider="smtp", auth_required=False)
    with Client(server, authority) as c:
        c.hello()
        assert c.cmd("MAIL FROM:<a@b.example>").startswith("250 ")


# ---- faults ------------------------------------------------------------------

# How far to go before each state answers.
PATHS = {
    "greeting": lambda c: c.reply(),
    "ehlo": lambda c: (c.reply(), c.cmd("EHLO x.example"))[-1],
    "starttls": lambda c: (c.hello(), c.cmd("STARTTLS"))[-1],
    "ehlo2": lambda c: c.secure(),
    "auth_user": lambda c: (c.secure(), c.cmd("AUTH LOGIN"))[-1],
    "auth_password": lambda c: (c.secure(), c.cmd("AUTH LOGIN"),
                                c.cmd(b64(USER)))[-1],
    "auth": lambda c: (c.secure(), c.login(USER, PASSWORD))[-1],
}
MAILS = {
    "mail": lambda c: c.cmd("MAIL FROM:<%s>" % USER),
    "rcpt": lambda c: (PATH(c, "mail"), c.cmd("RCPT TO:<a@b.example>"))[-1],
    "data": lambda c: (PATH(c, "rcpt"), c.cmd("DATA"))[-1],
    "body": lambda c: (PATH(c, "data"), c.cmd(MESSAGE))[-1],
    "dot": lambda c: (PATH(c, "data"), c.cmd(MESSAGE + "."))[-1],
    "bdat": lambda c: (PATH(c, "rcpt"), c.send("BDAT 1\r\nx"), c.reply())[-1],
    "idle": lambda c: (PATH(c, "dot"), c.reply())[-1],
    "rset": lambda c: c.cmd("RSET"),
    "noop": lambda c: c.cmd("NOOP"),
    "quit": lambda c: c.cmd("QUIT"),
}


def PATH(client, state):
    if state in PATHS:
        return PATHS[state](client)
    if not client.is_signed_in:
        client.secure()
        client.login(USER, PASSWORD)
        client.is_signed_in = True
    return MAILS[state](client)


ALL = [*PATHS, *MAILS]


@pytest.mark.parametrize("state", ALL)
def test_fault_reply_and_close(exchange, client, state):
    exchange.faults.add(state=state, reply="421 4.3.2 Service not active")
    assert PATH(client, state) == "421 4.3.2 Service not active"
    assert client.reply() == ""
    exchange.record.wait_idle()
    assert not any(m.accepted for m in exchange.record.messages
                   if state != "idle")


@pytest.mark.parametrize("state", ALL)
def test_fault_close(exchange, client, state):
    exchange.faults.add(state=state, close=True)
    assert PATH(client, state) == ""


@pytest.mark.parametrize("state", ALL)
def test_fault_rst(exchange, client, state):
    exchange.faults.add(state=state, rst=True)
    with pytest.raises(OSError):  # ssl.SSLError is one
        PATH(client, state)


@pytest.mark.parametrize("state", [s for s in ALL if s != "body"])
def test_fault_stall_and_release(exchange, client, state):
    fault = exchange.faults.add(state=state, stall=True)
    answers = []
    # Who waits for an answer cannot release it.
    thread = threading.Thread(
        target=lambda: answers.append(PATH(client, state)))
    thread.start()
    exchange.record.wait_event("stall", state)
    assert not answers
    fault.release()
    thread.join(60)
    assert answers[0][:1] in ("2", "3") or state == "idle"


def test_fault_stall_ends_with_the_client(exchange, client):
    exchange.faults.add(state="greeting", stall=True)
    client.connect()
    exchange.record.wait_event("stall")
    client.close()
    exchange.record.wait_idle()
    assert "stalled" in exchange.record.connections[0].ended


def test_stop_ends_a_stall(exchange, client):
    exchange.faults.add(state="greeting", stall=True)
    client.connect()
    exchange.record.wait_event("stall")
    exchange.stop()
    assert not [t for t in threading.enumerate()
                if t.name == "exchange-session"]


@pytest.mark.parametrize("how", [
    {"close": True}, {"rst": True}, {"raw": b"this is not TLS\r\n"},
    {"raw": b"\x15\x03\x01\x00\x02\x02\x46"}])
def test_fault_handshake(exchange, client, how):
    exchange.faults.add(state="handshake", **how)
    client.hello()
    assert client.cmd("STARTTLS").startswith("220 ")
    with pytest.raises(OSError):
        client.handshake()


def test_fault_handshake_alert(exchange, client):
    exchange.faults.add(state="handshake", raw=b"\x15\x03\x01\x00\x02\x02\x46")
    client.hello()
    client.cmd("STARTTLS")
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        client.handshake()


def test_fault_handshake_stall(exchange, client):
    exchange.faults.add(state="handshake", stall=True)
    client.hello()
    client.cmd("STARTTLS")
    exchange.record.wait_event("stall", "handshake")


def test_injected_bytes_after_starttls(exchange, client):
    exchange.faults.add(state="starttls", raw=b"220 2.0.0 SMTP server ready"
                        b"\r\n250 2.1.0 Injected\r\n")
    client.hello()
    client.send("STARTTLS\r\n")
    assert client.reply().startswith("220 ")
    assert client.reply() == "250 2.1.0 Injected"
    client.handshake()  # the server goes on, should the client


def test_fault_raw(exchange, client):
    exchange.faults.add(state="ehlo", raw=b"\x00\xff nonsense\r\n")
    client.reply()
    assert client.cmd("EHLO x.example") == "\x00\xff nonsense"
    assert client.cmd("NOOP") == "250 2.0.0 OK"


def test_fault_drip(exchange, client):
    exchange.faults.add(state="ehlo", drip=0.001, reply="250 x")
    client.reply()
    client.send("EHLO x.example\r\n")
    assert client.reply() == "250 x"


def test_fault_several_lines(exchange, client):
    exchange.faults.add(state="ehlo", reply="250 one\n250 two\n250 three")
    client.reply()
    assert client.cmd("EHLO x.example") == "250-one\n250-two\n250 three"


def test_fault_nth_and_count(exchange, signed_in):
    exchange.faults.add(state="noop", nth=2, count=2, reply="451 4.0.0 no")
    assert [signed_in.cmd("NOOP")[:3] for _ in range(5)] == [
        "250", "451", "451", "250", "250"]


def test_fault_forever_and_clear(exchange, signed_in):
    exchange.faults.add(state="noop", count="forever", reply="451 4.0.0 no")
    assert {signed_in.cmd("NOOP")[:3] for _ in range(20)} == {"451"}
    exchange.faults.clear()
    assert signed_in.cmd("NOOP").startswith("250")


def test_fault_match(exchange, signed_in):
    exchange.faults.add(state="rcpt", match="BAD@", reply="550 5.1.1 no")
    signed_in.cmd("MAIL FROM:<%s>" % USER)
    assert signed_in.cmd("RCPT TO:<good@b.example>").startswith("250")
    assert signed_in.cmd("RCPT TO:<bad@b.example>") == "550 5.1.1 no"
    assert send(signed_in).startswith("250")
    assert exchange.record.accepted[0].addresses == ["good@b.example"]


def test_fault_delay(exchange, signed_in):
    exchange.faults.add(state="noop", delay=0.05)
    before = time.monotonic()
    assert signed_in.cmd("NOOP").startswith("250")
    assert time.monotonic() - before >= 0.05


def test_fault_body_after(exchange, ready):
    exchange.faults.add(state="body", after=100000, rst=True)
    ready.cmd("DATA")
    with pytest.raises(OSError):
        for _ in range(100000):
            ready.send("x" * 998 + "\r\n")
        ready.reply()
    assert not exchange.record.messages


def test_fault_bdat(exchange, ready):
    exchange.faults.add(state="bdat", reply="452 4.3.1 Insufficient resources")
    ready.send("BDAT 1\r\nx")
    assert ready.reply().startswith("452")
    ready.send("BDAT 1 LAST\r\ny")
    assert ready.reply() == "503 5.5.2 Need mail command"


@pytest.mark.parametrize("rst", [False, True])
def test_drop_after_accept(exchange, ready, rst):
    exchange.faults.add(state="dot", drop_after_accept=True, rst=rst)
    ready.cmd("DATA")
    ready.send(MESSAGE + ".\r\n")
    try:
        assert ready.reply() == ""
    except OSError:
        assert rst
    message = exchange.record.wait_messages(1)[0]
    assert message.accepted and message.reply is None


def test_dot_refused(exchange, ready):
    exchange.faults.add(state="dot", reply="452 4.3.1 No space")
    assert send(ready) == "452 4.3.1 No space"
    message = exchange.record.messages[0]
    assert not message.accepted and message.reply == "452 4.3.1 No space"


def test_auth_refused_though_right(exchange, client):
    exchange.faults.add(state="auth", reply="454 4.7.0 Temporary failure")
    client.secure()
    assert client.login(USER, PASSWORD).startswith("454")
    assert client.login(USER, PASSWORD).startswith("235")


@pytest.mark.parametrize("words, expected", [
    (["state=mail", "reply=432 4.3.2 Busy", "count=2"],
     Fault("mail", reply="432 4.3.2 Busy", count=2)),
    (["state=dot", "drop_after_accept"],
     Fault("dot", drop_after_accept=True)),
    (["state=body", "after=100", "rst", "count=forever"],
     Fault("body", after=100, rst=True, count=FOREVER)),
    (["state=handshake", "raw=\\x15\\x03"],
     Fault("handshake", raw=b"\x15\x03")),
    (["state=ehlo", "reply=250 a\\n250 b", "drip=0.5"],
     Fault("ehlo", reply="250 a\n250 b", drip=0.5)),
])
def test_fault_from_words(words, expected):
    assert Faults.parse(words) == expected


@pytest.mark.parametrize("words", [["state=nowhere"], ["reply=x"], ["what"],
                                   ["state=mail", "count=x"]])
def test_fault_from_words_refused(words):
    with pytest.raises((ValueError, TypeError)):
        Faults.parse(words)


# ---- time --------------------------------------------------------------------

def test_tarpit_holds_back_5yz_alone(make_server):
    server = make_server(tarpit=0.2)
    with Client(server) as c:
        c.reply()
        before = time.monotonic()
        c.cmd("EHLO bad")
        assert time.monotonic() - before >= 0.2


def test_round_trip_counts_once_for_a_flight(exchange, signed_in):
    exchange.options.delay_ms = 300
    before = time.monotonic()
    signed_in.send("NOOP\r\n" * 50)
    for _ in range(50):
        assert signed_in.reply() == "250 2.0.0 OK"
    took = time.monotonic() - before
    assert 0.3 <= took < 10  # fifty round trips would be fifteen seconds


# ---- the server as a whole -----------------------------------------------------

def test_down_and_up(exchange, authority):
    port = exchange.port
    exchange.down()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    exchange.up()
    with Client(exchange, authority) as c:
        assert exchange.port == port and c.reply().startswith("220 ")


def test_wait_tells_what_was_seen(exchange, client):
    client.hello()
    with pytest.raises(Timeout, match="EHLO"):
        exchange.record.wait_messages(1, deadline=0.01)


def test_smtplib_and_many_at_once(exchange, authority):
    exchange.options.connections = 0
    context = ssl.create_default_context(cafile=authority.roots)

    def run(n):
        with smtplib.SMTP("localhost", exchange.port,
                          local_hostname="c.example") as s:
            s.starttls(context=context)
            s.login(USER, PASSWORD)
            for i in range(5):
                s.sendmail(USER, ["r%d-%d@b.example" % (n, i)], MESSAGE)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    got = exchange.record.wait_messages(100)
    assert len({m.addresses[0] for m in got}) == 100
    exchange.record.wait_idle()
    assert all(c.quit for c in exchange.record.connections)


def test_record_forgets(exchange, client):
    client.hello()
    exchange.record.forget()
    assert [c.id for c in exchange.record.connections] == [1]
    assert not exchange.record.events
