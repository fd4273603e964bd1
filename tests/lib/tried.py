# SPDX-License-Identifier: ISC
"""What came of a program that was tried: judged, written down, and compared
with what docs/compatibility.md tells of it."""

import json
import os
import re
from email.header import decode_header, make_header

from . import trace
from .site import TESTS, USER

DOCUMENT = os.path.join(os.path.dirname(TESTS), "docs", "compatibility.md")
FIRST = "| program | version | how it calls sendmail |"
WELL = re.compile(r"(?:(?:220|221|250|354)[ -][^\r\n]*\r\n)+")


def rows_file():
    """Where the rows of this run are put together."""
    return os.environ.get("MAILCHUTE_TRIED") or os.path.join(
        os.path.dirname(TESTS), "build-dev", "tried.json")


def documented():
    """{program: how it calls sendmail} of the manual's table."""
    with open(DOCUMENT, encoding="utf-8") as f:
        table = f.read().partition(FIRST)[2].partition("\n\n")[0]
    rows = (line.strip("|").split("|") for line in table.splitlines()[2:])
    return {program.strip(): argv.strip().strip("`")
            for program, _, argv in rows}


def _rows():
    """{program: its row} of this run."""
    try:
        with open(rows_file(), encoding="utf-8") as f:
            return {r["program"]: r for r in map(json.loads, f)}
    except FileNotFoundError:
        return {}


def not_run():
    """Programs of the manual's table of which no mail was received."""
    if not os.environ.get("MAILCHUTE_TRIED"):
        return []  # somebody tries a few of them
    return sorted(documented().keys() - _rows().keys())


def _table():
    """What was tried in this run, for people."""
    lines = [FIRST[:-1] + "| Message-ID |", "|---|---|---|---|"]
    lines += ["| {program} | {version} | `{argv}` | {id} |".format(**row)
              for _, row in sorted(_rows().items())]
    lines += ["| %s | | | not run |" % name for name in not_run()]
    return "\n".join(lines) + "\n"


def write_table():
    """Into a file beside the rows; and its text."""
    text = _table()
    with open(os.path.splitext(rows_file())[0] + ".md", "w",
              encoding="utf-8") as f:
        f.write(text)
    return text


class Judge:
    """Of the programs that one host runs."""

    def __init__(self, host):
        self.host = host
        self._seen = 0

    def quiet(self, done, status=0):
        """The program ended well, and had nothing to say."""
        assert (done.status, done.out, done.err) == (status, "", "")

    def calls(self, done, n=1):
        """So many calls of sendmail, each silent and with exit status 0; by
        -bs they say that all is well."""
        assert len(done.calls) == n, done.calls
        for call in done.calls:
            if "-bs" in call.argv:
                assert WELL.fullmatch(call.said), call
            else:
                assert call.said == "", call
            assert call.status == 0, call
        return done.calls

    def messages(self, n=1):
        """The next messages that the server has taken, and no more."""
        first, self._seen = self._seen, self._seen + n
        found = self.host.server.record.wait_messages(self._seen)
        assert len(found) == self._seen, found
        return found[first:]

    def mail(self, program, call, message, package=None, **wanted):
        """This message came of this call, as it is wanted."""
        self.content(message, **wanted)
        self.note(program, trace.words(call), package or program,
                  message.header("Message-ID"))

    def note(self, program, argv, package, message_id):
        """A row of the report, which is one of the manual's."""
        row = dict(program=program, version=self.host.version(package),
                   argv=argv, id=message_id)
        with open(rows_file(), "a", encoding="utf-8") as f:
            f.write(json.dumps(row) + "\n")
        assert documented().get(program) == argv

    @staticmethod
    def content(message, to, subject, body, author, **header):
        """body: a pattern, of text with LF; author: From, as it went out."""
        assert message.sender == USER
        assert message.addresses == to
        assert message.header("Bcc") is None
        for name, value in {"Subject": subject, "From": author,
                            **header}.items():
            assert read(message.header(name.replace("_", "-"))) == value, name
        for name in ("Date", "Message-ID"):
            assert message.header(name), name
        text = message.body.decode().replace("\r\n", "\n")
        assert re.fullmatch(body, text, re.S), text

    def drained(self):
        """Waits until the server's last answers have reached the queue."""
        self.host.wait_queue("")

    def nothing_else(self):
        """No mail that nobody asked for."""
        self.drained()
        assert len(self.host.server.record.messages) == self._seen


def read(field):
    """A field as people read it."""
    return None if field is None else str(make_header(decode_header(field)))
