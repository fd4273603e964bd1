/* SPDX-License-Identifier: ISC */
/* The conversation with the daemon, whose part a forked child plays. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/submit.h"
#include "common/xalloc.h"
#include "common/sysexit.h"

/* Long enough never to strike by accident, and what must strike is short. */
#define PATIENT \
	{ \
		60000, 60000, 60000 \
	}
#define HASTY \
	{ \
		50, 50, 50 \
	}

/* ---- a message of any length ---- */

struct sample {
	uint64_t left, size;
	bool can_rewind;
	uint64_t fails_at; /* octets left when reading fails; 0: never */
};

static ssize_t
sample_read(void *arg, void *p, size_t n, struct err *e)
{
	struct sample *s = arg;

	if (s->fails_at != 0 && s->left <= s->fails_at)
		return err_set(e, ERR_LOCAL, "5.3.0", "the disk is gone");
	if (n > s->left)
		n = (size_t)s->left;
	memset(p, 'x', n);
	s->left -= n;
	return (ssize_t)n;
}

static int
sample_rewind(void *arg, struct err *e)
{
	struct sample *s = arg;

	if (!s->can_rewind)
		return err_set(e, ERR_TEMP, "4.3.0", "a pipe");
	s->left = s->size;
	return 0;
}

/* ---- the daemon's part ----------------------------------------------------
 */

enum move {
	END,
	GREET,
	READ_ALL,      /* until END has come */
	READ_ENVELOPE, /* its frame alone */
	READ_BEYOND,   /* more than the client keeps in memory */
	ACCEPT,
	REFUSE_TEMP,
	REFUSE_LARGE,
	REFUSE_LOCAL,
	BABBLE, /* what is no frame of ours */
	GREET_TWICE,
	GREET_OLDER, /* it lacks the message's version */
	GREET_NEWER, /* it knows more, and has more to tell */
	HANG,        /* until the client goes away */
	CLOSE_READING
};

static void
say(int fd, struct buf *b)
{
	struct err e;

	/* The client may be gone: that is for it to tell. */
	(void)frame_send(fd, b, clock_mono_ms() + 60000, &e);
	buf_truncate(b, 0);
}

static void
read_until(struct frame_reader *r, uint8_t type)
{
	struct frame f;
	struct err e;

	while (frame_recv(r, &f, clock_mono_ms() + 60000, &e) == 1)
		if (f.type == type)
			return;
}

static void
read_beyond_memory(struct frame_reader *r)
{
	size_t left = PARCEL_MEMORY + 1;
	struct frame f;
	struct err e;

	while (left > 0 && frame_recv(r, &f, clock_mono_ms() + 60000, &e) == 1)
		if (f.type == SUBMIT_DATA)
			left -= f.len < left ? f.len : left;
}

static void
refuse(struct buf *b, enum err_class class, const char *status)
{
	struct err why;

	err_set(&why, class, status, "no");
	submit_put_refused(b, &why);
}

static void
greet(struct buf *b, enum move how)
{
	ssize_t start = frame_begin(b, SUBMIT_GREETING);

	field_put_u64(b, SF_VERSION,
	    SUBMIT_VERSION + (how == GREET_NEWER) - (how == GREET_OLDER));
	field_put_u64(b, SF_SIZE_MAX, 0);
	if (how == GREET_NEWER)
		field_put_str(b, 200, "more"); /* which is not for us */
	frame_end(b, start);
	if (how == GREET_TWICE)
		greet(b, GREET);
}

static void
play(int fd, const enum move *m)
{
	struct pollfd gone = { .fd = fd, .events = 0 };
	struct frame_reader r;
	struct buf b;

	frame_reader_init(&r, fd);
	buf_init(&b, 4096);
	for (; *m != END; m++) {
		switch (*m) {
		case GREET_TWICE:
		case GREET:
		case GREET_OLDER:
		case GREET_NEWER:
			greet(&b, *m);
			break;
		case READ_ALL:
			read_until(&r, SUBMIT_END);
			break;
		case READ_ENVELOPE:
			read_until(&r, SUBMIT_ENVELOPE);
			break;
		case READ_BEYOND:
			read_beyond_memory(&r);
			break;
		case ACCEPT:
			submit_put_accepted(&b, "0193A0B1C2D3");
			break;
		case REFUSE_TEMP:
			refuse(&b, ERR_TEMP, "4.3.1");
			break;
		case REFUSE_LARGE:
			refuse(&b, ERR_PERM, "5.3.4");
			break;
		case REFUSE_LOCAL:
			refuse(&b, ERR_LOCAL, "5.3.0");
			break;
		case BABBLE:
			buf_puts(&b, "\377\377\377\377\377hello");
			break;
		case HANG:
			(void)poll(&gone, 1, -1);
			break;
		case CLOSE_READING:
			shutdown(fd, SHUT_RD);
			break;
		case END:
			break;
		}
		if (b.len > 0)
			say(fd, &b);
	}
}

