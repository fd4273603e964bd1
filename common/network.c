/* SPDX-License-Identifier: ISC */
/* Networks and addresses, without a name service. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/network.h"

#define BITS4 32
#define BITS6 128

/* No larger network was ever given to anybody. */
#define WORLD4 8
#define WORLD6 16

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* ::ffff:192.0.2.0/120 is 192.0.2.0/24. */
static void
unmap(struct network *n)
{
	if (n->family != AF_INET6 || n->bits < 96 ||
	    memcmp(n->address, mapped, sizeof(mapped)) != 0)
		return;
	n->family = AF_INET;
	n->bits -= 96;
	memmove(n->address, n->address + 12, 4);
	memset(n->address + 4, 0, 12);
}

static bool
has_bits_behind(const struct network *n)
{
	unsigned i, all = n->family == AF_INET ? BITS4 : BITS6;

	for (i = n->bits; i < all; i++)
		if ((n->address[i / 8] & 0x80 >> i % 8) != 0)
			return true;
	return false;
}

/* Digits alone, without zeros in front. */
static int
read_bits(const char *text, unsigned max, unsigned *bits)
{
	unsigned v = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[n] != '\0' || (n > 1 && text[0] == '0'))
		return -1;
	for (; *text != '\0'; text++)
		v = v * 10 + (unsigned)(*text - '0');
	*bits = v;
	return v <= max ? 0 : -1;
}

int
network_parse(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof(*out));
	if (n >= sizeof(address))
		return -1;
	memcpy(address, text, n);
	address[n] = '\0';
	out->family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;
	out->bits = out->family == AF_INET ? BITS4 : BITS6;
	if (inet_pton(out->family, address, out->address) != 1)
		return -1;
	if (slash != NULL && read_bits(slash + 1, out->bits, &out->bits) == -1)
		return -1;
	if (has_bits_behind(out))
		return -1;
	unmap(out);
	return 0;
}

struct network
network_around(const struct network *address)
{
	struct network n = *address;

	if (n.family == AF_INET6) {
		memset(n.address + 8, 0, 8);
		n.bits = 64;
	}
	return n;
}

struct network
network_of(const struct sockaddr *address)
{
	struct network n = { .family = AF_UNSPEC };
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		memcpy(n.address, &four.sin_addr, 4);
		n.bits = BITS4;
	} else if (address->sa_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		memcpy(n.address, &six.sin6_addr, 16);
		n.bits = BITS6;
	} else {
		return n;
	}
	n.family = address->sa_family;
	unmap(&n);
	return n;
}

bool
network_covers(const struct network *n, const struct network *one)
{
	unsigned i;

	if (one->family != n->family || one->bits < n->bits)
		return false;
	for (i = 0; i < n->bits; i++)
		if (((n->address[i / 8] ^ one->address[i / 8]) &
			0x80 >> i % 8) != 0)
			return false;
	return true;
}

bool
network_is_loopback(const struct network *n)
{
	static const uint8_t six[16] = { [15] = 1 };

	if (n->family == AF_INET)
		return n->bits >= 8 && n->address[0] == 127;
	return n->bits == BITS6 && memcmp(n->address, six, sizeof(six)) == 0;
}

bool
network_is_any(const struct network *n)
{
	static const uint8_t none[16];

	return n->bits == (n->family == AF_INET ? BITS4 : BITS6) &&
	       memcmp(n->address, none, n->bits / 8) == 0;
}

bool
network_is_world(const struct network *n)
{
	static const struct network local[] = {
		{ AF_INET6, { 0xfc }, 7 },
		{ AF_INET6, { 0xfe, 0x80 }, 10 },
	};

	return n->bits < (n->family == AF_INET ? WORLD4 : WORLD6) &&
	       !network_covers(&local[0], n) && !network_covers(&local[1], n);
}

void
network_format(const struct network *n, char out[NETWORK_TEXT])
{
	char address[INET6_ADDRSTRLEN];
	unsigned all = n->family == AF_INET ? BITS4 : BITS6;

	if (inet_ntop(n->family, n->address, address, sizeof(address)) == NULL)
		strlcpy(out, "unknown", NETWORK_TEXT);
	else if (n->bits == all)
		strlcpy(out, address, NETWORK_TEXT);
	else
		snprintf(out, NETWORK_TEXT, "%s/%u", address, n->bits);
}
