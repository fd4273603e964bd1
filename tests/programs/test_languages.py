# SPDX-License-Identifier: ISC
"""How programs in PHP, Perl and Ruby send mail."""

import pytest

BOB, HIDDEN = "bob@example.com", "hidden@example.com"
TEXT = "hello\n.\nworld\n"
PERL = r'"hello\n.\nworld\n"'
WEB = '"Web (web@example.org)" <alerts@contoso.example>'
ALICE_ELSEWHERE = '"alice@example.org" <alerts@contoso.example>'

PHP = {
    "php-cli": (r'''
mail("bob@example.com", "s", "hello\r\n.\nworld\n",
    "From: Web <web@example.org>\r\nBcc: hidden@example.com",
    "-fweb@example.org") or exit(1);
''', [BOB, HIDDEN]),
    "libphp-phpmailer": (r'''
require "libphp-phpmailer/autoload.php";
$m = new PHPMailer\PHPMailer\PHPMailer(true);
$m->isSendmail();
$m->setFrom("web@example.org", "Web");
$m->addAddress("bob@example.com");
$m->addBCC("hidden@example.com");
$m->Subject = "s";
$m->Body = "hello\n.\nworld";
$m->send() or exit(1);
''', [BOB, HIDDEN]),
}


@pytest.mark.parametrize("package", sorted(PHP))
def test_php(host, judge, package):
    code, rcpts = PHP[package]
    done = host.run("php", "-r", code, user="www-data")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail(package, call, message, to=rcpts, subject="s", author=WEB,
               body=TEXT + "\n?", Reply_To="Web <web@example.org>")


FIELDS = "From => q(alice@example.org), To => q(%s), Subject => q(s)" % BOB


# The third: who gets it.  Email::Stuffer's blind copy is for other mailers: it
# names nobody in argv, and leaves the field in the header.
MODULES = {
    "libmime-lite-perl": (
        "use MIME::Lite; MIME::Lite->new(%s, Bcc => q(%s), Data => %s)"
        "->send or die;" % (FIELDS, HIDDEN, PERL), [BOB, HIDDEN]),
    "libemail-sender-perl": (
        "use Email::Sender::Simple qw(sendmail); use Email::Simple;"
        "sendmail(Email::Simple->create(header => [%s], body => %s));"
        % (FIELDS, PERL), [BOB]),
    "libemail-stuffer-perl": (
        "use Email::Stuffer; Email::Stuffer->from(q(alice@example.org))"
        "->to(q(%s))->bcc(q(%s))->subject(q(s))->text_body(%s)->send or die;"
        % (BOB, HIDDEN, PERL), [BOB]),
    "libmail-box-perl": (
        "use Mail::Message; Mail::Message->build(%s, Bcc => q(%s), data => %s)"
        "->send(via => q(sendmail)) or die;" % (FIELDS, HIDDEN, PERL),
        [BOB, HIDDEN]),
}


@pytest.mark.parametrize("package", sorted(MODULES))
def test_perl(host, judge, package):
    code, rcpts = MODULES[package]
    done = host.run("perl", "-we", code, user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    if package == "libmail-box-perl":  # in the order of a hash, hence any
        call = call._replace(argv=(*call.argv[:2], *sorted(call.argv[2:])))
        message.recipients.sort(key=lambda r: r[0])
    judge.mail(package, call, message, to=rcpts, subject="s", body=TEXT,
               author=ALICE_ELSEWHERE, Reply_To="alice@example.org")


@pytest.mark.parametrize("how", ["Mail::Send", "Mail::Mailer"])
def test_mailtools(host, judge, how):
    """Without -i: what stands behind a lone dot is lost with it."""
    code = {
        "Mail::Send": "use Mail::Send; my $m = Mail::Send->new(To => q(%s),"
        "Subject => q(s)); $m->set(q(From), q(alice@example.org));"
        "$m->bcc(q(%s)); my $f = $m->open(q(sendmail));" % (BOB, HIDDEN),
        "Mail::Mailer": "use Mail::Mailer; my $f = Mail::Mailer->new("
        "q(sendmail)); $f->open({%s, Bcc => q(%s)});" % (
            FIELDS, HIDDEN),
    }[how]
    code += "print $f %s; $f->close or die;" % PERL
    done = host.run("perl", "-we", code, user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("libmailtools-perl, " + how, call, message,
               package="libmailtools-perl", to=[BOB, HIDDEN], subject="s",
               body="hello\n", author=ALICE_ELSEWHERE)


RUBY = r'''
require "mail"
Mail.defaults { delivery_method :sendmail }
Mail.deliver do
  from "Web <web@example.org>"
  to "bob@example.com"
  bcc "hidden@example.com"
  subject "s"
  body "hello\n.\nworld\n"
end
'''


def test_ruby(host, judge):
    done = host.run("ruby", "-e", RUBY, user="www-data")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("ruby-mail", call, message, to=[BOB, HIDDEN], subject="s",
               author=WEB, body=TEXT, Reply_To="Web <web@example.org>")
