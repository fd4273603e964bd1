# SPDX-License-Identifier: ISC
"""The refusals of the token endpoint, by their AADSTS number.

error and the text are Entra's where a public log or page shows them; of the
transient ones neither the HTTP status nor the error value is known, and what
stands here is what RFC 6749 has for it.
"""

import json
import time
from dataclasses import dataclass

from .directory import guid
from .http import Answer


@dataclass(frozen=True)
class Refusal:
    error: str
    status: int
    text: str
    suberror: str = None


def _client(text):
    return Refusal("invalid_client", 401, text)


def _app(text):
    return Refusal("unauthorized_client", 400, text)


def _grant(text, suberror=None):
    return Refusal("invalid_grant", 400, text, suberror)


def _request(text, error="invalid_request"):
    return Refusal(error, 400, text)


def _later(text, status=503):
    return Refusal("temporarily_unavailable", status, text)


REFUSALS = {
    7000215: _client("Invalid client secret provided. Ensure the secret being "
                     "sent in the request is the client secret value, not the "
                     "client secret ID, for a secret added to app '{app}'."),
    7000222: _client("The provided client secret keys for app '{app}' are "
                     "expired. Visit the Azure portal to create new keys for "
                     "your app: https://aka.ms/NewClientSecret, or consider "
                     "using certificate credentials for added security: "
                     "https://aka.ms/certCreds."),
    7000218: _client("The request body must contain the following parameter: "
                     "'client_assertion' or 'client_secret'."),
    700016: _app("Application with identifier '{app}' was not found in the "
                 "directory '{tenant}'. This can happen if the application "
                 "has not been installed by the administrator of the tenant "
                 "or consented to by any user in the tenant. You may have "
                 "sent your authentication request to the wrong tenant."),
    700021: _client("Client assertion application identifier doesn't match "
                    "'client_id' parameter."),
    700023: _client("Client assertion audience claim does not match Realm "
                    "issuer."),
    700024: _client("Client assertion is not within its valid time range. "
                    "{detail}"),
    700025: _client("Client is public so neither 'client_assertion' nor "
                    "'client_secret' should be presented."),
    700027: _client("Client assertion contains an invalid signature. "
                    "[Reason - {detail}]"),
    700030: _client("Invalid certificate - subject name in certificate is not "
                    "authorized."),
    50027: _request("JWT token is invalid or malformed."),
    700211: _client("No matching federated identity record found for "
                    "presented assertion issuer '{detail}'."),
    700212: _client("No matching federated identity record found for "
                    "presented assertion audience '{detail}'."),
    700213: _client("No matching federated identity record found for "
                    "presented assertion subject '{detail}'."),
    70011: _request("The provided value for the input parameter 'scope' is "
                    "not valid. The scope {detail} is not valid.",
                    "invalid_scope"),
    700022: _request("The provided value for the input parameter 'scope' is "
                     "not valid because it contains more than one resource.",
                     "invalid_scope"),
    1002012: _request("The provided value for scope {detail} is not valid. "
                      "Client credential flows must have a scope value with "
                      "/.default suffixed to the resource identifier "
                      "(application ID URI).", "invalid_scope"),
    7000112: _app("Application '{app}'(mailchute) is disabled."),
    70001: _app("Application with identifier '{app}' is disabled."),
    500011: _request("The resource principal named {detail} was not found in "
                     "the tenant named {tenant}. This can happen if the "
                     "application has not been installed by the administrator "
                     "of the tenant or consented to by any user in the "
                     "tenant.", "invalid_resource"),
    90002: _request("Tenant '{tenant}' not found. Check to make sure you have "
                    "the correct tenant ID and are signing into the correct "
                    "cloud. Check with your subscription administrator, this "
                    "may happen if there are no active subscriptions for the "
                    "tenant."),
    900023: _request("Specified tenant identifier '{tenant}' is neither a "
                     "valid DNS name, nor a valid external domain."),
    9001023: _request("The grant type is not supported over the /common or "
                      "/consumers endpoints. Please use the /organizations or "
                      "tenant-specific endpoint."),
    900382: _request("Confidential Client is not supported in Cross Cloud "
                     "request."),
    90038: _request("Tenant '{tenant}' request is being redirected to the "
                    "National Cloud."),
    65001: _grant("The user or administrator has not consented to use the "
                  "application with ID '{app}' named 'mailchute'. Send an "
                  "interactive authorization request for this user and "
                  "resource.", "consent_required"),
    50034: _grant("The user account {detail} does not exist in the {tenant} "
                  "directory. To sign into this application, the account must "
                  "be added to the directory."),
    50053: _grant("The account is locked, you've tried to sign in too many "
                  "times with an incorrect user ID or password."),
    50055: _grant("The password is expired.", "user_password_expired"),
    50057: _grant("The user account is disabled."),
    50076: _grant("Due to a configuration change made by your administrator, "
                  "or because you moved to a new location, you must use "
                  "multi-factor authentication to access '00000002-0000-0ff1-"
                  "ce00-000000000000'.", "basic_action"),
    50079: _grant("Due to a configuration change made by your administrator, "
                  "or because you moved to a new location, you must enroll in "
                  "multi-factor authentication to access '00000002-0000-0ff1-"
                  "ce00-000000000000'.", "basic_action"),
    50126: _grant("Error validating credentials due to invalid username or "
                  "password."),
    50173: _grant("The provided grant has expired due to it being revoked, a "
                  "fresh auth token is needed. The user might have changed or "
                  "reset their password. The grant was issued on '{detail}'.",
                  "bad_token"),
    70008: _grant("The provided authorization code or refresh token has "
                  "expired due to inactivity. Send a new interactive "
                  "authorization request for this user and resource."),
    700082: _grant("The refresh token has expired due to inactivity. The "
                   "token was issued on {detail} and was inactive for "
                   "90.00:00:00.", "bad_token"),
    70043: _grant("The refresh token has expired or is invalid due to sign-in "
                  "frequency checks by conditional access.", "bad_token"),
    700084: _grant("The refresh token was issued to a single page app (SPA), "
                   "and therefore has a fixed, limited lifetime of "
                   "1.00:00:00, which cannot be extended.", "bad_token"),
    53003: _grant("Access has been blocked by Conditional Access policies. "
                  "The access policy does not allow token issuance.",
                  "message_only"),
    530032: _grant("User blocked due to risk on home tenant.",
                   "message_only"),
    530035: _grant("Access has been blocked by security defaults.",
                   "message_only"),
    50196: _grant("The server terminated an operation because it encountered "
                  "a client request loop. Please contact your app vendor."),
    90055: _later("There are too many incoming requests.", 429),
    50033: _later("A transient error has occurred. Please try again."),
    50087: _later("A transient error has occurred during single sign-out. "
                  "Please try again."),
    90006: _later("The service is temporarily unavailable. Please retry."),
    90024: _later("A transient error has occurred. Please try again. "
                  "[RequestBudgetExceeded]"),
    90033: _later("A transient error has occurred. Please try again."),
    # What a client gets that makes a mistake in the request itself.
    900144: _request("The request body must contain the following parameter: "
                     "'{detail}'."),
    9000411: _request("The request is not properly formatted. The parameter "
                      "'{detail}' is duplicated."),
    900561: _request("The endpoint only accepts POST requests. Received a "
                     "{detail} request."),
    9002313: _grant("Invalid request. Request is malformed or invalid."),
    70003: _request("The app requested an unsupported grant type '{detail}'.",
                    "unsupported_grant_type"),
    # The states of a device code.
    70016: _request("OAuth 2.0 device flow error. Authorization is pending. "
                    "Continue polling.", "authorization_pending"),
    70017: _request("OAuth 2.0 device flow error. The user declined.",
                    "authorization_declined"),
    70018: _request("The provided value for the input parameter 'device_code' "
                    "is not valid.", "bad_verification_code"),
    70020: _request("The provided value for the input parameter 'device_code' "
                    "is not valid. This device code has expired.",
                    "expired_token"),
}

