/* One collection, as its Avro schema file declares it: fields, rules, and the schemas derived from
 * them. Made once at start and never changed, so every thread reads it freely. */
#ifndef MODEL_SCHEMA_H
#define MODEL_SCHEMA_H

#include <regex.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"

enum field_type {
    FIELD_TYPE_STRING,
    FIELD_TYPE_BOOLEAN,
    FIELD_TYPE_INT,
    FIELD_TYPE_LONG,
    FIELD_TYPE_DOUBLE,
    FIELD_TYPE_ENUM,
    FIELD_TYPE_DATE,      /* Avro int; "2026-11-21" in JSON */
    FIELD_TYPE_TIMESTAMP, /* Avro long of milliseconds; RFC 3339 in JSON */
    FIELD_TYPE_UUID,
    FIELD_TYPE_ARRAY,
    FIELD_TYPE_RECORD,
};

/* An Avro type with "null" taken out of its union. `avro` is the JSON of the rest, borrowed from
 * the schema's tree. */
struct field_shape {
    enum field_type type;
    bool is_nullable;
    const struct json *avro;
};

/* What may be kept of personal data; the rest is dropped before anything is stored. */
enum privacy {
    PRIVACY_NONE,
    PRIVACY_PSEUDONYM, /* a name that only the key's owner could connect to the value */
    PRIVACY_MASK,      /* that there was one */
    PRIVACY_YEAR,      /* of a date */
};

struct field {
    const char *name;
    struct field_shape shape;
    const struct json *otherwise;   /* the default; NULL where the field is required */
    int64_t min_length, max_length; /* of strings, in characters; INT64_MAX: any */
    double minimum, maximum;        /* of numbers */
    regex_t *pattern;               /* NULL: any */
    bool is_email;
    bool is_unique, is_immutable;
    bool is_filter, is_sort, is_search; /* what lists can be asked by */
    enum privacy privacy;
    int64_t words_least, words_most; /* of sample data; 0: none is made */
};

struct avro_codec;

struct collection {
    char *service;
    char *name;            /* "entries" */
    char *entity;          /* "entry": the record's name in lower case, as event types say it */
    char *table;           /* "medical"."entries", quoted */
    struct json *schema;   /* the file's tree */
    struct json *expanded; /* the same with names expanded; the fields borrow from it */
    struct field *fields;
    size_t field_count;
    int64_t page_size;               /* what a list holds when nobody says */
    bool requires_version;           /* changes must name the version that they change */
    struct str pseudonym_key;        /* borrowed; empty on a side that makes no pseudonyms */
    const char *search_language;     /* of PostgreSQL's text search; borrowed */
    uint8_t cursor_key[DIGEST_SIZE]; /* what the cursors of its lists are sealed with */
    struct json *event_schema;
    struct avro_codec *event_codec;
};

/* Reads one schema document. NULL where anything is wrong, with a line for each mistake, beginning
 * with `file`, in `mistakes`. `service` and `name` are those of folder and file. */
struct collection *schema_load(const char *file, struct str service, struct str name,
                               struct str text, struct buf *mistakes);

void schema_free(struct collection **collection);

const struct field *schema_find_field(const struct collection *collection, struct str name);

/* The first field with that kind of privacy; NULL where none has it. */
const struct field *schema_find_private(const struct collection *collection, enum privacy privacy);

/* The shape of any Avro type inside a schema; false for one that we do not take. */
bool schema_shape(const struct json *avro, struct field_shape *out) must_check;

/* Has every record something of that name already, or every table? */
bool schema_is_reserved(const char *name);

/* A name that is safe as SQL identifier, path segment and Avro name: a letter or underscore, then
 * letters, digits, underscores; at most 63. */
bool schema_is_name(struct str name);

#endif
