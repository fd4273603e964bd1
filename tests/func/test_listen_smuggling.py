# SPDX-License-Identifier: ISC
"""SMTP smuggling (CVE-2023-51764, -51765, -51766) by a listener: a text that
looks as if it ended, and goes on as if it were commands."""

import smtplib

import pytest

from lib.site import USER
from test_listen import TO, Client, add_listener

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