/* ---- the cases ------------------------------------------------------------
 */

#define KIB 1024
#define MIB (1024 * KIB)

static const struct {
	const char *name;
	struct sample sample;
	enum move moves[5];
	struct submit_limits limits;
	enum submit_outcome outcome;
	const char *text; /* part of the reason; "a|b": one of the two */
	int status;       /* of a refusal or failure */
	bool can_rewind;  /* afterwards, for the drop folder */
} cases[] = {
	{ "accepted", { .size = 2 * KIB }, { GREET, READ_ALL, ACCEPT }, PATIENT,
	    SUBMIT_OUT_QUEUED, NULL, 0, true },
	{ "an empty message", { .size = 0 }, { GREET, READ_ALL, ACCEPT },
	    PATIENT, SUBMIT_OUT_QUEUED, NULL, 0, true },
	{ "greeted after all was sent", { .size = 2 * KIB },
	    { READ_ALL, GREET, ACCEPT }, PATIENT, SUBMIT_OUT_QUEUED, NULL, 0,
	    true },
	{ "memory and no more", { .size = PARCEL_MEMORY },
	    { GREET, READ_ALL, ACCEPT }, PATIENT, SUBMIT_OUT_QUEUED, NULL, 0,
	    true },
	{ "large", { .size = 5 * MIB + 1 }, { GREET, READ_ALL, ACCEPT },
	    PATIENT, SUBMIT_OUT_QUEUED, NULL, 0, false },
	{ "refused at the end", { .size = 2 * KIB },
	    { GREET, READ_ALL, REFUSE_TEMP }, PATIENT, SUBMIT_OUT_REFUSED, "no",
	    75, true },
	{ "refused early", { .size = 50 * MIB },
	    { GREET, READ_ENVELOPE, REFUSE_LARGE, HANG }, PATIENT,
	    SUBMIT_OUT_REFUSED, "no", 69, false },
	{ "refused early and closed", { .size = 50 * MIB },
	    { GREET, READ_ENVELOPE, REFUSE_LARGE }, PATIENT, SUBMIT_OUT_REFUSED,
	    "no", 69, false },
	{ "refused for a fault of the daemon's", { .size = 2 * KIB },
	    { GREET, READ_ALL, REFUSE_LOCAL }, PATIENT, SUBMIT_OUT_REFUSED,
	    "no", 75, true },
	{ "refused before a greeting", { .size = 2 * KIB },
	    { READ_ENVELOPE, REFUSE_TEMP }, PATIENT, SUBMIT_OUT_UNANSWERED,
	    "malformed", 0, true },
	{ "an older daemon", { .size = 5 * MIB },
	    { READ_ENVELOPE, GREET_OLDER, REFUSE_TEMP }, PATIENT,
	    SUBMIT_OUT_UNANSWERED, "restart mailchuted", 0, true },
	{ "a newer daemon", { .size = 5 * MIB },
	    { GREET_NEWER, READ_ALL, ACCEPT }, PATIENT, SUBMIT_OUT_QUEUED, NULL,
	    0, false },
	{ "no greeting", { .size = 2 * KIB }, { HANG }, HASTY,
	    SUBMIT_OUT_UNANSWERED, "does not greet", 0, true },
	{ "no greeting for a large one", { .size = 5 * MIB }, { HANG }, HASTY,
	    SUBMIT_OUT_UNANSWERED, "does not greet", 0, true },
	{ "no greeting, but reads", { .size = 5 * MIB },
	    { READ_ENVELOPE, READ_ALL }, HASTY, SUBMIT_OUT_UNANSWERED,
	    "does not greet", 0, true },
	{ "closed at once", { .size = 2 * KIB }, { END }, PATIENT,
	    SUBMIT_OUT_UNANSWERED, "mailchuted", 0, true },
	{ "closed behind the greeting", { .size = 2 * KIB },
	    { GREET, READ_ENVELOPE }, PATIENT, SUBMIT_OUT_UNANSWERED,
	    "mailchuted", 0, true },
	{ "closed in the middle", { .size = 50 * MIB }, { GREET, READ_BEYOND },
	    PATIENT, SUBMIT_OUT_UNANSWERED, "mailchuted", 0, false },
	{ "closed in the middle of a file",
	    { .size = 50 * MIB, .can_rewind = true }, { GREET, READ_BEYOND },
	    PATIENT, SUBMIT_OUT_UNANSWERED, "mailchuted", 0, true },
	{ "closed instead of an answer", { .size = 2 * KIB },
	    { GREET, READ_ALL }, PATIENT, SUBMIT_OUT_UNANSWERED, "closed", 0,
	    true },
	{ "takes no more", { .size = 50 * MIB }, { GREET, HANG },
	    { 60000, 60000, 50 }, SUBMIT_OUT_UNANSWERED,
	    "does not take the message", 0, true },
	{ "shut for reading", { .size = 50 * MIB },
	    { GREET, READ_BEYOND, CLOSE_READING, HANG }, { 60000, 60000, 50 },
	    SUBMIT_OUT_UNANSWERED, "takes nothing more|does not take", 0,
	    false },
	{ "no answer", { .size = 2 * KIB }, { GREET, READ_ALL, HANG },
	    { 60000, 60000, 50 }, SUBMIT_OUT_UNANSWERED, "does not answer", 0,
	    true },
	{ "babble for a greeting", { .size = 2 * KIB }, { BABBLE, HANG },
	    PATIENT, SUBMIT_OUT_UNANSWERED, "no answer", 0, true },
	{ "babble for an answer", { .size = 2 * KIB },
	    { GREET, READ_ALL, BABBLE, HANG }, PATIENT, SUBMIT_OUT_UNANSWERED,
	    "no answer", 0, true },
	{ "two greetings", { .size = 2 * KIB }, { GREET_TWICE, HANG }, PATIENT,
	    SUBMIT_OUT_UNANSWERED, "malformed", 0, true },
	{ "accepted too early", { .size = 50 * MIB },
	    { GREET, READ_BEYOND, ACCEPT, HANG }, PATIENT,
	    SUBMIT_OUT_UNANSWERED, "before its end", 0, false },
	{ "the input breaks",
	    { .size = 5 * MIB, .fails_at = 3 * MIB, .can_rewind = true },
	    { GREET, READ_ALL }, PATIENT, SUBMIT_OUT_FAILED, "the disk is gone",
	    66, true },
};

