# Devices: what is known of them, and how it is told.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/control_devices tests/unit/device_store \
	tests/unit/devices tests/unit/knocks tests/unit/whose
tests_unit_whose_CFLAGS = $(queue_test_cflags)
tests_unit_whose_LDADD = $(queue_test_libs)
tests_unit_device_store_SOURCES = tests/unit/device_store.c
tests_unit_device_store_CFLAGS = $(queue_test_cflags)
tests_unit_device_store_LDADD = $(queue_test_libs)
tests_unit_devices_SOURCES = tests/unit/devices.c
tests_unit_devices_CFLAGS = $(queue_test_cflags)
tests_unit_devices_LDADD = $(queue_test_libs)
tests_unit_knocks_SOURCES = tests/unit/knocks.c
tests_unit_knocks_CFLAGS = $(queue_test_cflags)
tests_unit_knocks_LDADD = $(queue_test_libs)
tests_unit_control_devices_SOURCES = tests/unit/control_devices.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_devices_CFLAGS = $(queue_test_cflags)
tests_unit_control_devices_LDADD = $(queue_test_libs)
endif