# RFC 8628 has it; which number Entra gives it is not known.
SLOW_DOWN = Refusal("slow_down", 400, "OAuth 2.0 device flow error. Polling "
                    "too fast.")

# The errors that exchange-online.md 5.6 lists.
DOCUMENTED = (
    7000215, 7000222, 7000218, 700016, 700027, 700024, 700030, 700022, 70011,
    7000112, 70001, 500011, 90002, 9001023, 900382, 90038, 65001, 50034, 50053,
    50055, 50057, 50076, 50079, 50126, 50173, 70008, 700082, 70043, 700084,
    53003, 530032, 530035, 50196, 90055, 50033, 50087, 90006, 90024, 90033)


class Refused(Exception):
    """The request is refused with this number."""

    def __init__(self, number, detail="", refusal=None):
        super().__init__(number)
        self.number, self.detail, self.refusal = number, detail, refusal


def answer(number, separator, now, refusal, **facts):
    """The Answer of that error, or of another refusal under that number;
    facts, which are tenant, app and detail, fill in its text."""
    refusal = refusal or REFUSALS[number]
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now))
    trace, correlation = guid(), guid()
    text = refusal.text.format(**facts)
    body = {
        "error": refusal.error,
        "error_description": separator.join([
            "AADSTS%d: %s" % (number, text), "Trace ID: " + trace,
            "Correlation ID: " + correlation, "Timestamp: " + stamp]),
        "error_codes": [number], "timestamp": stamp, "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": "https://login.microsoftonline.com/error?code=%d" % number}
    if refusal.suberror:
        body["suberror"] = refusal.suberror
    return Answer(refusal.status, json.dumps(body).encode(), number=number)
