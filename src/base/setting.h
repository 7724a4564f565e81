/* Settings from the environment, out of one table: what a setting is called, what it may be, who
 * needs it. The table is the only place that knows; the struct it fills, --help and the README's
 * table follow from it. */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include "base/buf.h"

enum setting_type {
    SETTING_TYPE_TEXT,   /* const char *, NULL when unset and without a default */
    SETTING_TYPE_NUMBER, /* int64_t, within least..most */
    SETTING_TYPE_CHOICE, /* const char *, one of `choices` */
    SETTING_TYPE_URL,    /* const char *, beginning with one of `choices` */
};

struct setting {
    const char *name;
    enum setting_type type;
    const char *otherwise; /* the default as text, or NULL */
    int64_t least, most;
    const char *choices;  /* separated by '|' */
    const char *unit;     /* "ms", "bytes", or "" */
    const char *roles;    /* words of the roles that read it, or "all" */
    bool is_required;     /* by its roles */
    bool is_secret;       /* its value is never shown */
    size_t offset;        /* of its place in the struct that is filled */
    const char *sentence; /* what it is, for people */
};

struct setting_table {
    const struct setting *settings;
    size_t count;
};

/* Gives the value of a name, or NULL; getenv() fits. */
typedef char *setting_source_fn(const char *name);

/* Fills `into` with every setting of `role`, taking texts from `source` (they are copied). Each
 * mistake is a line in `mistakes`, naming the setting; returns how many there were. */
unsigned setting_load(const struct setting_table *table, const char *role,
                      setting_source_fn *source, void *into, struct buf *mistakes);

/* The table for --help, and the same as Markdown for the README. */
void setting_write_help(const struct setting_table *table, struct buf *out);
void setting_write_markdown(const struct setting_table *table, struct buf *out);

#endif
