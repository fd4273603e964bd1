# SPDX-License-Identifier: ISC
"""What a secret looks like, wherever somebody has put it."""

import base64
import urllib.parse

SHORTEST = 8  # characters: fewer stand in any text


def _base64(secret, encode):
    """The characters that are the same whatever stands around the secret."""
    for before in range(3):
        text = encode(bytes(before) + secret).rstrip(b"=")
        partial = (before + len(secret)) % 3 != 0
        part = text[(0, 2, 3)[before]:len(text) - partial]
        if len(part) >= SHORTEST:
            yield part


def forms(secret):
    """All in which a program could let it slip."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(),
             urllib.parse.quote_from_bytes(secret, safe="").encode(),
             urllib.parse.quote_plus(secret).encode(),
             base64.b64encode(secret).rstrip(b"=")}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found.update(_base64(secret, encode))
    return found
