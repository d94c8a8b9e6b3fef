/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two words at a time. Compilers for x86-64 and arm64 take them in one register, and make vector
 * code of such loops at any level of optimization.
 */
#ifndef GMEM_KMEM_PAIR_H
#define GMEM_KMEM_PAIR_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t gmem_pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Whether n words (a multiple of 8) are first, first + step and so on, as far as the mask goes. */
static inline bool gmem_words_step(const uint64_t *words, unsigned int n, uint64_t first,
				   uint64_t step, uint64_t mask)
{
	const gmem_pair by = { 2 * step, 2 * step };
	gmem_pair next = { first, first + step };
	gmem_pair differ = { 0, 0 };

	for (unsigned int i = 0; i < n; i += 8) {
		const gmem_pair *pairs = (const gmem_pair *)&words[i];
		gmem_pair third = next + 2 * by;

		differ |= (pairs[0] ^ next) | (pairs[1] ^ (next + by));
		differ |= (pairs[2] ^ third) | (pairs[3] ^ (third + by));
		next = third + 2 * by;
	}
	return !((differ[0] | differ[1]) & mask);
}

/* Whether n words (an even number) are in [first, end), each by less than 2^63. */
static inline bool gmem_words_within(const uint64_t *words, unsigned int n, uint64_t first,
				     uint64_t end)
{
	gmem_pair outside = { 0, 0 };

	for (unsigned int i = 0; i < n; i += 2) {
		gmem_pair pair = *(const gmem_pair *)&words[i];

		outside |= (pair - first) | (end - 1 - pair);
	}
	return !((outside[0] | outside[1]) >> 63);
}

#endif
