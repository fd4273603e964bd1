/* SPDX-License-Identifier: ISC */
/* mailchute queue for people: headings, rows, and how much is kept of them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/groups.h"

#define NOW     1700000000
#define S(text) (char *)(uintptr_t)(text)
#define COLUMNS "  ID             AGE   SIZE    NEXT  FROM -> TO\n"
#define GAP     "                                     "

static struct {
	char *text;
	size_t n;
	FILE *to;
	struct groups *g;
} rig;

static void
begin(size_t octets_max)
{
	rig.to = open_memstream(&rig.text, &rig.n);
	rig.g = groups_new(rig.to, NOW, octets_max);
}

/* The whole output, or (NULL) whatever it is. */
static void
end(const char *want, uint64_t rows)
{
	assert_int_equal(groups_print(rig.g), rows);
	groups_free(rig.g);
	fclose(rig.to);
	if (want != NULL)
		assert_string_equal(rig.text, want);
	free(rig.text);
}

static struct ctl_message
message(const char *id, int64_t age)
{
	return (struct ctl_message){ .id = S(id),
		.sender = S("root@a.example"),
		.size = 281,
		.arrived_at = NOW - age };
}

static void
add(const struct ctl_message *m, const char *to, const char *text)
{
	const struct ctl_recipient r = { .address = S(to),
		.state = S("queued"),
		.code = text == NULL ? 0 : 450,
		.status = S("4.2.1"),
		.text = S(text),
		.meaning = text == NULL ? NULL : S("Too much mail at once."),
		.fix = text == NULL ? NULL : S("Wait."),
		.next_at = NOW + 90 };

	groups_add(rig.g, m, &r);
}

static void
nothing_has_no_heading(void **state)
{
	(void)state;
	begin(1000);
	end("", 0);
}

static void
a_row_tells_it_all(void **state)
{
	struct ctl_message m = message("01A20B2D67C4", 5);
	const struct ctl_recipient held = { .address = S("c@b.example"),
		.original = S("carol"),
		.state = S("held") };

	(void)state;
	m.sender = S("");
	begin(1000);
	groups_add(rig.g, &m, &held);
	end("held\n" COLUMNS
	    "  01A20B2D67C4    5s   281B       -  <> -> c@b.example (for "
	    "carol)\n",
	    1);
}

/* Wherever they stand: two causes in each message are two headings in all. */
static void
equal_causes_have_one_heading(void **state)
{
	struct ctl_message m[2] = { message("01A20B2D67C4", 7200),
		message("01A20B2D67C9", 60) };
	size_t i;

	(void)state;
	begin(10000);
	for (i = 0; i < 2; i++) {
		add(&m[i], "a@b.example", "450 4.2.1 Slower");
		add(&m[i], "b@b.example", NULL);
		add(&m[i], "c@b.example", "450 4.2.1 Slower");
	}
	end("queued: 450 4.2.1 Slower\n"
	    "  means   Too much mail at once.\n"
	    "  do      Wait.\n" COLUMNS
	    "  01A20B2D67C4    2h   281B   in 1m  root@a.example -> "
	    "a@b.example\n" GAP "-> c@b.example\n"
	    "  01A20B2D67C9    1m   281B   in 1m  root@a.example -> "
	    "a@b.example\n" GAP "-> c@b.example\n"
	    "\n"
	    "queued\n" COLUMNS
	    "  01A20B2D67C4    2h   281B   in 1m  root@a.example -> "
	    "b@b.example\n"
	    "  01A20B2D67C9    1m   281B   in 1m  root@a.example -> "
	    "b@b.example\n",
	    6);
}

static size_t
count(const char *part)
{
	const char *at = rig.text;
	size_t n = 0;

	while ((at = strstr(at, part)) != NULL) {
		n++;
		at++;
	}
	return n;
}

/* What is kept is printed when it is much, and nothing is lost or told twice.
 */
/* What Exchange Online puts behind its words is another each time. */
static void
marks_for_support_part_nothing(void **state)
{
	struct ctl_message m = message("01A20B2D67C4", 60);

	(void)state;
	begin(10000);
	add(&m, "a@b.example",
	    "4.2.1 Slower [A.B.C 2026-11-23T11:12:20.123Z 08DE2A6028D26C22]");
	add(&m, "b@b.example",
	    "4.2.1 Slower [D.E.F 2026-11-23T11:12:21.456Z 08DE2A6028D26C23]");
	assert_int_equal(groups_print(rig.g), 2);
	fflush(rig.to);
	/* One heading, with the words of the first whole. */
	assert_int_equal(strncmp(rig.text,
			     "queued: 450 4.2.1 Slower [A.B.C "
			     "2026-11-23T11:12:20.123Z 08DE2A6028D26C22]\n",
			     74),
	    0);
	assert_null(strstr(rig.text + 1, "queued"));
	end(NULL, 2);
}

