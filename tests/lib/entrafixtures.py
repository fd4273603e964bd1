# SPDX-License-Identifier: ISC
"""What the tests of the stand-in's token endpoint share."""

import pytest

from .client import Client, b64
from .http import Caller
from .site import USER


@pytest.fixture
def caller(entra, authority):
    return Caller(entra, authority)


@pytest.fixture
def exchange(make_server, entra):
    """An SMTP server that takes the tokens of entra."""
    return make_server(entra=entra)


@pytest.fixture
def sign_in(exchange, authority):
    """The SMTP server's reply to a token."""
    def sign_in(token, user=USER, server=exchange):
        with Client(server, authority) as c:
            c.secure()
            return c.cmd("AUTH XOAUTH2 " + b64(
                "user=%s\x01auth=Bearer %s\x01\x01" % (user, token)))
    return sign_in
