# unit tests of mail/
