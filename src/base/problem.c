#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"

/* vsnprintf, but never cutting inside a character. */
static void printf_like(2, 0)
    format_detail(char detail[PROBLEM_DETAIL_SIZE], const char *format, va_list args)
{
    int len = vsnprintf(detail, PROBLEM_DETAIL_SIZE, format, args);
    if (len < PROBLEM_DETAIL_SIZE)
        return;
    size_t end = PROBLEM_DETAIL_SIZE - 1, start = end;
    while (start > 0 && ((unsigned char)detail[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)detail[start - 1] >= 0xc0 &&
        str_utf8_sequence((struct str){detail + start - 1, end - start + 1}) == 0)
        detail[start - 1] = '\0';
}

void problem_set(struct problem *problem, enum status status, const char *format, ...)
{
    if (problem_is_set(problem))
        return;
    va_list args;
    va_start(args, format);
    format_detail(problem->detail, format, args);
    va_end(args);
    problem->status = status;
}

static void printf_like(4, 0) add_mistake(struct problem *problem, const char *kind,
                                          struct str place, const char *format, va_list args)
{
    char detail[PROBLEM_DETAIL_SIZE];
    if (problem->mistake_count++ >= PROBLEM_MISTAKES_MAX)
        return;
    format_detail(detail, format, args);
    if (problem->mistakes.len > 0)
        buf_append_char(&problem->mistakes, ',');
    buf_printf(&problem->mistakes, "{\"%s\":", kind);
    json_write_string(place, &problem->mistakes);
    buf_append_text(&problem->mistakes, ",\"detail\":");
    json_write_string(str_from(detail), &problem->mistakes);
    buf_append_char(&problem->mistakes, '}');
}

void problem_at_pointer(struct problem *problem, struct str place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_mistake(problem, "pointer", place, format, args);
    va_end(args);
    problem_set(problem, STATUS_INVALID, "%s", status_info(STATUS_INVALID)->sentence);
}

void problem_at_parameter(struct problem *problem, struct str place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_mistake(problem, "parameter", place, format, args);
    va_end(args);
    problem_set(problem, STATUS_BAD_REQUEST, "the query has a mistake");
}

bool problem_is_set(const struct problem *problem)
{
    return problem->status != STATUS_OK;
}

void problem_write_members(const struct problem *problem, struct buf *out)
{
    const struct status_info *info = status_info(problem->status);
    buf_printf(out, "\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"reason\":\"%s\"",
               status_http_phrase(info->http), info->http, info->reason);
    buf_append_text(out, ",\"detail\":");
    json_write_string(str_from(problem->detail[0] != '\0' ? problem->detail : info->sentence), out);
    if (problem->mistake_count == 0)
        return;
    buf_append_text(out, ",\"errors\":[");
    buf_append_str(out, buf_str(&problem->mistakes));
    buf_append_char(out, ']');
    if (problem->mistake_count > PROBLEM_MISTAKES_MAX)
        buf_printf(out, ",\"errors_total\":%u", problem->mistake_count);
}

void problem_free(struct problem *problem)
{
    buf_free(&problem->mistakes);
    *problem = (struct problem){0};
}
