/* SPDX-License-Identifier: ISC */
#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The form of everything our programs say to one another, on sockets and in
 * drop files (docs/protocol.md):
 *
 *	frame   = type (1 octet) length (4 octets) payload (length octets)
 *	payload = fields | raw bytes, as the type says
 *	field   = tag (1 octet) length (4 octets) value (length octets)
 *
 * Numbers are big-endian.  A number as a field's value is 8 octets.  A reader
 * meets bytes from hostile clients: it never allocates by a length it was
 * told, and a frame or field beyond its bounds is an error that ends the
 * conversation.
 */

#define FRAME_HEAD    5
#define FRAME_MAX     (256 * 1024) /* payload; an envelope of 2,000 recipients */
#define FRAME_RAW_MAX (64 * 1024)  /* payload of a frame of message bytes */

struct frame {
	uint8_t type;
	size_t len;
	const uint8_t *payload; /* points into the bytes given to frame_parse */
};

/*
 * Looks for one whole frame at the start of p.  Returns the octets it takes,
 * 0 when more must come first, or -1 when its length is beyond FRAME_MAX.
 */
ssize_t frame_parse(const void *p, size_t n, struct frame *f);

/*
 * Writing.  frame_begin notes where the frame starts and returns that place
 * for frame_end; between them come fields, or raw bytes by buf_append.  Each
 * returns -1 when the buffer's cap is reached.
 */
ssize_t frame_begin(struct buf *b, uint8_t type);
int frame_end(struct buf *b, ssize_t start);
int frame_put_raw(struct buf *b, uint8_t type, const void *p, size_t n);
int field_put(struct buf *b, uint8_t tag, const void *p, size_t n);
int field_put_str(struct buf *b, uint8_t tag, const char *s);
int field_put_u64(struct buf *b, uint8_t tag, uint64_t v);

/* Walks the fields of a payload. */
struct field {
	uint8_t tag;
	size_t len;
	const uint8_t *value;
};
struct field_walk {
	const uint8_t *p;
	size_t left;
};
void field_walk_init(struct field_walk *w, const struct frame *f);

/* 1 with *f filled, 0 at the end, -1 when the payload is malformed. */
int field_next(struct field_walk *w, struct field *f);

/* A value as a number: -1 unless it is 8 octets. */
int field_u64(const struct field *f, uint64_t *v);

/*
 * A value as text, allocated, for the caller to free: NULL when it holds a
 * NUL.
 */
char *field_str(const struct field *f);

/*
 * Blocking exchange for programs that hold one conversation.  deadline_ms is
 * monotonic (common/clock.h).  frame_send writes all of b and empties it.
 * frame_recv returns 1 with *f pointing into in, valid until the next call
 * with that buffer; 0 when the peer closed between frames; -1 with *e filled.
 * in must be made by buf_init(in, FRAME_RECV_MAX).
 */
#define FRAME_RECV_MAX (2 * (FRAME_MAX + FRAME_HEAD))
struct frame_reader {
	int fd;
	struct buf in;
	size_t used; /* octets of in that frames took already */
};
void frame_reader_init(struct frame_reader *r, int fd);
void frame_reader_clear(struct frame_reader *r); /* does not close fd */
int frame_recv(struct frame_reader *r, struct frame *f, int64_t deadline_ms,
    struct err *e);
int frame_send(int fd, struct buf *b, int64_t deadline_ms, struct err *e);

#endif