/* Two hundred held for one cause are a heading with their number. */
static void
many_of_one_cause_are_a_number(void **state)
{
	struct ctl_message m;
	char id[16];
	size_t i;

	(void)state;
	begin(10000000);
	for (i = 0; i < 200; i++) {
		snprintf(id, sizeof(id), "%012zX", i);
		m = message(id, 60 + i);
		add(&m, "a@b.example", "450 4.2.1 Slower");
		if (i < GROUPS_LISTED)
			add(&m, "b@b.example", NULL);
		if (i == 7)
			add(&m, "c@b.example", "450 4.2.1 Slower");
	}
	assert_int_equal(groups_print(rig.g), 221);
	fflush(rig.to);
	assert_int_equal(count("queued, 200 messages: 450 4.2.1 Slower\n"), 1);
	assert_int_equal(
	    count("  which   000000000000 to 0000000000C7, 54K, to "
		  "201 recipients; the oldest is 4m old; mailq "
		  "lists each\n  next    in 1m\n"),
	    1);
	assert_int_equal(count("a@b.example"), 0);
	/* As many as are listed are. */
	assert_int_equal(count("b@b.example\n"), GROUPS_LISTED);
	end(NULL, 221);
}

static void
a_long_listing_is_printed_in_parts(void **state)
{
	struct ctl_message m;
	char id[16], text[32];
	size_t i;

	(void)state;
	begin(100 * 80);
	for (i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%012zX", i);
		snprintf(text, sizeof(text), "450 4.2.1 Slower %zu", i % 50);
		m = message(id, 1);
		add(&m, "a@b.example", text);
	}
	fflush(rig.to);
	/* Most of it is out already. */
	assert_in_range(count("@b.example"), 800, 999);
	assert_int_equal(groups_print(rig.g), 1000);
	fflush(rig.to);
	assert_int_equal(count("a@b.example\n"), 1000);
	assert_in_range(count("queued: 450"), 100, 1000);
	end(NULL, 1000);
}

static void
causes_without_number_are_printed_too(void **state)
{
	struct ctl_message m = message("01A20B2D67C4", 1);
	char text[16];
	size_t i;

	(void)state;
	begin(10000000);
	for (i = 0; i < 2 * GROUPS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "450 cause %zu", i);
		add(&m, "a@b.example", text);
	}
	assert_int_equal(groups_print(rig.g), 2 * GROUPS_MAX + 1);
	fflush(rig.to);
	assert_int_equal(count("queued: 450 cause"), 2 * GROUPS_MAX + 1);
	end(NULL, 2 * GROUPS_MAX + 1);
}

static void
nothing_steers_the_terminal(void **state)
{
	struct ctl_message m = message("01A20B2D67C4", 1);

	(void)state;
	m.sender = S("a\033[2J@b");
	begin(1000);
	add(&m, "b\r\n@c\x9b", "450 \033[31mred");
	end("queued: 450 \\x1b[31mred\n"
	    "  means   Too much mail at once.\n"
	    "  do      Wait.\n" COLUMNS
	    "  01A20B2D67C4    1s   281B   in 1m  a\\x1b[2J@b -> "
	    "b\\x0d\\x0a@c\\x9b\n",
	    1);
}

static void
assert_totals(const struct ctl_totals *t, bool has_rows, const char *want)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	groups_print_totals(to, t, NOW, has_rows);
	fclose(to);
	assert_string_equal(text, want);
	free(text);
}

static void
the_whole_queue_is_summed_up(void **state)
{
	struct ctl_totals t = { .messages = 0 };

	(void)state;
	assert_totals(&t, false, "The queue is empty.\n");
	t.messages = 1;
	t.octets = 281;
	t.oldest_at = NOW - 7200;
	assert_totals(&t, true, "\n1 message of 281B; the oldest is 2h old.\n");
	t.messages = 12;
	t.held = 3;
	t.uncertain = 1;
	t.own_only = true;
	assert_totals(&t, true,
	    "\nThe whole queue: 12 messages of 281B, 3 held, 1 uncertain; the "
	    "oldest is 2h old.\n");
	t.held = t.uncertain = 0;
	t.paused = t.delivery_off = t.no_daemon = true;
	assert_totals(&t, false,
	    "None of your messages waits.\n"
	    "The whole queue: 12 messages of 281B; the oldest is 2h old.\n"
	    "Delivery is paused; \"mailchute resume\" ends that.\n"
	    "Delivery is off (queue.delivery = off).\n"
	    "mailchuted is not running; nothing goes out until it is.\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_has_no_heading),
		cmocka_unit_test(a_row_tells_it_all),
		cmocka_unit_test(equal_causes_have_one_heading),
		cmocka_unit_test(marks_for_support_part_nothing),
		cmocka_unit_test(many_of_one_cause_are_a_number),
		cmocka_unit_test(a_long_listing_is_printed_in_parts),
		cmocka_unit_test(causes_without_number_are_printed_too),
		cmocka_unit_test(nothing_steers_the_terminal),
		cmocka_unit_test(the_whole_queue_is_summed_up),
	};

	return cmocka_run_group_tests_name("admin_groups", tests, NULL, NULL);
}
