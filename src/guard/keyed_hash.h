/* SipHash-2-4 of Aumasson and Bernstein ("SipHash: a fast short-input PRF", 2012): who does not
 * know the key cannot choose texts that meet. Pure. */
#ifndef GUARD_KEYED_HASH_H
#define GUARD_KEYED_HASH_H

#include "base/str.h"

uint64_t keyed_hash(const uint64_t key[2], struct str text);

#endif
