# SPDX-License-Identifier: ISC
"""A client of the token endpoint, for tests of the stand-in itself."""

import http.client
import json
import socket
import ssl
import urllib.parse
import warnings

from exchange.wire import READ

TIMEOUT = 60
APP_SCOPE = "https://outlook.office365.com/.default"
USER_SCOPE = "https://outlook.office.com/SMTP.Send offline_access"


class Caller:
    """Asks one Entra; each answer comes as (status, fields)."""

    def __init__(self, entra, authority):
        self.entra, self.authority = entra, authority

    def context(self, old=False):
        context = ssl.create_default_context(cafile=self.authority.roots)
        if old:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
        return context

    def connection(self, **how):
        if self.entra.certificate is None:
            return http.client.HTTPConnection("localhost", self.entra.port,
                                              TIMEOUT)
        return http.client.HTTPSConnection(
            "localhost", self.entra.port, timeout=TIMEOUT,
            context=self.context(**how))

    def ask(self, method, target, body=None, headers=None, **how):
        """The response, read to its end: .status, .headers, .text."""
        connection = self.connection(**how)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            response.text = response.read()
        finally:
            connection.close()
        return response

    def post(self, what="token", tenant=None, **form):
        response = self.ask(
            "POST", "/%s/oauth2/v2.0/%s" % (tenant or self.entra.tenant.id,
                                            what),
            urllib.parse.urlencode(form),
            {"Content-Type": "application/x-www-form-urlencoded"})
        return response.status, json.loads(response.text)

    def by_secret(self, app, value, **more):
        return self.post(**{"grant_type": "client_credentials",
                            "client_id": app.client_id, "scope": APP_SCOPE,
                            "client_secret": value, **more})

    def octets(self, form, most=None):
        """All that is sent in answer, as it is; most: then leave."""
        body = urllib.parse.urlencode(form)
        data = b""
        with self.socket() as sock:
            sock.sendall((
                "POST /%s/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (
                    self.entra.tenant.id, len(body), body)).encode())
            while most is None or len(data) < most:
                piece = sock.recv(READ)
                if not piece:
                    break
                data += piece
        return data

    def socket(self):
        """A connection, with TLS if the endpoint has it."""
        plain = socket.create_connection(("localhost", self.entra.port),
                                         TIMEOUT)
        if self.entra.certificate is None:
            return plain
        return self.context().wrap_socket(plain, server_hostname="localhost")


def refused(answer, number, error, status=400):
    """Asserts that an answer is that refusal, in the documented form."""
    got, fields = answer
    assert fields["error_codes"] == [number], fields
    assert (got, fields["error"]) == (status, error)
    lines = fields["error_description"].split("\r\n")
    assert lines[0].startswith("AADSTS%d: " % number)
    assert lines[1:] == ["Trace ID: " + fields["trace_id"],
                         "Correlation ID: " + fields["correlation_id"],
                         "Timestamp: " + fields["timestamp"]]
    return fields
