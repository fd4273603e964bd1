# SPDX-License-Identifier: ISC
"""Messages that cannot go as they are, as a mail program sees them then."""

import pytest

from lib.mimetree import Tree, content, difference, field, read, shown
from lib.site import USER

LINE_MAX = 998
PLAIN = "From: %s\nSubject: x\n\n" % USER
MIME = ("From: %s\nSubject: x\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n" % USER)


def without(make_server, *extensions):
    server = make_server()
    for name in extensions:
        server.options.extensions.remove(name)
    return server


def is_ascii(octets):
    return not any(octet & 0x80 for octet in octets)


def assert_can_travel(m, takes_8bit):
    assert max(map(len, m.raw.split(b"\r\n"))) <= LINE_MAX
    assert is_ascii(m.raw.partition(b"\r\n\r\n")[0])
    if not takes_8bit:
        assert is_ascii(m.raw)
    said = m.mail_params.get("BODY") == "8BITMIME"
    assert said or is_ascii(m.raw)
    assert not said or not is_ascii(m.raw)
    if "SIZE" in m.mail_params:
        assert int(m.mail_params["SIZE"]) == m.size


def assert_same(sent, m):
    before, after = read(sent), read(m.raw)
    found = difference(content(before), content(after))
    assert found is None, found
    assert shown(field(after, "Subject")) == shown(field(before, "Subject"))


# ---- any message ------------------------------------------------------------

@pytest.mark.parametrize("missing, chunking, lines, seeds", [
    ([], "yes", 20, range(1, 25)),
    (["8BITMIME"], "yes", 20, range(25, 60)),
    (["8BITMIME"], "no", 20, range(60, 75)),
    # beyond what is held whole: the queue sends the body twice
    (["8BITMIME"], "yes", 1500, range(75, 83)),
    (["8BITMIME", "CHUNKING"], "yes", 1500, range(83, 91)),
    ([], "yes", 1500, range(91, 97))])
def test_any_message(make_site, make_server, missing, chunking, lines, seeds):
    server = without(make_server, *missing)
    site = make_site(server, chunking=chunking).start()
    sent = {}
    for seed in seeds:
        sent["a%d@example.net" % seed] = Tree(seed, lines).message(USER)
    for address, text in sent.items():
        site.submit(address, stdin=text)
    for m in server.record.wait_messages(len(sent)):
        assert_can_travel(m, "8BITMIME" not in missing)
        assert_same(sent.pop(m.addresses[0]), m)
    assert not sent


def test_what_nothing_forces_is_not_touched(make_site, server):
    """Parts that can go stay octet for octet, signed ones too."""
    site = make_site(server).start()
    untouched = (
        b"preamble  \r\n--b \r\nContent-type:text/plain;charset=utf-8\r\n"
        b"content-transfer-encoding:\t8BIT\r\nX-Raw: gr\xfcn\r\n\r\n"
        b"gr\xc3\xbcn " + b"x" * 900 + b"\r\n--b\r\n"
        b"Content-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n\r\n"
        b"signed \r\n--c\r\n\r\nsignature\r\n--c--\r\n\r\n--b\r\n")
    head = PLAIN.encode().replace(
        b"\n\n", b"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n")
    site.submit("a@example.net", stdin=head + untouched + b"\r\n--b--\r\n")
    site.submit("b@example.net", stdin=head + untouched + b"\r\n"
                + b"y" * 2000 + b"\r\n--b--\r\n")
    whole, part = sorted(server.record.wait_messages(2),
                         key=lambda m: m.addresses)
    assert whole.body == untouched + b"\r\n--b--\r\n"
    assert part.body.startswith(untouched)
    event = site.log.wait_for("encoded")
    assert event["parts"] == "1" and "signature" not in event


def test_a_broken_signature_is_logged(make_site, make_server):
    server = without(make_server, "8BITMIME")
    site = make_site(server).start()
    site.submit("a@example.net", stdin=PLAIN.replace(
        "\n\n", "\nContent-Type: multipart/signed; boundary=b\n\n")
        + "--b\n\ngrün\n--b\nContent-Type: application/pgp-signature\n\n"
        "s\n--b--\n")
    m = server.record.wait_messages(1)[0]
    event = site.log.wait_for("encoded")
    assert event["signature"] == "broken"
    assert event["octets"] == "8-bit, and no 8BITMIME"
    assert event["id"] in m.header("Received")


# ---- 8-bit octets -----------------------------------------------------------

@pytest.mark.parametrize("body, charset", [
    ("grün\n".encode(), "utf-8"), (b"gr\xfcn\n", "iso-8859-1")])
@pytest.mark.parametrize("missing, encoding", [
    ([], "8bit"), (["8BITMIME"], "quoted-printable")])
def test_8bit_without_mime(make_site, make_server, body, charset, missing,
                           encoding):
    server = without(make_server, *missing)
    site = make_site(server).start()
    body = b"some more text in ASCII\n" + body
    site.submit("a@example.net", stdin=PLAIN.encode() + body)
    m = server.record.wait_messages(1)[0]
    assert_can_travel(m, not missing)
    assert m.header("MIME-Version") == "1.0"
    assert m.parsed.get_content_type() == "text/plain"
    assert m.parsed.get_content_charset() == charset
    assert m.header("Content-Transfer-Encoding") == encoding
    assert m.parsed.get_payload(decode=True) == body.replace(b"\n", b"\r\n")


def test_label_that_is_too_low(running, server):
    """It goes as 8BITMIME, and its header says so, too."""
    running.submit("a@example.net", stdin=MIME.replace("8bit", "7bit")
                   + "grün\n")
    m = server.record.wait_messages(1)[0]
    assert m.mail_params["BODY"] == "8BITMIME"
    assert m.header("Content-Transfer-Encoding") == "8bit"


