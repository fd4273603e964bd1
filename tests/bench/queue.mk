# Measurements of the store; built by hand: make tests/bench/pagesize
EXTRA_PROGRAMS += tests/bench/deepqueue tests/bench/pagesize

queue_bench_libs = libqueue.a libcommon.a $(SQLITE_LIBS) $(ZLIB_LIBS) \
	$(LIBBSD_LIBS)

tests_bench_deepqueue_LDADD = $(queue_bench_libs)
tests_bench_pagesize_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_bench_pagesize_LDADD = $(queue_bench_libs)