static void
make_parcel(const struct sample *from, struct sample *s, struct envelope *env,
    struct parcel **p)
{
	const struct submit_head head = { { 1, 2, 3 }, 1700000000,
		SUBMIT_VERSION };
	struct source source = { sample_read, sample_rewind, s };
	struct err e;

	*s = *from;
	s->left = s->size;
	envelope_init(env);
	env->sender = xstrdup("a@b.example");
	envelope_add(env, "c@d.example");
	*p = parcel_new(&head, env, &source, SIZE_LIMIT_NONE);
	assert_int_equal(parcel_fill(*p, &e), 0);
}

static bool
says(const char *text, const char *expected)
{
	char *either, *both, *rest;
	bool found = expected == NULL;

	if (found)
		return true;
	rest = both = xstrdup(expected);
	while (!found && (either = strsep(&rest, "|")) != NULL)
		found = strstr(text, either) != NULL;
	free(both);
	return found;
}

static void
run_case(size_t i)
{
	char id[QUEUE_ID_LEN + 1] = "";
	struct sample sample;
	struct envelope env;
	struct parcel *p;
	struct err e;
	enum submit_outcome out;
	struct submit_link l = { .version = 0 };
	int fd[2], status;
	pid_t child;

	make_parcel(&cases[i].sample, &sample, &env, &p);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		close(fd[0]);
		play(fd[1], cases[i].moves);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	err_clear(&e);
	l.fd = fd[0];
	out = submit_over(&l, p, &cases[i].limits, id, &e);
	close(fd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (out != cases[i].outcome)
		fail_msg("%s: outcome %d (%s), expected %d", cases[i].name, out,
		    e.text, cases[i].outcome);
	if (!says(e.text, cases[i].text))
		fail_msg("%s: text \"%s\"", cases[i].name, e.text);
	if (cases[i].status != 0 && sysexit_of(&e) != cases[i].status)
		fail_msg("%s: status %d", cases[i].name, sysexit_of(&e));
	if (out == SUBMIT_OUT_QUEUED)
		assert_string_equal(id, "0193A0B1C2D3");
	/* What the drop folder needs next; a refusal is final. */
	if (out == SUBMIT_OUT_UNANSWERED &&
	    (parcel_rewind(p, &e) == 0) != cases[i].can_rewind)
		fail_msg("%s: rewinding", cases[i].name);
	parcel_free(p);
	envelope_clear(&env);
}

static void
conversations(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
}

/* ---- connecting -----------------------------------------------------------
 */

static void
nobody_listens(void **state)
{
	const struct sample small = { .size = 10 };
	const struct submit_limits limits = HASTY;
	char id[QUEUE_ID_LEN + 1], folder[] = "/tmp/submit-test-XXXXXX";
	char path[64], longer[200];
	struct sample sample;
	struct envelope env;
	struct parcel *p;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/submit", folder);
	make_parcel(&small, &sample, &env, &p);
	assert_int_equal(
	    submit_to(path, p, &limits, id, &e), SUBMIT_OUT_UNANSWERED);
	assert_non_null(strstr(e.text, path));
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(
	    submit_to(longer, p, &limits, id, &e), SUBMIT_OUT_UNANSWERED);
	assert_non_null(strstr(e.text, "too long"));
	parcel_free(p);
	envelope_clear(&env);
	rmdir(folder);
}

/* A daemon that hangs leaves its backlog full. */
static void
the_backlog_is_full(void **state)
{
	const struct sample small = { .size = 10 };
	const struct submit_limits limits = HASTY;
	char id[QUEUE_ID_LEN + 1], folder[] = "/tmp/submit-test-XXXXXX";
	struct sockaddr_un sun;
	struct sample sample;
	struct envelope env;
	struct parcel *p;
	struct err e;
	int fd, filler;

	(void)state;
	assert_non_null(mkdtemp(folder));
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/submit", folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 0), 0);
	filler = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(filler, (struct sockaddr *)&sun, sizeof(sun)), 0);
	make_parcel(&small, &sample, &env, &p);
	assert_int_equal(
	    submit_to(sun.sun_path, p, &limits, id, &e), SUBMIT_OUT_UNANSWERED);
	assert_non_null(strstr(e.text, "cannot reach"));
	parcel_free(p);
	envelope_clear(&env);
	close(filler);
	close(fd);
	unlink(sun.sun_path);
	rmdir(folder);
}

