# SPDX-License-Identifier: ISC
"""The stand-in itself: each reply it gives."""

import ssl
import warnings

import pytest

from lib.client import Client, b64
from lib.standin import *  # noqa: F401,F403
from lib.standin import MESSAGE, PASSWORD, SUFFIX, TOKEN, USER, send


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


@pytest.mark.parametrize("text", [PASSWORD, TOKEN, b64(PASSWORD),
                                  b64("\0%s\0%s" % (USER, TOKEN))])
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
