/* SPDX-License-Identifier: ISC */
/*
 * seccomp: calls whose arguments decide.  All our confined processes have one
 * uid, and some have a descriptor in common, the log's above all; so what one
 * of them may ask of a call is what it needs for itself.  A process that was
 * taken over signals no other, and changes no descriptor that others hold as
 * well.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "common/sanitizer.h"
#include "common/syscalls_args.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ARGS_MAX 3

/* clang-format off */
#define SC(name) SCMP_SYS(name)

/*
 * The kernel looks at 32 bits of what is an int, and whoever means harm fills
 * the others: an int is one value, or no bits but these.
 */
#define INT(arg, value) { arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, value }
#define BITS(arg, bits) \
	{ arg, SCMP_CMP_MASKED_EQ, UINT32_MAX & ~(scmp_datum_t)(bits), 0 }
#define NONE(arg) { arg, SCMP_CMP_EQ, 0, 0 }

struct rule {
	int call;
	unsigned n;
	struct scmp_arg_cmp arg[ARGS_MAX];
};

/*
 * Not among them: F_SETOWN, F_SETSIG and O_ASYNC, which have the kernel signal
 * anybody of the same uid; locks, leases, seals and sizes of pipes, which others
 * would feel.
 */
#define FCNTL(command) \
	{ SC(fcntl), 1, { INT(1, command) } }, \
	{ SC(fcntl64), 1, { INT(1, command) } }

/* Locks of a libc.  Those that inherit priority are the kernel's hard ones. */
#define FUTEX_MODES (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)
#define FUTEX_OF(call, op) \
	{ call, 1, { { 1, SCMP_CMP_MASKED_EQ, \
	    UINT32_MAX & ~(scmp_datum_t)FUTEX_MODES, op } } }
#define FUTEX(op) FUTEX_OF(SC(futex), op), FUTEX_OF(SC(futex_time64), op)

/* Not among them: MSG_FASTOPEN, which connects. */
#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE | MSG_EOR)

static const struct rule rules_common[] = {
	FCNTL(F_GETFL), FCNTL(F_GETFD), FCNTL(F_SETFD),
	/* What allocators say of memory of their own. */
	{ SC(madvise), 1, { INT(2, MADV_DONTNEED) } },
	{ SC(madvise), 1, { INT(2, MADV_FREE) } },
	FUTEX(FUTEX_WAIT), FUTEX(FUTEX_WAKE),
	FUTEX(FUTEX_WAIT_BITSET), FUTEX(FUTEX_WAKE_BITSET),
	/* To whom the socket is connected, and to nobody else. */
	{ SC(sendto), 2, { BITS(3, SEND_FLAGS), NONE(4) } },
	{ SC(send), 1, { BITS(3, SEND_FLAGS) } },
	/* Our own limits, to read. */
	{ SC(prlimit64), 2, { INT(0, 0), NONE(2) } },
};

/* deliver and token: when what is written leaves, and is acknowledged. */
#define TCP_OPTION(name) \
	{ SC(setsockopt), 2, { INT(1, IPPROTO_TCP), INT(2, name) } }
static const struct rule rules_connection[] = {
	TCP_OPTION(TCP_NODELAY), TCP_OPTION(TCP_QUICKACK),
};

/* smtpd ends what it says to its client, which is its standard output. */
static const struct rule rules_deliver[] = {
	{ SC(shutdown), 1, { INT(0, STDOUT_FILENO) } },
};

/* The memory in which the access token goes is the queue's: sealed by us. */
static const struct rule rules_token[] = {
	FCNTL(F_ADD_SEALS),
};

/* SQLite's locks; and what is sent and received with descriptors. */
#define SET_FLAGS(call) \
	{ call, 2, { INT(1, F_SETFL), BITS(2, O_ACCMODE | O_NONBLOCK) } }
static const struct rule rules_queue[] = {
	FCNTL(F_GETLK), FCNTL(F_SETLK), FCNTL(F_SETLKW),
	SET_FLAGS(SC(fcntl)), SET_FLAGS(SC(fcntl64)),
	{ SC(sendmsg), 1, { BITS(2, SEND_FLAGS) } },
	{ SC(socket), 1, { INT(0, AF_UNIX) } },
	{ SC(socketpair), 1, { INT(0, AF_UNIX) } },
};

