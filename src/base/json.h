/* JSON as a tree, over jansson, which only json.c knows. A tree is counted: whoever made or parsed
 * one frees it once; what json_find and json_item lend lives as long as its parent. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct json; /* never defined: a jansson value behind our own name */

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOLEAN,
    JSON_KIND_INTEGER,
    JSON_KIND_REAL,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

enum { JSON_MISTAKE_SIZE = 160, JSON_DEPTH_MAX = 32 };

/* Parses one whole document. NULL, with a sentence that names line and column in `mistake`, for
 * what RFC 8259 does not allow and also for duplicate keys, NUL characters, invalid UTF-8, numbers
 * out of range and more than JSON_DEPTH_MAX levels. */
struct json *json_parse(struct str text, char mistake[JSON_MISTAKE_SIZE]);

/* The text of one member of an object, found without parsing the others; ptr NULL where it is not
 * there. `object` is well-formed, and `key` is written without escapes. */
struct str json_peek(struct str object, struct str key);

struct json *json_make_null(void);
struct json *json_make_boolean(bool value);
struct json *json_make_integer(int64_t value);
struct json *json_make_real(double value);       /* finite */
struct json *json_make_string(struct str value); /* well-formed UTF-8 */
struct json *json_make_array(void);
struct json *json_make_object(void);

/* One more owner of the same tree, which must then no longer be changed. */
struct json *json_share(const struct json *json);
void json_free(struct json **json);

enum json_kind json_kind(const struct json *json);
bool json_truth(const struct json *json);         /* of a boolean */
int64_t json_integer_of(const struct json *json); /* of an integer */
double json_number(const struct json *json);      /* of an integer or a real */
struct str json_text(const struct json *json);    /* of a string */
size_t json_count(const struct json *json);       /* of an array's items or an object's members */

struct json *json_item(const struct json *array, size_t index);
struct json *json_find(const struct json *object, const char *key); /* NULL where it is not */

/* The members of an object in the order they were written:
 *   for (struct json_member m = json_first(o); m.key != NULL; m = json_next(o, m)) */
struct json_member {
    const char *key;
    struct json *value;
    void *place;
};
struct json_member json_first(const struct json *object);
struct json_member json_next(const struct json *object, struct json_member after);

/* These take `value` over; a key is well-formed UTF-8. */
void json_put(struct json *object, const char *key, struct json *value);
void json_push(struct json *array, struct json *value);

bool json_same(const struct json *a, const struct json *b);

/* The string, boolean or integer under `key`, or `otherwise` where it is absent or another kind. */
struct str json_find_text(const struct json *object, const char *key, struct str otherwise);
bool json_find_truth(const struct json *object, const char *key, bool otherwise);
int64_t json_find_integer(const struct json *object, const char *key, int64_t otherwise);

/* Compact text: members in their order, reals in the fewest digits that read back equal. */
void json_write(const struct json *json, struct buf *out);

/* The same of a real alone, which is finite, and of a string alone, quotes included; what is no
 * UTF-8 in it becomes U+FFFD. */
void json_write_real(double value, struct buf *out);
void json_write_string(struct str text, struct buf *out);

#endif
