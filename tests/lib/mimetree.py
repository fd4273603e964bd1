# SPDX-License-Identifier: ISC
"""MIME messages made at random, and what a mail program sees in one."""

import base64
import email
import email.header
import email.policy
import quopri
import random
import re

WORDS = ["hello", "Grüße", "мир", "日本語", "a=b", "--x", "-", ".", "From ",
         "=20", "x" * 30, "tab\there", "end ", "é", "=", ".."]
SUBJECTS = ["plain", "Grüße an euch " * 30 + "!", "x " * 800 + "z", "y" * 2000,
            "мир " * 40 + "z", "=?utf-8?q?gr=C3=BCn?= und blau, grün"]
NAMES = ["a.bin", "Übersicht 1.pdf", "x" * 1200, "日本" * 60, "a\\\"b;c.txt",
         "naïve (1).tar.gz"]


class Tree:
    """Messages by one seed; size is roughly that of a text, in lines."""

    def __init__(self, seed, lines=20):
        self.random = random.Random(seed)
        self.lines = lines

    def maybe(self, chance):
        return self.random.random() < chance

    def line(self):
        pick = self.random.choice
        if self.maybe(.1):
            return "".join(pick(WORDS) + pick([" ", ""]) for _ in range(400))
        return " ".join(pick(WORDS)
                        for _ in range(self.random.randint(0, 12)))

    def text(self):
        """In ASCII, in UTF-8, or in neither."""
        lines = [self.line()
                 for _ in range(self.random.randint(0, self.lines))]
        charset = self.random.choice(["ascii", "utf-8", "latin-1", "utf-8"])
        return "\r\n".join(lines).encode(charset, "ignore")

    def octets(self):
        """Any but those that no message may hold."""
        many = self.random.randbytes(self.random.randint(0, 150 * self.lines))
        return many.translate(None, b"\0\r\n")

    def encoded(self, head, body):
        kind = self.random.choice(["", "", "8bit", "base64", "qp"])
        if kind == "8bit":
            head.append(b"Content-Transfer-Encoding: 8bit")
        elif kind == "base64":
            head.append(b"Content-Transfer-Encoding: BASE64")
            text, width = base64.b64encode(body), self.random.choice([76, 2000])
            body = b"\r\n".join(text[i:i + width]
                                for i in range(0, len(text), width))
        elif kind == "qp":
            head.append(b"content-transfer-encoding: quoted-printable")
            body = quopri.encodestring(body.replace(b"\r\n", b"\n"))
            body = body.replace(b"\n", b"\r\n").removesuffix(b"\r\n")
            if self.maybe(.5):
                body = body.replace(b"=\r\n", b"")
        return head, body

    def leaf(self):
        kind, head = self.random.randint(0, 5), []
        body = self.text()
        if kind in (1, 2):
            head.append(b"Content-Type: text/plain;\r\n charset="
                        + self.random.choice([b"utf-8", b'"iso-8859-1"']))
        elif kind == 3:
            head.append(b"Content-Type: text/html; charset=utf-8")
        elif kind >= 4:
            head.append(b"Content-Type: application/octet-stream")
            head.append(b'Content-Disposition: attachment; filename="'
                        + self.random.choice(NAMES).encode() + b'"')
            body = self.octets()
        if self.maybe(.2):
            head.append("X-Note: grün".encode())
        if self.maybe(.1):
            head.append(b"X-Long: " + b"word " * 400 + b"end")
        return self.encoded(head, body)

    def message_part(self, depth):
        head, body = self.part(depth - 1)
        head.insert(0, b"Subject: inner " + self.random.choice(
            [b"one", "grün".encode()]))
        return ([b"Content-Type: message/rfc822"],
                b"\r\n".join(head) + b"\r\n\r\n" + body)

    def multipart(self, depth):
        pick = self.random.choice
        boundary = b"=_%d.%d" % (self.random.randint(0, 99), depth)
        head = [b"Content-Type: multipart/" + pick(
            [b"mixed", b"alternative", b"signed", b"related"])
            + b'; boundary="' + boundary + b'"']
        if self.maybe(.3):
            head.append(b"Content-Transfer-Encoding: 8bit")
        out = pick([b"", b"preamble\r\n", "präambel\r\n".encode()])
        for _ in range(self.random.randint(1, 4)):
            part, body = self.part(depth - 1)
            out += b"--" + boundary + pick([b"", b" "]) + b"\r\n"
            out += b"".join(line + b"\r\n" for line in part)
            out += b"\r\n" + body + b"\r\n"
        if self.maybe(.9):  # else it is never closed
            out += b"--" + boundary + b"--" + pick(
                [b"", b"\r\n", b"\r\nepilog \xfc"])
        return head, out

    def part(self, depth):
        if depth == 0 or self.maybe(.35):
            return self.leaf()
        if self.maybe(.2):
            return self.message_part(depth)
        return self.multipart(depth)

    def message(self, sender):
        head, body = self.part(self.random.randint(0, 4))
        top = [b"From: " + sender.encode(),
               b"Subject: " + self.random.choice(SUBJECTS).encode(),
               b"MIME-Version: 1.0"]
        text = b"\r\n".join(top + head) + b"\r\n\r\n" + body
        return text.removesuffix(b"\r\n") + b"\r\n"


def as_written(value):
    """A value with raw octets, as text; the email package has surrogates."""
    octets = value.encode("ascii", "surrogateescape")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return text.replace("\r\n", "")


def file_name(part):
    """The name of an attachment, in any of its forms; the email package
    cannot read it with raw octets."""
    written = field(part, "Content-Disposition")
    if written is None or written.isascii():
        return part.get_filename()
    found = re.search('filename="((?:[^"\\\\]|\\\\.)*)"', as_written(written))
    return re.sub(r"\\(.)", r"\1", found[1])


def content(message):
    """What a mail program shows of it: types, names, and content."""
    if message.is_multipart():
        return (message.get_content_type(),
                [content(part) for part in message.get_payload()])
    return (message.get_content_type(), file_name(message),
            message.get_payload(decode=True))


def read(octets):
    return email.message_from_bytes(octets, policy=email.policy.compat32)


def shown(value):
    """The text of a header field, as shown."""
    return "".join(
        part if isinstance(part, str) else
        part.decode(charset or "raw-unicode-escape")
        for part, charset in email.header.decode_header(as_written(value)))


def field(message, name):
    """The raw value of a field, even with octets beyond ASCII."""
    return dict(message.raw_items()).get(name)


def difference(a, b, path="message"):
    """Where two contents differ first, in words; None: nowhere."""
    if type(a) is not type(b) or (
            isinstance(a, (list, tuple)) and len(a) != len(b)):
        return "%s: %.80r became %.80r" % (path, a, b)
    if isinstance(a, (list, tuple)):
        for i, (x, y) in enumerate(zip(a, b)):
            found = difference(x, y, "%s/%d" % (path, i))
            if found:
                return found
        return None
    if a == b:
        return None
    if isinstance(a, bytes):
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                  min(len(a), len(b)))
        return "%s: octet %d, %r became %r" % (
            path, at, a[max(at - 30, 0):at + 30], b[max(at - 30, 0):at + 30])
    return "%s: %.200r became %.200r" % (path, a, b)