def test_said_to_be_8bit_and_is_not(make_site, make_server):
    server = without(make_server, "8BITMIME")
    site = make_site(server).start()
    site.sendmail("-i", "-f", USER, "-B8BITMIME", "a@example.net",
                  stdin=MIME + "plain\n")
    m = server.record.wait_messages(1)[0]
    assert m.body == b"plain\r\n"
    assert m.header("Content-Transfer-Encoding") == "8bit"
    assert "BODY" not in m.mail_params


def test_each_try_encodes_alike(make_site, make_server):
    server = without(make_server, "8BITMIME")
    server.faults.add(state="dot", reply="451 4.3.0 Try again later")
    site = make_site(server, backoff_min="1s")
    site.conf["queue"]["retry"] = "1s"
    site.start()
    site.submit("a@example.net", stdin=Tree(3, 3000).message(USER))
    server.record.wait_messages(1)
    first, second = server.record.messages
    assert not first.accepted and second.accepted
    assert first.raw == second.raw
    assert "SIZE" not in first.mail_params


# ---- lines ------------------------------------------------------------------

@pytest.mark.parametrize("length", [998, 999, 3000, 200000])
def test_long_line(running, server, length):
    body = "x" * length + "\nshort\n"
    running.submit("a@example.net", stdin=PLAIN + body)
    m = server.record.wait_messages(1)[0]
    assert_can_travel(m, True)
    assert m.parsed.get_payload(decode=True).decode() == \
        body.replace("\n", "\r\n")
    encoding = m.header("Content-Transfer-Encoding")
    assert encoding == (None if length == 998 else "quoted-printable")


def test_long_header_is_folded_at_its_blanks(running, server):
    subject = "word " * 600 + "end"
    to = ", ".join("r%d@example.net" % n for n in range(200))
    running.submit("a@example.net", stdin="From: %s\nSubject: %s\nTo: %s\n"
                   "X-Short: a\n b\n\nx\n" % (USER, subject, to))
    m = server.record.wait_messages(1)[0]
    head = m.raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert m.header("Subject") == subject and m.header("To") == to
    assert b"\r\nX-Short: a\r\n b\r\n" in head


@pytest.mark.parametrize("value, shown_as", [
    ("y" * 3000, "y" * 3000),                      # as encoded words
    ("y" * 3000 + " ü", "y" * 3000 + " ü"),
])
def test_long_word_of_text(running, server, value, shown_as):
    running.submit("a@example.net", stdin=PLAIN.replace("x", value))
    m = server.record.wait_messages(1)[0]
    assert_can_travel(m, True)
    assert m.parsed["Subject"] == shown_as


def test_long_references(running, server):
    references = "".join("<%d@example.net>" % n for n in range(200))
    running.submit("a@example.net", stdin=PLAIN.replace(
        "Subject", "References: %s\nSubject" % references))
    m = server.record.wait_messages(1)[0]
    assert_can_travel(m, True)
    assert m.header("References") == references.replace("><", "> <")


# ---- headers ----------------------------------------------------------------

HEADER = ("From: Jörg <%s>\nTo: \"Grün, K\" <k@example.net> (Büro),\n"
          " x@größe.example, jörg@example.net, plain@example.net\n"
          "Subject: Grüße an =?utf-8?Q?euch?= überall\n\nx\n" % USER)


def test_raw_header(running, server):
    running.submit("k@example.net", stdin=HEADER)
    m = server.record.wait_messages(1)[0]
    assert_can_travel(m, True)
    assert "BODY" not in m.mail_params and "SMTPUTF8" not in m.mail_params
    assert m.parsed["Subject"] == "Grüße an euch überall"
    assert m.parsed["From"].addresses[0].display_name == "Jörg"
    first, idn, plain = m.parsed["To"].addresses
    assert (first.display_name, first.addr_spec) == (
        "Grün, K", "k@example.net")
    assert idn.addr_spec == "x@xn--gre-6ka8i.example"
    assert plain.addr_spec == "plain@example.net"
    # It has no form in ASCII: the name of a group without members.
    assert "jörg@example.net" in [
        g.display_name for g in m.parsed["To"].groups]


def test_raw_header_that_is_no_utf8(running, server):
    running.submit("a@example.net",
                   stdin=b"From: J\xf6rg <%s>\nSubject: gr\xfcn \xfc\n\nx\n"
                   % USER.encode())
    m = server.record.wait_messages(1)[0]
    assert is_ascii(m.raw)
    assert m.parsed["Subject"] == "grün ü"
    assert m.parsed["From"].addresses[0].display_name == "Jörg"


def test_header_stays_utf8_where_an_address_needs_it(running, server):
    running.submit("jörg@example.net", stdin=HEADER.replace(
        "Subject", "X-Latin: \udcfc\nSubject").encode(
            errors="surrogateescape"))
    m = server.record.wait_messages(1)[0]
    assert "SMTPUTF8" in m.mail_params
    head = m.raw.partition(b"\r\n\r\n")[0].decode()
    assert "Subject: Grüße an =?utf-8?Q?euch?= überall\r\n" in head + "\r\n"
    assert "X-Latin: =?ISO-8859-1?Q?=FC?=" in head


def test_structured_fields_stay_what_they_are(running, server):
    running.submit("a@example.net", stdin=PLAIN.replace(
        "Subject", "Message-ID: <für@example.net>\n"
        "Content-Type: text/plain; name=\"größe 1.txt\"; charset=us-ascii\n"
        "Subject"))
    m = server.record.wait_messages(1)[0]
    assert is_ascii(m.raw)
    assert m.header("Message-ID") == "<f=C3=BCr@example.net>"
    assert m.parsed.get_filename() == "größe 1.txt"
    assert m.parsed.get_content_charset() == "us-ascii"
