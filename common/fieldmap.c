/* SPDX-License-Identifier: ISC */
/*
 * Structs to fields and back, by tables.  What is read here was often written
 * by a process that has read a remote server's bytes: nothing is taken that is
 * not in its table and within its bounds.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/fieldmap.h"

static uint64_t
load_number(const void *at, size_t size)
{
	const uint8_t *octet = at;
	unsigned word;
	uint64_t v;

	if (size == sizeof(bool))
		return *octet;
	if (size == sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		return word;
	}
	assert(size == sizeof(v));
	memcpy(&v, at, sizeof(v));
	return v;
}

static void
store_number(void *at, size_t size, uint64_t v)
{
	uint8_t octet = (uint8_t)v;
	unsigned word = (unsigned)v;

	if (size == sizeof(bool))
		memcpy(at, &octet, sizeof(octet));
	else if (size == sizeof(word))
		memcpy(at, &word, sizeof(word));
	else
		memcpy(at, &v, sizeof(v));
}

static int
put_list(struct buf *b, uint8_t tag, const struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (field_put_str(b, tag, l->v[i]) == -1)
			return -1;
	return 0;
}

static int
put_item(struct buf *b, const struct fieldmap_item *it, const void *from)
{
	const char *at = (const char *)from + it->offset;
	const char *s;

	switch (it->kind) {
	case FIELD_STRING:
		memcpy(&s, at, sizeof(s));
		return s == NULL ? 0 : field_put_str(b, it->tag, s);
	case FIELD_TEXT:
		return field_put_str(b, it->tag, at);
	case FIELD_NUMBER:
		return field_put_u64(b, it->tag, load_number(at, it->size));
	case FIELD_LIST:
		return put_list(b, it->tag, (const void *)at);
	}
	return -1;
}

int
fieldmap_put(struct buf *b, const struct fieldmap_item *items, size_t n,
    const void *from)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (put_item(b, &items[i], from) == -1)
			return -1;
	return 0;
}

int
fieldmap_malformed(struct err *e, const char *what, unsigned tag)
{
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "our own programs do not understand one another: %s in field %u; "
	    "restart mailchuted if it was just upgraded",
	    what, tag);
}

int
fieldmap_version(const struct frame *f, uint64_t *version, struct err *e)
{
	struct field_walk w;
	struct field x;

	field_walk_init(&w, f);
	if (field_next(&w, &x) == 1 && x.tag == 1 &&
	    field_u64(&x, version) == 0)
		return 0;
	return fieldmap_malformed(e, "no version", 1);
}

static int
get_item(const struct fieldmap_item *it, const struct field *x, void *into,
    struct err *e)
{
	char *at = (char *)into + it->offset;
	uint64_t v;
	char *s;

	if (it->kind == FIELD_NUMBER) {
		if (field_u64(x, &v) == -1 || v < it->min || v > it->max)
			return fieldmap_malformed(
			    e, "a number out of bounds", x->tag);
		store_number(at, it->size, v);
		return 0;
	}
	if ((s = field_str(x)) == NULL)
		return fieldmap_malformed(e, "a NUL", x->tag);
	if (it->kind == FIELD_STRING) {
		memcpy(at, &s, sizeof(s)); /* now the struct's */
		return 0;
	}
	if (it->kind == FIELD_LIST) {
		strlist_add((void *)at, s);
	} else if (strlcpy(at, s, it->size) >= it->size) {
		free(s);
		return fieldmap_malformed(e, "too long a text", x->tag);
	}
	free(s);
	return 0;
}

int
fieldmap_take(
    struct fieldmap *m, size_t n, const struct field *x, struct err *e)
{
	const struct fieldmap_item *it;
	uint64_t bit;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < m[i].n && m[i].items[j].tag != x->tag; j++)
			;
		if (j == m[i].n)
			continue;
		it = &m[i].items[j];
		bit = UINT64_C(1) << j;
		if (it->kind != FIELD_LIST && (m[i].seen & bit) != 0)
			return fieldmap_malformed(e, "a second value", x->tag);
		m[i].seen |= bit;
		return get_item(it, x, m[i].into, e);
	}
	return 1;
}

int
fieldmap_finish(const struct fieldmap *m, size_t n, struct err *e)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < m[i].n; j++)
			if (m[i].items[j].required &&
			    (m[i].seen & UINT64_C(1) << j) == 0)
				return fieldmap_malformed(
				    e, "no value", m[i].items[j].tag);
	}
	return 0;
}

int
fieldmap_get(const struct frame *f, struct fieldmap *m, size_t n, struct err *e)
{
	struct field_walk w;
	struct field x;
	int got;

	field_walk_init(&w, f);
	while ((got = field_next(&w, &x)) == 1) {
		got = fieldmap_take(m, n, &x, e);
		if (got == 1)
			return fieldmap_malformed(e, "an unknown tag", x.tag);
		if (got == -1)
			return -1;
	}
	if (got == -1)
		return fieldmap_malformed(e, "a wrong length", 0);
	return fieldmap_finish(m, n, e);
}

void
fieldmap_clear(const struct fieldmap_item *items, size_t n, void *into)
{
	size_t i;
	char *at, *s;

	for (i = 0; i < n; i++) {
		at = (char *)into + items[i].offset;
		if (items[i].kind == FIELD_LIST)
			strlist_clear((void *)at);
		if (items[i].kind != FIELD_STRING)
			continue;
		memcpy(&s, at, sizeof(s));
		free(s);
		s = NULL;
		memcpy(at, &s, sizeof(s));
	}
}
