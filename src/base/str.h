/* A borrowed run of bytes: pointer and length, no NUL promised. Whoever lent it says how long it
 * lives. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <strings.h>

#include "base/base.h"

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal)   ((struct str){"" literal, sizeof(literal) - 1})
#define STR_FMT        "%.*s"
#define STR_ARG(value) (int)(value).len, (value).ptr

/* NULL gives the empty string. */
static inline struct str str_from(const char *text)
{
    return (struct str){text, text == NULL ? 0 : strlen(text)};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_starts_with(struct str text, struct str prefix)
{
    return text.len >= prefix.len && str_equal((struct str){text.ptr, prefix.len}, prefix);
}

/* ASCII only. */
static inline bool str_equal_nocase(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_ends_with(struct str text, struct str suffix);
struct str str_trim(struct str text); /* spaces and tabs off both ends */

/* Cuts `rest` at the first `separator`: returns what stands before it and leaves what follows.
 * Without one, the whole is returned and `rest` becomes {NULL, 0}. */
static inline struct str str_cut(struct str *rest, char separator)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
    struct str head = *rest;
    if (at == NULL) {
        *rest = (struct str){NULL, 0};
        return head;
    }
    head.len = (size_t)(at - rest->ptr);
    *rest = (struct str){at + 1, rest->len - head.len - 1};
    return head;
}

/* A decimal integer, whole and in range, or false: no sign but '-', no spaces, no overflow. */
bool str_to_int64(struct str text, int64_t *out) must_check;

/* In decimal, in `room`, at its end. */
enum { STR_NUMBER_SIZE = 20 };
struct str str_of_number(int64_t number, char room[STR_NUMBER_SIZE]);

/* True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool str_is_utf8(struct str text);

/* 0 to 15 for a hexadecimal digit of either case, else -1. */
static inline int str_hex_digit(char c)
{
    unsigned digit = (unsigned char)c - '0', letter = ((unsigned char)c | 0x20u) - 'a';
    if (digit <= 9)
        return (int)digit;
    return letter <= 'f' - 'a' ? (int)letter + 10 : -1;
}

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
