/* The log: one event, one line of JSON on standard output, one write. Whoever takes a decision
 * logs it; base, guard and io stay at debug. No personal data, ever: identifiers and counts. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
    const char *key; /* NULL ends the list */
    struct str text;
    int64_t number;
    bool is_number;
};

#define log_text(name, value) ((struct log_field){.key = (name), .text = str_from(value)})
#define log_str(name, value)  ((struct log_field){.key = (name), .text = (value)})
#define log_number(name, value)                                                                    \
    ((struct log_field){.key = (name), .number = (value), .is_number = true})

/* Once, at start: the least level that is written, and the role every line carries. */
void log_open(enum log_level level, const char *role);

void log_write(enum log_level level, const char *event, const struct log_field *fields);

#define LOG_FIELDS(...)       ((struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define log_debug(event, ...) log_write(LOG_LEVEL_DEBUG, event, LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...)  log_write(LOG_LEVEL_INFO, event, LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...)  log_write(LOG_LEVEL_WARN, event, LOG_FIELDS(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_LEVEL_ERROR, event, LOG_FIELDS(__VA_ARGS__))

#endif
