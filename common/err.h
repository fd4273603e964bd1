/* SPDX-License-Identifier: ISC */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/*
 * The one error value of the project.  It is owned by the caller and of fixed
 * size, so that reporting a failure can never itself fail.  The same value
 * serves the log line, the reason in mailq, the decision to retry and the text
 * of a bounce.  A function that fills it returns -1 (or NULL); one that
 * succeeds leaves it alone.
 */

enum err_class {
	ERR_NONE,
	ERR_TEMP, /* try again later; whatever is not known belongs here */
	ERR_PERM, /* will never work: 5yz, a malformed address */
	ERR_LOCAL /* ours: configuration or a bug; keep mail, tell the admin */
};

#define ERR_STATUS_MAX 12  /* RFC 3463: three numbers of up to 3 digits */
#define ERR_TEXT_MAX   512 /* what of a remote reply is kept */

struct err {
	enum err_class class;
	char status[ERR_STATUS_MAX]; /* RFC 3463 code, such as "4.4.2" */
	char text[ERR_TEXT_MAX];
};

/* Makes *e empty. */
void err_clear(struct err *e);

/*
 * Fills *e and returns -1, so that a caller can "return err_set(...)".  Text
 * beyond ERR_TEXT_MAX is cut.  e may be NULL where nobody wants the reason.
 */
int err_set(struct err *e, enum err_class class, const char *status,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* err_set with ": " and the text of errno at the end. */
int err_errno(struct err *e, enum err_class class, const char *status,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * What an error of the system means: ERR_LOCAL for a name or a right that only
 * an administrator mends, ERR_TEMP for all else, which may pass.
 */
enum err_class err_class_of(int error);

/* Puts text in front of what stands in *e ("opening queue: ..."); -1. */
int err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef ANALYSER
/*
 * Static analysers read one file at a time; "./dev check" tells them here what
 * these return, or they follow paths on which a failure was no failure.
 */
#define err_set(...)    (err_set(__VA_ARGS__), -1)
#define err_errno(...)  (err_errno(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
#endif

#endif
