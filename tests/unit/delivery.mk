# unit tests of delivery/
