# How to measure: "./dev bench" for a quick look, README.md for the whole.

EXTRA_PROGRAMS += tests/bench/load
tests_bench_load_LDADD = $(LIBBSD_LIBS)

EXTRA_DIST += tests/bench/README.md tests/bench/guesser.py \
	tests/bench/listener.py tests/bench/ours.sh tests/bench/quick.py
