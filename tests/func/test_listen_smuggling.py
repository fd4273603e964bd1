# SPDX-License-Identifier: ISC
"""SMTP smuggling (CVE-2023-51764, -51765, -51766) by a listener: a text that
looks as if it ended, and goes on as if it were commands."""

import smtplib

import pytest

from lib.site import USER
from test_listen import TO, Client, add_listener
from test_listen_auth import Raw

LOOKS_LIKE_AN_END = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\n.\r", b"\r.\n", b"\r\r\n.\r\r\n", b"\n\n.\n\n",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\0\n.\n", b"\r\0\n.\r\0\n"]

EVIL = (b"MAIL FROM:<ceo@contoso.example>\r\nRCPT TO:<victim@example.net>\r\n"
        b"DATA\r\nSubject: evil\r\n\r\nevil\r\n")


def tell(client, text):
    """One message; the replies to it, and to what follows."""
    client.mail(USER)
    client.rcpt(TO)
    assert client.docmd("DATA")[0] == 354
    client.send(b"Subject: x\r\n\r\n" + text + b".\r\n")
    code, _ = client.getreply()
    # Were it more than one message, there were more replies.
    assert client.docmd("NOOP") == (250, b"2.0.0 ok")
    return code


def has_bare(octets):
    rest = octets.replace(b"\r\n", b"")
    return b"\r" in rest or b"\n" in rest


@pytest.mark.parametrize("chunking", ["yes", "no"])
@pytest.mark.parametrize("how", ["normalise", "refuse"])
def test_it_is_one_message(make_site, server, how, chunking):
    site = make_site(server, chunking=chunking)
    port = add_listener(site, bare_newline=how)
    site.start()
    taken = 0
    with Client(port) as c:
        c.ehlo()
        for end in LOOKS_LIKE_AN_END:
            text = b"first" + end + EVIL
            refused = how == "refuse" and has_bare(text)
            assert tell(c, text) == (554 if refused else 250), end
            taken += not refused
        assert tell(c, b"last\r\n") == 250
    messages = server.record.wait_messages(taken + 1)
    site.wait_empty()
    assert len(server.record.messages) == taken + 1
    for m in messages:
        # Nor could the next server take it for two.
        assert m.how == ("BDAT" if chunking == "yes" else "DATA")
        assert m.addresses == [TO] and not m.bare_lf
        assert not has_bare(m.raw) and b"\0" not in m.raw
        assert m.body == b"last\r\n" or b"evil\r\n" in m.body
    for c in server.record.connections:
        assert all("ceo@" not in line and "victim@" not in line
                   for line in c.commands)


def test_by_chunks_nothing_is_an_end(site, server):
    """With BDAT octets are counted: a true end within is text as well, and
    leaves with its dot doubled, or counted again."""
    port = add_listener(site)
    site.start()
    text = b"Subject: x\r\n\r\nfirst\r\n.\r\n" + EVIL + b".\r\n"
    with Client(port) as c:
        c.ehlo()
        c.mail(USER)
        c.rcpt(TO)
        c.send(b"BDAT %d LAST\r\n" % len(text) + text)
        assert c.getreply()[0] == 250
        assert c.docmd("NOOP") == (250, b"2.0.0 ok")
    m, = server.record.wait_messages(1)
    assert m.body == text.partition(b"\r\n\r\n")[2]
    site.wait_empty()
    assert len(server.record.messages) == 1


def test_what_follows_a_refused_data(site):
    """The text of a client that does not wait must not become commands."""
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.ehlo()
        c.mail(USER)
        c.send(b"DATA\r\n" + EVIL + b".\r\n")
        replies = []
        with pytest.raises(smtplib.SMTPServerDisconnected):
            while True:
                replies.append(c.getreply()[0])
    assert replies == [503, 421]
    assert site.queue() == []


# A line that means a text, and is wrong: octets around its word or within it, by
# clients that change line ends, send the end of their strings or know other
# blanks; or more than a command line may have.
WRONG = [b"%s\r\r\n", b"%s\r\0\n", b"\0%s\r\n", b"%s\0\r\n", b"%s\xa0\r\n",
         b"%s\x1a\r\n", b"\xef\xbb\xbf%s\r\n", b"NOOP\r%s\r\n", b"%s now\r\n",
         b"%s" + 9000 * b" " + b"\r\n"]


def replies_to(client, octets):
    """All replies, until the connection is closed."""
    client.socket.sendall(octets)
    replies = []
    while (line := client.file.readline()):
        replies.append(line[:3])
    return replies


@pytest.mark.parametrize("verb", [b"DATA", b"BDAT %d LAST"])
def test_what_follows_a_line_that_is_wrong(site, verb):
    """Its octets are a text to the client, and no commands."""
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, connection_rate="1000/1s")
    site.start()
    text = b"RSET\r\n" + EVIL + b".\r\nQUIT\r\n"
    line = verb % len(text) if b"%" in verb else verb
    for wrong in WRONG:
        with Raw(port) as c:
            c.say("EHLO copier")
            c.say("MAIL FROM:<%s>" % USER)
            c.say("RCPT TO:<%s>" % TO)
            replies = replies_to(c, wrong % line + text)
        assert replies in ([b"500", b"421"], [b"501", b"421"]), wrong
    assert site.queue() == []


def test_a_chunk_whose_size_is_known_is_skipped(site, server):
    """Refused for something else than its line: it is read, and the client
    goes on as if it had not been."""
    port = add_listener(site, max_recipients=1)
    site.start()
    chunk = EVIL + b".\r\n"
    with Raw(port) as c:
        c.say("EHLO copier")
        c.socket.sendall(
            b"BDAT %d LAST\r\n" % len(chunk) + chunk +
            b"MAIL FROM:<%s>\r\n" % USER.encode() +
            b"RCPT TO:<%s>\r\n" % TO.encode() + b"BDAT 12\r\nhello world\n" +
            b"BDAT 0 LAST\r\n")
        assert [c.read()[:3] for _ in range(5)] == [
            "503", "250", "250", "250", "250"]
        assert c.say("QUIT").startswith("221 ")
    m, = server.record.wait_messages(1)
    assert m.body == b"hello world\r\n"


@pytest.mark.parametrize("bare", [b"\n", b"\r", b"\n.\n"])
def test_a_lone_line_end_is_no_second_refusal(site, bare):
    """What is too large is told so, whatever its rest is like: a device that
    hears nothing sends again for ever."""
    port = add_listener(site, max_size="100K", bare_newline="refuse")
    site.start()
    with Client(port) as c:
        c.ehlo()
        assert tell(c, (b"x" * 998 + b"\r\n") * 2000 + b"y" + bare + b"\r\n") == 552
        assert tell(c, b"small\r\n") == 250
    refused, = site.log.events("device-refused")
    assert refused["reply"].startswith("552 5.3.4 ")
    assert "did not come to its end" not in site.log.text()
