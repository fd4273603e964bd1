# SPDX-License-Identifier: ISC
"""Client assertions: read, and their signatures verified for real."""

import base64
import binascii
import datetime
import hashlib
import json

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .errors import Refused

SKEW = 300  # seconds a client's clock may be wrong
LIFE = 600  # exp is at most so long after nbf
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def decode(part):
    """base64url without padding, and nothing else."""
    if part.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                  "0123456789-_"):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parse(assertion):
    """(header, claims, what is signed, signature); Refused when it is none."""
    try:
        parts = assertion.split(".")
        head, claims = (json.loads(decode(p)) for p in parts[:2])
        if len(parts) != 3 or not isinstance(head, dict) or \
                not isinstance(claims, dict):
            raise ValueError("not of three parts")
        return head, claims, ".".join(parts[:2]).encode(), decode(parts[2])
    except (ValueError, binascii.Error):
        raise Refused(50027) from None


def load(path):
    with open(path, "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def utc(at):
    """As the certificates of cryptography have it: without a zone."""
    return datetime.datetime.fromtimestamp(
        at, datetime.timezone.utc).replace(tzinfo=None)


def thumbprint(certificate, algorithm):
    der = certificate.public_bytes(serialization.Encoding.DER)
    return hashlib.new(algorithm, der).digest()


def is_named(head, certificate):
    """Does the header name this certificate, as its algorithm wants it?"""
    name, algorithm = ("x5t#S256", "sha256") if head["alg"] == "PS256" else \
        ("x5t", "sha1")
    try:
        return decode(head[name]) == thumbprint(certificate, algorithm)
    except (KeyError, ValueError, AttributeError, binascii.Error):
        return False


def check_signature(head, key, signed, signature):
    """Refused unless the key made it."""
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused(700027, "The key is not of RSA.")
    scheme = padding.PKCS1v15() if head["alg"] == "RS256" else padding.PSS(
        mgf=padding.MGF1(hashes.SHA256()),
        salt_length=hashes.SHA256.digest_size)
    try:
        key.verify(signature, signed, scheme, hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise Refused(700027, "The provided signature value did not match the "
                      "expected signature value.") from None


def check_algorithm(head):
    if head.get("alg") not in ("PS256", "RS256"):
        raise Refused(700027, "The algorithm %r is not supported."
                      % head.get("alg"))


def check_time(claims, now, stamp, life=None):
    """nbf and exp; life: how far they may be apart at most."""
    end, start = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
    if any(isinstance(v, bool) or not isinstance(v, int)
           for v in (end, start)):
        raise Refused(50027)
    if now > end + SKEW or now < start - SKEW or \
            life is not None and not 0 < end - start <= life:
        raise Refused(700024, "Current time: %s, assertion valid from %s, "
                      "expiry time of assertion %s." % tuple(
                          stamp(t) for t in (now, start, end)))


class Assertions:
    """Judges the assertions that come to one Entra."""

    def __init__(self, entra):
        self.entra = entra
        self._seen = set()  # of jti

    def check(self, app, assertion, audiences):
        """Refused unless it speaks for the application."""
        head, claims, signed, signature = parse(assertion)
        check_algorithm(head)
        if not {"x5t", "x5t#S256"} & set(head) and \
                claims.get("iss") != app.client_id:
            self._check_federated(app, head, claims, signed, signature)
            return
        key = self._key(app, head)
        check_signature(head, key, signed, signature)
        if claims.get("iss") != app.client_id or \
                claims.get("sub") != app.client_id:
            raise Refused(700021)
        if claims.get("aud") not in audiences:
            raise Refused(700023)
        check_time(claims, self.entra.now(), self.entra.stamp, LIFE)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise Refused(50027)
        if jti in self._seen:
            raise Refused(700027, "The jti was used before.")
        self._seen.add(jti)

    def _key(self, app, head):
        now = self.entra.now()
        for path in app.certificates:
            certificate = load(path)
            if not is_named(head, certificate):
                continue
            if not certificate.not_valid_before <= utc(now) <= \
                    certificate.not_valid_after:
                raise Refused(700027, "The key used is expired.")
            return certificate.public_key()
        raise Refused(700027, "The key was not found.")

    def _check_federated(self, app, head, claims, signed, signature):
        def chosen(candidates, claim, number):
            value = claims.get(claim)
            audiences = value if isinstance(value, list) else [value]
            name = {"iss": "issuer", "aud": "audience",
                    "sub": "subject"}[claim]
            found = [c for c in candidates if getattr(c, name) in audiences]
            if not found:
                raise Refused(number, value)
            return found
        found = chosen(app.federated, "iss", 700211)
        found = chosen(found, "aud", 700212)
        found = chosen(found, "sub", 700213)
        check_signature(head, load(found[0].certificate).public_key(), signed,
                        signature)
        check_time(claims, self.entra.now(), self.entra.stamp)
