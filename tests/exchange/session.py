# SPDX-License-Identifier: ISC
"""The dialogue: one connection from the greeting to its end.

Texts, order and sequence checks are those of Exchange Online's client
submission.  Message content and signing in are in judge.py.
"""

import datetime
import ipaddress
import re
import secrets
import ssl

from .judge import Judge, printable
from .record import Keeper, Message
from .wire import Gone

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(r"%s(?:\.%s)+\.?" % (LABEL, LABEL))
PATH = re.compile(r"(?P<verb>FROM|TO):\s*<(?P<path>[^<>]*)>(?P<rest>.*)", re.I)
MAIL_PARAMS = {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"}
RCPT_PARAMS = {"NOTIFY", "ORCPT"}


class End(Exception):
    """The server ends the connection."""

    def __init__(self, rst=False):
        super().__init__()
        self.rst = rst


class Session:
    def __init__(self, server, wire, seen):
        self.server = server
        self.options = server.options
        self.wire = wire
        self.seen = seen
        self.judge = Judge(server, self)
        self.greeted = False
        self.message = None  # the open transaction
        self.body = None     # its Keeper, once octets came
        self.body_fault = None
        self.auth_error = None

    def run(self):
        """Serves the connection to its end; never raises."""
        rst = False
        try:
            if self.options.implicit_tls:
                self.handshake()
            self.answer("greeting", self.options.greeting(self.id()))
            while True:
                self.command()
        except End as e:
            rst = e.rst
            self.seen.ended = "reset by the server" if rst else \
                "closed by the server"
        except Gone as e:
            self.seen.ended = str(e)
        try:
            if not rst:
                self.wire.flush()
        except Gone:
            pass
        self.seen.open = False
        self.note("close", self.seen.ended)
        self.wire.close(rst)

    # ---- replies --------------------------------------------------------

    def note(self, kind, text=""):
        self.server.record.note(self.seen, kind, text)

    def id(self):
        return self.options.session_id or secrets.token_hex(8).upper()

    def suffix(self):
        """What Exchange Online puts behind an error."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return "[%s %s.%03dZ %s]" % (self.options.backend,
                                     now.strftime("%Y-%m-%dT%H:%M:%S"),
                                     now.microsecond // 1000, self.id())

    def say(self, text, drip=0):
        """Queues a reply; a text of several lines becomes a multi-line one."""
        if text[:1] == "5" and self.options.tarpit:
            self.wire.pause(self.options.tarpit)
        lines = text.split("\n")
        for i, line in enumerate(lines[:-1]):
            if not re.match(r"\d{3}-", line):
                lines[i] = line[:3] + "-" + line[4:]
        data = "".join(line + "\r\n" for line in lines).encode("latin-1",
                                                               "replace")
        self.seen.replies.append(text)
        self.note("reply", text)
        if drip:
            self.wire.flush()
            for octet in data:
                self.wire.pause(drip)
                self.wire.send(bytes([octet]))
        else:
            self.wire.put(data)

    def answer(self, state, text, command=""):
        """Answers, or suffers a fault; true when the action goes ahead."""
        fault = self.server.faults.take(state, command)
        if fault is None:
            self.say(text)
            return text[:1] in "23"
        return self.suffer(fault, text) and text[:1] in "23"

    def answer_prompt(self, state, text):
        """The same for a 334: false when something else was said."""
        fault = self.server.faults.take(state)
        if fault is None:
            self.say(text)
            return True
        return self.suffer(fault, text) and \
            (fault.reply or text)[:1] == "3"

    def end(self):
        self.wire.flush()
        raise End()

    def suffer(self, fault, text):
        """Does what the fault says; text is the usual reply, None without."""
        self.hesitate(fault)
        if fault.drop_after_accept:
            raise End(fault.rst)
        if fault.raw is not None:
            self.wire.flush()
            self.wire.send(fault.raw)
        elif fault.reply is not None or text is not None and not fault.ends:
            self.say(fault.reply or text, fault.drip)
        if fault.ends:
            self.wire.flush()
            raise End(fault.rst)
        return not fault.refuses

    def hesitate(self, fault):
        self.note("fault", fault.state)
        if fault.delay:
            self.wire.pause(fault.delay)
        if fault.stall:
            self.note("stall", fault.state)
            self.wire.stall(fault)

    # ---- commands -------------------------------------------------------

    def command(self):
        if b"\n" in self.wire.waiting():
            self.seen.pipelined += 1
        raw, crlf = self.wire.line()
        text = printable(raw)
        verb, _, rest = text.partition(" ")
        verb = verb.upper()
        if not crlf:
            self.note("bare-lf", verb)
        self.seen.commands.append(text)
        self.note("command", self.judge.masked(text))
        handler = self.HANDLERS.get(verb)
        if handler is None:
            self.say("500 5.3.3 Unrecognized command '%s' %s"
                     % (verb.lower()[:40], self.suffix()))
        else:
            handler(self, rest.strip(), text)

    def ehlo(self, name, text):
        extended = text[:4].upper() == "EHLO"
        state = "ehlo2" if self.wire.tls else "ehlo"
        if not self.valid_name(name):
            self.answer(state, "501 5.5.4 Invalid domain name %s"
                        % self.suffix(), text)
            return
        hello = "%s Hello [%s]" % (self.options.hostname, self.seen.peer[0])
        if extended:
            hello = "\n".join([hello, *self.options.offers(self.wire.tls)])
        lines = hello.split("\n")
        reply = "\n".join("250" + ("-" if i + 1 < len(lines) else " ") + line
                          for i, line in enumerate(lines))
        if self.answer(state, reply, text):
            self.greeted = True
            self.message = self.body = None
            self.seen.helo = name

    def valid_name(self, name):
        if name.startswith("[") and name.endswith("]"):
            try:
                ipaddress.ip_address(re.sub("^IPv6:", "", name[1:-1],
                                            flags=re.I))
                return True
            except ValueError:
                return False
        if self.options.provider == "smtp":
            return bool(name)
        return len(name) <= 255 and DOMAIN.fullmatch(name) is not None

    def starttls(self, rest, text):
        if not self.greeted:
            self.say("503 5.5.2 Send hello first " + self.suffix())
            return
        if not self.options.starttls or self.wire.tls:
            self.say("500 5.3.3 Unrecognized command 'starttls' "
                     + self.suffix())
            return
        # What was pipelined behind STARTTLS was never inside TLS: forget it.
        self.seen.early_bytes += self.wire.drop_waiting()
        if self.answer("starttls", "220 2.0.0 SMTP server ready", text):
            self.handshake()

    def handshake(self):
        self.wire.flush()
        fault = self.server.faults.take("handshake")
        if fault is not None:
            self.hesitate(fault)
            if fault.raw is not None:
                self.wire.await_octets()  # as a server answers a ClientHello
                self.wire.send(fault.raw)
            if fault.ends or fault.raw is not None:
                raise End(fault.rst)
        try:
            self.wire.start_tls(self.server.context())
        except (ssl.SSLError, OSError) as e:
            self.seen.tls_error = getattr(e, "reason", None) or str(e)
            self.note("tls-error", self.seen.tls_error)
            raise End() from None
        sock = self.wire.sock
        self.seen.sni = getattr(sock, "wanted_name", None)
        self.seen.tls, self.seen.cipher = sock.version(), sock.cipher()[0]
        self.seen.resumed = sock.session_reused
        self.note("tls", "%s %s%s" % (self.seen.tls, self.seen.cipher,
                                      " resumed" if self.seen.resumed else ""))
        self.greeted = False  # RFC 3207 4.2: all knowledge is discarded

    def auth(self, rest, text):
        self.judge.auth(rest, text)

    def mail(self, rest, text):
        reply, path, params = self.mail_reply(rest)
        if self.answer("mail", reply, text):
            self.message = Message(self.seen.id, path or "", params or {},
                                   [], [], "DATA", user=self.seen.user)
            self.body = None

    def mail_reply(self, rest):
        o = self.options
        if not self.greeted:
            return "503 5.5.2 Send hello first " + self.suffix(), None, None
        if o.auth_required and not self.seen.user:
            error = " Error: " + self.auth_error if self.auth_error else ""
            return ("530 5.7.57 Client not authenticated to send mail.%s %s"
                    % (error, self.suffix())), None, None
        if self.message is not None:
            return "503 5.5.2 Sender already specified", None, None
        if self.server.too_many(self.seen):
            return ("432 4.3.2 Concurrent connections limit exceeded. Visit "
                    "https://aka.ms/concurrent_sending for more information. "
                    + self.suffix()), None, None
        parsed = self.parse(rest, "FROM", MAIL_PARAMS)
        if isinstance(parsed, str):
            return parsed, None, None
        path, params = parsed
        if path == "" and not o.null_sender:
            return "501 5.1.7 Invalid address " + self.suffix(), None, None
        if int(params.get("SIZE", 0)) > o.size:
            return ("552 5.3.4 Message size exceeds fixed maximum message size"
                    ), None, None
        return "250 2.1.0 Sender OK", path, params

    def rcpt(self, rest, text):
        parsed = None
        if self.message is None:
            self.say("503 5.5.2 Need mail command")
            return
        if len(self.message.recipients) >= self.options.recipients:
            reply = "452 4.5.3 Too many recipients"
        else:
            parsed = self.parse(rest, "TO", RCPT_PARAMS)
            reply = parsed if isinstance(parsed, str) else \
                self.options.recipient_reply(parsed[0])
        ok = self.answer("rcpt", reply, text)
        if ok and parsed is not None:
            self.message.recipients.append(parsed)
        else:
            self.message.refused.append((rest, self.seen.replies[-1]))

    def parse(self, rest, word, known):
        """(path, params) of MAIL or RCPT, or the reply that refuses it."""
        bad = "501 5.5.4 Invalid arguments " + self.suffix()
        match = PATH.fullmatch(rest)
        if match is None or match["verb"].upper() != word:
            return bad
        path, params = match["path"], {}
        if match["rest"] and not match["rest"].startswith(" "):
            return bad
        for item in match["rest"].split():
            name, _, value = item.partition("=")
            if name.upper() not in known or name.upper() in params:
                return bad
            params[name.upper()] = value
        if "SIZE" in params and not params["SIZE"].isdigit():
            return bad
        if "BODY" in params and params["BODY"].upper() not in (
                "7BIT", "8BITMIME", "BINARYMIME"):
            return bad
        if word == "TO" or path:
            local, at, domain = path.rpartition("@")
            utf8 = "SMTPUTF8" in params or (
                self.message is not None
                and "SMTPUTF8" in self.message.mail_params)
            if not at or not local or not domain or " " in path and \
                    not local.startswith('"') or \
                    not path.isascii() and not utf8:
                return "501 5.1.%d Invalid address %s" % (
                    3 if word == "TO" else 7, self.suffix())
        return path, params

    # ---- the message ----------------------------------------------------

    def data(self, rest, text):
        binary = self.message is not None and \
            self.message.mail_params.get("BODY", "").upper() == "BINARYMIME"
        if self.message is None or not self.message.recipients or \
                self.body is not None or binary:
            self.say(self.sequence_reply())
            return
        if not self.answer("data", "354 Start mail input; end with "
                           "<CRLF>.<CRLF>", text):
            return
        self.begin_body()
        for piece in self.wire.until_dot():
            self.take_in(piece, bare=True)
        self.finish("DATA")

    def sequence_reply(self):
        if self.message is None:
            return "503 5.5.2 Need mail command"
        if not self.message.recipients:
            return "503 5.5.2 Need rcpt command"
        return "503 5.5.1 Bad sequence of commands"

    def bdat(self, rest, text):
        words = rest.upper().split()
        if not words or not words[0].isdigit() or words[1:] not in (
                [], ["LAST"]):
            # Where the next command begins is not known any more.
            self.say("501 5.5.4 Invalid arguments " + self.suffix())
            raise End()
        size, last = int(words[0]), words[1:] == ["LAST"]
        # The octets follow the command whatever the answer (RFC 3030 2).
        usable = self.message is not None and self.message.recipients
        if usable and self.body is None:
            self.begin_body()
        for piece in self.wire.exactly(size):
            if usable:
                self.take_in(piece, bare=False)
        if not usable:
            self.say(self.sequence_reply())
            return
        self.message.chunks.append(size)
        if last:
            self.finish("BDAT")
        elif not self.answer("bdat", "250 2.6.0 CHUNK received OK, %d octets"
                             % size, text):
            self.message = self.body = None

    def begin_body(self):
        self.body = Keeper(self.options.keep)
        self.body_fault = self.server.faults.take(
            "body", "\n".join([self.message.sender, *self.message.addresses]))

    def take_in(self, piece, bare):
        """Keeps a piece of the body; bare: a lone LF in it is an error."""
        self.body.feed(piece)
        if bare and piece.count(b"\n") != piece.count(b"\r\n"):
            self.message.bare_lf = True
        fault = self.body_fault
        if fault is not None and self.body.size >= fault.after:
            self.body_fault = None
            self.suffer(fault, None)

    def finish(self, how):
        """The message is whole: judge, record, answer."""
        message, self.message = self.message, None
        message.how = how
        self.body.close(message)
        self.body = None
        reply = self.judge.content(message)
        command = "\n".join([message.sender, *message.addresses])
        fault = self.server.faults.take("dot", command)
        if fault is not None and not fault.drop_after_accept:
            message.accepted = reply[0] == "2" and not fault.refuses
            message.reply = fault.reply or (None if fault.ends else reply)
        else:
            message.accepted = reply[0] == "2"
            message.reply = None if fault else reply
        self.server.record.add_message(self.seen, message)
        self.note("message", "%s %s size=%d from=<%s> to=%s" % (
            "accepted" if message.accepted else "refused", how, message.size,
            message.sender, ",".join(message.addresses)))
        if fault is not None:
            self.suffer(fault, reply)
        else:
            self.say(reply)
        fault = self.server.faults.take("idle", command)
        if fault is not None:
            self.wire.flush()
            self.suffer(fault, "421 4.4.1 Connection timed out "
                        + self.suffix())

    # ---- the rest -------------------------------------------------------

    def rset(self, rest, text):
        if self.answer("rset", "250 2.0.0 Resetting", text):
            self.message = self.body = None

    def noop(self, rest, text):
        self.answer("noop", "250 2.0.0 OK", text)

    def quit(self, rest, text):
        self.seen.quit = True
        self.answer("quit", "221 2.0.0 Service closing transmission channel",
                    text)
        raise End()

    HANDLERS = {"EHLO": ehlo, "HELO": ehlo, "STARTTLS": starttls,
                "AUTH": auth, "MAIL": mail, "RCPT": rcpt, "DATA": data,
                "BDAT": bdat, "RSET": rset, "NOOP": noop, "QUIT": quit}
