# unit tests of sendmail/
