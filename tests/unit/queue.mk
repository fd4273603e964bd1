# unit tests of queue/
