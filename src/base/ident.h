/* Names for things: UUIDs that sort by time of birth (RFC 9562, version 7) and random bits. */
#ifndef BASE_IDENT_H
#define BASE_IDENT_H

#include "base/str.h"

struct uuid {
    uint8_t bytes[16];
};

enum { UUID_TEXT_SIZE = 37 };

/* A new version 7 identifier: 48 bits of milliseconds, 12 bits of their fraction, 62 random. */
struct uuid uuid_new(void);

/* A version 7 identifier with a chosen time and chosen "random" bits: the same in, the same out.
 * Only for data that must come out equal twice. */
struct uuid uuid_from(int64_t wall_ms, uint64_t high, uint64_t low);

/* Any version and variant in the 8-4-4-4-12 form, upper or lower case. */
bool uuid_parse(struct str text, struct uuid *out) must_check;

/* Lower case with its NUL. */
void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE]);

/* For hash tables: who does not know the seed cannot choose ids that meet. */
uint64_t uuid_hash(const struct uuid *uuid, uint64_t seed);

/* Random bits from the kernel; never fails. */
uint64_t ident_random(void);

/* The same for whoever needs many: fetched in one go. Zeroed, it is empty; for one thread. */
struct ident_well {
    uint64_t words[64];
    size_t left;
};
uint64_t ident_draw(struct ident_well *well);

/* A new identifier, as uuid_new makes them. */
struct uuid uuid_draw(struct ident_well *well);

#endif
