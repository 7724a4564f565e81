#include "base/log.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

/* The sink is the one mutable global of the program: set once, before any thread. */
static struct {
    enum log_level level;
    const char *role;
} sink = {LOG_LEVEL_INFO, NULL};

void log_open(enum log_level level, const char *role)
{
    sink.level = level;
    sink.role = role;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char now[CLOCK_TEXT_SIZE];
    struct buf line = {0};
    if (level < sink.level)
        return;
    clock_format(clock_wall_ms(), now);
    buf_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\"", now, levels[level]);
    if (sink.role != NULL)
        buf_printf(&line, ",\"role\":\"%s\"", sink.role);
    buf_append_text(&line, ",\"event\":");
    json_write_string(str_from(event), &line);
    for (; fields->key != NULL; fields++) {
        buf_printf(&line, ",\"%s\":", fields->key);
        if (fields->is_number)
            buf_printf(&line, "%lld", (long long)fields->number);
        else
            json_write_string(fields->text, &line);
    }
    buf_append_text(&line, "}\n");
    if (write(STDOUT_FILENO, line.ptr, line.len) < 0) {
        /* Nobody reads the log: there is no other place to say so. */
    }
    buf_free(&line);
}