/* ---- the answer as an exit status ------------------------------------------
 */

static void
exit_statuses(void **state)
{
	static const struct {
		enum err_class class;
		const char *status;
		int expected;
	} table[] = { { ERR_TEMP, "4.3.1", 75 }, { ERR_TEMP, "5.1.1", 75 },
		{ ERR_PERM, "5.1.1", 65 }, { ERR_PERM, "5.1.7", 65 },
		{ ERR_PERM, "5.2.3", 69 }, { ERR_PERM, "5.3.4", 69 },
		{ ERR_PERM, "5.5.0", 70 }, { ERR_PERM, "5.5.3", 65 },
		{ ERR_PERM, "5.5.4", 64 }, { ERR_PERM, "5.6.0", 65 },
		{ ERR_PERM, "5.7.1", 77 }, { ERR_PERM, "5.0.0", 69 },
		{ ERR_PERM, "", 69 }, { ERR_LOCAL, "5.3.0", 66 },
		{ ERR_LOCAL, "4.3.0", 75 }, { ERR_NONE, "", 75 } };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		err_set(&e, table[i].class, table[i].status, "x");
		if (sysexit_of(&e) != table[i].expected)
			fail_msg("%d %s: %d", table[i].class, table[i].status,
			    sysexit_of(&e));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(the_backlog_is_full),
		cmocka_unit_test(exit_statuses),
	};

	return cmocka_run_group_tests_name("submit", tests, NULL, NULL);
}
