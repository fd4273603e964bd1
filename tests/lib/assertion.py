# SPDX-License-Identifier: ISC
"""Assertions as a client or a platform signs them, right and wrong."""

import json
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from exchange.entra.assertion import TYPE, load, thumbprint
from exchange.entra.tokens import base64url


def sign(key, head, claims, salt=32):
    """A JWT; key is a PEM file."""
    with open(key, "rb") as f:
        private = serialization.load_pem_private_key(f.read(), None)
    text = ".".join(base64url(json.dumps(part).encode())
                    for part in (head, claims))
    scheme = padding.PKCS1v15() if head["alg"] == "RS256" else padding.PSS(
        mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    return text + "." + base64url(private.sign(text.encode(), scheme,
                                               hashes.SHA256()))


def head_for(cert, alg="PS256"):
    certificate = load(cert)
    name, how = ("x5t#S256", "sha256") if alg == "PS256" else ("x5t", "sha1")
    return {"alg": alg, "typ": "JWT",
            name: base64url(thumbprint(certificate, how))}


def claims_for(entra, app, **change):
    now = int(entra.now())
    claims = {"aud": entra.url(), "iss": app.client_id, "sub": app.client_id,
              "jti": str(uuid.uuid4()), "nbf": now, "iat": now,
              "exp": now + 600, **change}
    return {k: v for k, v in claims.items() if v is not None}


def form(assertion, **more):
    """The two parameters that carry it."""
    return {"client_assertion_type": TYPE, "client_assertion": assertion,
            **more}
