/* A borrowed run of bytes: pointer and length, no NUL promised. Whoever lent it says how long it
 * lives. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal)   ((struct str){"" literal, sizeof(literal) - 1})
#define STR_FMT        "%.*s"
#define STR_ARG(value) (int)(value).len, (value).ptr

struct str str_from(const char *text); /* NULL gives the empty string */
bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* ASCII only */
bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);
struct str str_trim(struct str text); /* spaces and tabs off both ends */

/* Cuts `rest` at the first `separator`: returns what stands before it and leaves what follows.
 * Without one, the whole is returned and `rest` becomes {NULL, 0}. */
struct str str_cut(struct str *rest, char separator);

/* A decimal integer, whole and in range, or false: no sign but '-', no spaces, no overflow. */
bool str_to_int64(struct str text, int64_t *out) must_check;

/* True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool str_is_utf8(struct str text);

/* 0 to 15 for a hexadecimal digit of either case, else -1. */
int str_hex_digit(char c);

/* Of ASCII letters; any other character stays. */
char str_lower(char c);
char str_upper(char c);

/* The bytes of the character that `text` begins with; 0 where that is none, or NUL. */
size_t str_utf8_sequence(struct str text);

/* The number of Unicode characters in well-formed UTF-8. */
size_t str_utf8_length(struct str text);

/* Equal in content, in a time that tells nothing but the length of `given`. */
bool str_equal_secret(struct str given, struct str secret);

#endif