/* Memory that is both ours and code would let a break-in bring its own. */
#define NO_CODE { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } }
static const struct rule rules_memory[] = {
	{ SC(mmap), 1, NO_CODE }, { SC(mmap2), 1, NO_CODE },
	{ SC(mprotect), 1, NO_CODE },
};

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | \
	    (O_TMPFILE & ~O_DIRECTORY))
static const struct rule rules_reading[] = {
	{ SC(openat), 1, { { 2, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY } } },
	{ SC(open), 1, { { 1, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY } } },
};
/* clang-format on */

/*
 * A call that this architecture lacks has no number and gets no rule.  One that
 * is allowed whole already keeps that (EEXIST): the sanitizers'.
 */
static int
add_one(scmp_filter_ctx ctx, const struct rule *r)
{
	int rc;

	if (r->call < 0)
		return 0;
	rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, r->call, r->n, r->arg);
	return rc == -EEXIST ? 0 : rc;
}

static int
add(scmp_filter_ctx ctx, const struct rule *rules, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = add_one(ctx, &rules[i]);
	return rc;
}

/*
 * abort(3) and raise(3) are signals to oneself, of which there is one thread.
 * The libc knows that by its process and its thread, or by the thread alone.
 */
static int
add_own_signals(scmp_filter_ctx ctx, pid_t self)
{
	const struct rule rules[] = {
		{ SC(tgkill), 1, { INT(0, (scmp_datum_t)self) } },
		{ SC(tkill), 1, { INT(0, (scmp_datum_t)self) } },
	};

	return add(ctx, rules, COUNT(rules));
}

/*
 * F_SETFL sets what it is given and clears the rest, O_APPEND among it, for
 * whoever else has the descriptor.  So it serves for any but the log's, which
 * is 2 and stays the only one, since nothing here makes another of it.  Any but
 * 2: its bit 1 is clear, or another one is set, of those that ours have.
 */
static int
add_flags(scmp_filter_ctx ctx, int call)
{
	const scmp_datum_t log = STDERR_FILENO;
	struct rule r = { call, 3,
		{ { 0, SCMP_CMP_MASKED_EQ, 1, 0 }, INT(1, F_SETFL),
		    BITS(2, O_ACCMODE | O_NONBLOCK) } };
	scmp_datum_t bit;
	int rc = 0;

	for (bit = 1; bit < 64 && rc == 0; bit <<= 1) {
		r.arg[0].datum_a = bit;
		r.arg[0].datum_b = bit & ~log;
		rc = add_one(ctx, &r);
	}
	return rc;
}

static int
add_profile(scmp_filter_ctx ctx, enum sandbox_profile profile)
{
	int rc;

	if (profile == SANDBOX_QUEUE)
		return add(ctx, rules_queue, COUNT(rules_queue));
	rc = add(ctx, rules_connection, COUNT(rules_connection));
	if (rc == 0)
		rc = add_flags(ctx, SC(fcntl));
	if (rc == 0)
		rc = add_flags(ctx, SC(fcntl64));
	if (rc != 0)
		return rc;
	return profile == SANDBOX_TOKEN
		   ? add(ctx, rules_token, COUNT(rules_token))
		   : add(ctx, rules_deliver, COUNT(rules_deliver));
}

int
syscalls_add_args(scmp_filter_ctx ctx, enum sandbox_profile profile, pid_t self)
{
	int rc = add(ctx, rules_common, COUNT(rules_common));

	if (rc == 0)
		rc = add_own_signals(ctx, self);
	if (rc == 0 && !SANITIZED)
		rc = add(ctx, rules_memory, COUNT(rules_memory));
	if (rc == 0)
		rc = add_profile(ctx, profile);
	return rc;
}

int
syscalls_add_reading(scmp_filter_ctx ctx)
{
	return add(ctx, rules_reading, COUNT(rules_reading));
}
