/* SPDX-License-Identifier: ISC */
/* SipHash-2-4, as its paper has it: little-endian on every machine. */
#include "config.h"

#include "common/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
word(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	while (n-- > 0)
		w = w << 8 | p[n];
	return w;
}

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(struct state *s, unsigned rounds)
{
	for (; rounds > 0; rounds--) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static void
take(struct state *s, uint64_t w)
{
	s->v3 ^= w;
	mix(s, 2);
	s->v0 ^= w;
}

uint64_t
siphash(const uint8_t key[SIPHASH_KEY], const void *p, size_t n)
{
	uint64_t k0 = word(key, 8), k1 = word(key + 8, 8);
	struct state s = { k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573) };
	const uint8_t *from = p;
	uint64_t length = (uint64_t)n << 56;

	for (; n >= 8; from += 8, n -= 8)
		take(&s, word(from, 8));
	take(&s, length | word(from, n));
	s.v2 ^= 0xff;
	mix(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
