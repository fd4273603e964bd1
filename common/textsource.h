/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TEXTSOURCE_H
#define COMMON_TEXTSOURCE_H

#include "common/buf.h"
#include "common/source.h"

/* A text in memory as a source: for messages that are our own. */
struct textsource {
	const struct buf *text; /* outlives it, unchanged */
	size_t at;
};

/* From the first octet on; t is the source's, as long as that is used. */
struct source textsource_begin(struct textsource *t, const struct buf *text);

#endif
