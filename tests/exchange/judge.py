# SPDX-License-Identifier: ISC
"""What Exchange Online judges: credentials, and messages after their end."""

import base64
import binascii
import email
import email.policy
import fnmatch
import re
import secrets

USER_PROMPT = "334 VXNlcm5hbWU6"      # "Username:"
PASSWORD_PROMPT = "334 UGFzc3dvcmQ6"  # "Password:"

WRONG_PASSWORD = ("535 5.7.139 Authentication unsuccessful, the user "
                  "credentials were incorrect. ")
WRONG_TOKEN = "535 5.7.3 Authentication unsuccessful "
AUTH_DISABLED = ("535 5.7.139 Authentication unsuccessful, SmtpClient"
                 "Authentication is disabled for the %s. Visit https://aka.ms/"
                 "smtp_auth_disabled for more information. ")
# High Volume Email.  Codes and the third text are documented.
MALFORMED = "501 5.5.121 Malformed XOAUTH2 data "
HVE_REFUSALS = {
    "expiring": "535 5.7.142 XOAUTH2 authentication failed. Token is about "
                "to expire. ",
    "expired": "535 5.7.143 XOAUTH2 authentication failed. Token is expired. ",
    "permission": "535 5.7.144 XOAUTH2 authentication failed. Invalid API "
                  "permissions. ",
    "app": "550 5.7.240 Application is not allowed for this HVE account. "}

SEND_AS_DENIED = (
    "554 5.2.252 SendAsDenied; %s not allowed to send as %s; STOREDRV."
    "Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
    "Failed to process message due to a permanent exception with message "
    "[BeginDiagnosticData]Cannot submit message. 0.35250:0A00B382"
    "[EndDiagnosticData] [Hostname=%s]")
BAD_FROM = ("550 5.7.512 Access denied, message must be RFC 5322 section "
            "3.6.2 compliant and include a valid From address")


def printable(raw):
    """A command as text; what is not ASCII or not printable is escaped."""
    text = raw.decode("utf-8", "surrogateescape")
    return "".join(c if c.isprintable() else
                   "\\x%02x" % (ord(c) & 0xff) for c in text)


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


