# SPDX-License-Identifier: ISC
"""What the tests of the stand-in itself share."""

import pytest

from .client import Client

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
