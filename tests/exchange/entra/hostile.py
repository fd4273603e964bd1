# SPDX-License-Identifier: ISC
"""The right answer made wrong, in every way a client must survive.

KINDS maps a name to a function from the Answer to the octets sent, in pieces,
without end for some.  After them the connection is closed.
"""

import gzip
import itertools
import json

PIECE = b"x" * 65536
TOKEN_SIZE = 100 * 1024
DEPTH = 100000


# ---- the HTTP of it ------------------------------------------------------

def _whole(answer, body, **headers):
    """The answer with another body, of the right length."""
    headers.setdefault("Content_Length", str(len(body)))
    yield answer.head(**headers) + b"\r\n" + body


def _html(answer):
    return _whole(answer, b"<!DOCTYPE html><html><head><title>Sign in to the "
                  b"network</title></head><body>Please accept the terms."
                  b"</body></html>", Content_Type="text/html")


def _html_as_json(answer):
    return _whole(answer, b"<html><body>Please sign in</body></html>")


def _endless_body(answer):
    yield answer.head(drop=("Content-Length",)) + b"\r\n"
    yield answer.body[:-1]
    yield from itertools.repeat(PIECE)


def _huge_body(answer):
    """Says so in advance, and keeps its word."""
    yield answer.head(Content_Length=str(1 << 40)) + b"\r\n"
    yield from itertools.repeat(PIECE)


def _big_body(answer):
    """JSON, and right, but for eight megabytes of blanks before its end."""
    return _whole(answer, answer.body[:-1] + b" " * (8 << 20) + b"}")


def _endless_headers(answer):
    yield answer.head()
    for n in itertools.count():
        yield b"X-Filler-%d: %s\r\n" % (n, b"x" * 1000)


def _endless_header(answer):
    yield answer.head() + b"X-Filler: "
    yield from itertools.repeat(PIECE)


def _endless_status(answer):
    yield b"HTTP/1.1 200 "
    yield from itertools.repeat(PIECE)


def _endless_continue(answer):
    yield from itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _length(value):
    return lambda answer: iter([
        answer.head(Content_Length=value(len(answer.body))) + b"\r\n"
        + answer.body])


def _two_lengths(answer):
    yield answer.head() + b"Content-Length: 5\r\n\r\n" + answer.body


def _no_length(answer):
    """Its end is the connection's: legal."""
    yield answer.head(drop=("Content-Length",), Connection="close") + \
        b"\r\n" + answer.body


def _chunked(*parts):
    """parts: octets as they are; None stands for the body in good chunks."""
    def made(answer):
        yield answer.head(drop=("Content-Length",),
                          Transfer_Encoding="chunked") + b"\r\n"
        for part in parts:
            if part is not None:
                yield part
                continue
            for at in range(0, len(answer.body), 100):
                piece = answer.body[at:at + 100]
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
    return made


def _endless_chunks(answer):
    yield answer.head(drop=("Content-Length",),
                      Transfer_Encoding="chunked") + b"\r\n"
    yield from itertools.repeat(b"10000\r\n" + PIECE + b"\r\n")


def _gzip(answer):
    return _whole(answer, gzip.compress(answer.body), Content_Encoding="gzip")


def _bomb(answer):
    return _whole(answer, gzip.compress(b" " * (64 << 20)),
                  Content_Encoding="gzip")


def _raw(data):
    return lambda answer: iter([data])


# ---- the JSON of it ------------------------------------------------------

def _body(change):
    """change: from the body's octets to others."""
    return lambda answer: _whole(answer, change(answer.body))


def _set(name, value):
    """One value of the answer, as JSON octets; None takes it away."""
    def change(body):
        fields = {k: json.dumps(v).encode()
                  for k, v in json.loads(body).items()}
        fields.pop(name, None)
        if value is not None:
            fields[name] = value
        return b"{" + b",".join(b'"%s":%s' % (k.encode(), v)
                                for k, v in fields.items()) + b"}"
    return _body(change)


def _token(change):
    """change: from the access token to another text."""
    def made(body):
        fields = json.loads(body)
        fields["access_token"] = change(fields.get("access_token", ""))
        return json.dumps(fields).encode()
    return _body(made)


def _twice(name, other):
    """The name comes again, with another value, after the right one."""
    return _body(lambda body: body[:-1] + b',"%s":%s}' % (name, other))