class Judge:
    def __init__(self, server, session):
        self.server = server
        self.options = server.options
        self.session = session
        self.seen = session.seen

    # ---- signing in -----------------------------------------------------

    @staticmethod
    def masked(command):
        """A command for the log: an initial response is a secret."""
        words = command.split(" ", 2)
        if words[0].upper() == "AUTH" and len(words) == 3:
            return " ".join([*words[:2], "(secret)"])
        return command

    def auth(self, rest, text):
        s = self.session
        mechanism, _, initial = rest.partition(" ")
        mechanism = mechanism.upper()
        if not s.wire.tls:
            self.seen.plain_auth = True
        if not s.greeted:
            s.say("503 5.5.2 Send hello first " + s.suffix())
            return
        if mechanism not in self.options.mechanisms_now(s.wire.tls):
            s.say("504 5.7.4 Unrecognized authentication type " + s.suffix())
            return
        if self.seen.user or s.message is not None:
            s.say("503 5.5.1 Bad sequence of commands " + s.suffix())
            return
        self.seen.mechanism = mechanism
        given = {"LOGIN": self.login, "PLAIN": self.plain,
                 "XOAUTH2": self.xoauth2}[mechanism](initial)
        if given is not None:
            self.verdict(mechanism, *given)

    def prompt(self, state, text):
        """Asks for a line; None when a fault answered in its place."""
        if not self.session.answer_prompt(state, text):
            return None
        raw, _ = self.session.wire.line()
        self.session.note("command", "(secret)")
        return raw.decode("latin-1")

    def login(self, initial):
        user = initial or self.prompt("auth_user", USER_PROMPT)
        if user is None or self.cancelled(user):
            return None
        password = self.prompt("auth_password", PASSWORD_PROMPT)
        if password is None or self.cancelled(password):
            return None
        return unbase64(user), unbase64(password)

    def plain(self, initial):
        blob = initial or self.prompt("auth_user", "334 ")
        if blob is None or self.cancelled(blob):
            return None
        parts = (unbase64(blob) or "").split("\0")
        return parts[1:] if len(parts) == 3 else (None, None)

    def xoauth2(self, initial):
        if not self.options.initial_response:
            initial = ""
        blob = initial or self.prompt("auth_user", "334 ")
        if blob is None or self.cancelled(blob):
            return None
        match = re.fullmatch(r"user=([^\x01]+)\x01auth=Bearer ([^\x01]+)"
                             r"\x01\x01", unbase64(blob) or "")
        return match.groups() if match else (None, None)

    def cancelled(self, line):
        if line != "*":
            return False
        self.session.say("501 5.7.0 Authentication cancelled")
        return True

    def verdict(self, mechanism, user, secret):
        """Answers the credentials; secret is a password or a token."""
        o, s = self.options, self.session
        right = o.tokens if mechanism == "XOAUTH2" else o.users
        # Mail addresses are not case-sensitive at Exchange Online.
        ok = user is not None and secret is not None and any(
            user.lower() == name.lower() and secret == value
            for name, value in right.items())
        refusal = self.refusal(mechanism, user, secret, ok)
        ok = refusal is None
        with self.server.record.changed:
            self.seen.auths += 1
        if mechanism == "XOAUTH2" and not ok and o.token_reason is not None:
            if self.prompt("auth_password", "334 " + base64.b64encode(
                    o.token_reason.encode()).decode()) != "":
                s.say("501 5.5.2 An empty line was expected " + s.suffix())
                return
        reply = "235 2.7.0 Authentication successful" if ok else \
            refusal + s.suffix()
        ok = s.answer("auth", reply, "%s %s" % (mechanism, user)) and ok
        said = self.seen.replies[-1]
        if ok:
            self.seen.user = user.lower()
        elif said[:1] == "5":
            s.auth_error = said
        s.note("auth", "%s %s %s" % (mechanism, user,
                                     "ok" if ok else "refused"))
        if not ok and o.close_after_auth_failure:
            s.end()

    def refusal(self, mechanism, user, secret, ok):
        """None when the credentials are right, else the reply; ok: they are
        among the server's own users or tokens."""
        o, entra = self.options, self.server.entra
        if mechanism != "XOAUTH2":
            if not ok:
                return o.auth_failure or WRONG_PASSWORD
        elif not ok:
            hve = o.provider == "hve"
            if secret is None or entra is None:
                return MALFORMED if hve and secret is None else WRONG_TOKEN
            why = entra.tokens.hve_refusal(secret, user) if hve else \
                entra.tokens.refusal(secret, user)
            if why is not None and (hve or why != "expiring"):
                return HVE_REFUSALS.get(why, WRONG_TOKEN) if hve else \
                    WRONG_TOKEN
        # The switch holds for good tokens, too.
        return AUTH_DISABLED % o.auth_disabled if o.auth_disabled else None

    # ---- messages -------------------------------------------------------

    def content(self, message):
        """The reply to the end of a message; fills in nothing."""
        o = self.options
        if message.bare_lf:
            return "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message " \
                   "contains bare linefeeds, which cannot be sent via DATA " \
                   + self.session.suffix()
        if message.size > o.size:
            return "552 5.3.4 Message size exceeds fixed maximum message size"
        head = message.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        parsed = email.message_from_bytes(head, policy=email.policy.default)
        if o.send_as:
            refusal = self.sender_refusal(message, parsed)
            if refusal:
                return refusal
        mid = str(parsed.get("Message-ID", "")).strip() or \
            "<%s@%s>" % (secrets.token_hex(8), o.backend)
        if o.provider == "smtp":
            return "250 2.0.0 Ok: queued as " + secrets.token_hex(5).upper()
        return "250 2.0.0 OK %s [Hostname=%s]" % (mid, o.backend)

    def sender_refusal(self, message, parsed):
        """Send As: the From header decides, not the envelope."""
        authors = parsed.get_all("From", [])
        if len(authors) != 1 or not getattr(authors[0], "addresses", ()):
            return BAD_FROM
        addresses = [a.addr_spec for a in authors[0].addresses]
        if any("@" not in a.strip("@") for a in addresses):
            return BAD_FROM
        if len(addresses) > 1 and parsed.get("Sender") is None:
            return "550 5.1.20 Multiple From addresses are not allowed " \
                   "without Sender address"
        allowed = [message.user or "", *self.options.send_as_also]
        for address in addresses:
            if not any(fnmatch.fnmatchcase(address.lower(), p.lower())
                       for p in allowed):
                return SEND_AS_DENIED % (message.user, address,
                                         self.options.backend)
        return None