KINDS = {
    "html": _html,
    "html-as-json": _html_as_json,
    "endless-body": _endless_body,
    "huge-body": _huge_body,
    "big-body": _big_body,
    "endless-headers": _endless_headers,
    "endless-header": _endless_header,
    "endless-status": _endless_status,
    "endless-continue": _endless_continue,
    "length-too-small": _length(lambda n: str(n // 2)),
    "length-too-large": _length(lambda n: str(n + 100)),
    "length-negative": _length(lambda n: "-1"),
    "length-nonsense": _length(lambda n: "many"),
    "length-overflow": _length(lambda n: "9" * 40),
    "length-twice": _two_lengths,
    "no-length": _no_length,
    "chunked": _chunked(None, b"0\r\n\r\n"),
    "chunked-nonsense": _chunked(b"zz\r\n", None, b"0\r\n\r\n"),
    "chunked-overflow": _chunked(b"f" * 20 + b"\r\n", None),
    "chunked-cut": _chunked(None),
    "chunked-endless": _endless_chunks,
    "gzip": _gzip,
    "gzip-bomb": _bomb,
    "not-http": _raw(b"SSH-2.0-OpenSSH_9.2\r\n" * 5),
    "http-09": _raw(b'{"access_token":"a","token_type":"Bearer",'
                    b'"expires_in":3599}'),
    "status-nonsense": _raw(b"HTTP/1.1 2x0 OK\r\n\r\n"),
    "switching": _raw(b"HTTP/1.1 101 Switching Protocols\r\n"
                      b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
    "nothing": _raw(b""),
    "empty": _body(lambda body: b""),
    "empty-object": _body(lambda body: b"{}"),
    "array": _body(lambda body: b"[" + body + b"]"),
    "text": _body(lambda body: b'"token"'),
    "null": _body(lambda body: b"null"),
    "cut-json": _body(lambda body: body[:-10]),
    "trailing-garbage": _body(lambda body: body + b"garbage"),
    "two-objects": _body(lambda body: body + body),
    "byte-order-mark": _body(lambda body: b"\xef\xbb\xbf" + body),
    "utf-16": _body(lambda body: body.decode().encode("utf-16")),
    "bad-utf8": _body(lambda body: body[:-1] + b',"x":"\xff\xfe\xc0\xaf"}'),
    "bad-surrogate": _body(lambda body: body[:-1] + b',"x":"\\ud800"}'),
    "nul": _body(lambda body: body[:-1] + b"\0" + body[-1:]),
    "deep": _body(lambda body: body[:-1] + b',"x":' + b"[" * DEPTH
                  + b"]" * DEPTH + b"}"),
    "deep-open": _body(lambda body: b"[" * DEPTH),
    "duplicate-token": _twice(b"access_token", b'"eyJ0.other.token"'),
    "duplicate-expires": _twice(b"expires_in", b"999999"),
    "duplicate-other": _twice(b"token_type", b'"Bearer"'),
    "expires-missing": _set("expires_in", None),
    "expires-negative": _set("expires_in", b"-1"),
    "expires-zero": _set("expires_in", b"0"),
    "expires-one": _set("expires_in", b"1"),
    "expires-huge": _set("expires_in", b"1e400"),
    "expires-overflow": _set("expires_in", b"9223372036854775808"),
    "expires-century": _set("expires_in", b"3155760000"),
    "expires-fraction": _set("expires_in", b"3599.5"),
    "expires-string": _set("expires_in", b'"3599"'),
    "expires-text": _set("expires_in", b'"soon"'),
    "expires-null": _set("expires_in", b"null"),
    "expires-true": _set("expires_in", b"true"),
    "expires-array": _set("expires_in", b"[3599]"),
    "expires-nan": _set("expires_in", b"NaN"),
    "token-missing": _set("access_token", None),
    "token-empty": _set("access_token", b'""'),
    "token-null": _set("access_token", b"null"),
    "token-number": _set("access_token", b"12345"),
    "token-object": _set("access_token", b'{"a":"b"}'),
    "token-crlf": _token(lambda t: t + "\r\nMAIL FROM:<evil@example.net>"),
    "token-lf": _token(lambda t: t + "\n"),
    "token-nul": _token(lambda t: t[:20] + "\0" + t[20:]),
    "token-soh": _token(lambda t: t + "\x01\x01user=other@contoso.example"),
    "token-blank": _token(lambda t: t[:20] + " " + t[20:]),
    "token-utf8": _token(lambda t: t + "\u00fc"),
    "token-100k": _token(lambda t: t + "x" * (TOKEN_SIZE - len(t))),
    "token-escaped": _body(lambda body: body.replace(b"eyJ", b"\\u0065yJ")),
    "type-missing": _set("token_type", None),
    "type-other": _set("token_type", b'"mac"'),
    "type-lower": _set("token_type", b'"bearer"'),
    "type-number": _set("token_type", b"1"),
    "refresh-missing": _set("refresh_token", None),
    "refresh-empty": _set("refresh_token", b'""'),
    "refresh-crlf": _set("refresh_token", b'"1.A\\r\\nX"'),
    "refresh-nul": _set("refresh_token", b'"1.A\\u0000X"'),
    "refresh-100k": _set("refresh_token", b'"' + b"y" * TOKEN_SIZE + b'"'),
    "refresh-number": _set("refresh_token", b"7"),
}


def with_fields(answer, words):
    """The answer with other values: "expires_in=10,token_type=mac"."""
    fields = answer.fields
    for word in words.split(","):
        name, _, value = word.partition("=")
        try:
            fields[name] = json.loads(value)
        except ValueError:
            fields[name] = value
        if value == "":
            del fields[name]
    answer.body = json.dumps(fields).encode()
    return answer
