#include "cqrs/calendar.h"

#include "base/clock.h"

static const int64_t day_ms = 86400000;

static int month_of(int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t year, month;
    clock_format(wall_ms, text);
    bool is_read = str_to_int64((struct str){text, 4}, &year) &&
                   str_to_int64((struct str){text + 5, 2}, &month);
    assert(is_read); /* "2026-11-…" */
    return (int)(year * 12 + month - 1);
}

static bool is_known(const struct calendar *calendar, int month)
{
    for (size_t i = 0; i < calendar->month_count && i < CALENDAR_MONTHS_MAX; i++)
        if (calendar->months[i] == month)
            return true;
    return false;
}

int64_t calendar_first(const struct calendar *calendar, int64_t now_wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t first;
    if (calendar->days == 0)
        return INT64_MIN;
    clock_format(now_wall_ms - calendar->days * day_ms, text);
    memcpy(text + strlen("2026-11"), "-01T00:00:00.000Z", sizeof("-01T00:00:00.000Z"));
    bool is_read = clock_parse(str_from(text), &first);
    assert(is_read);
    return first;
}

static bool call(const struct calendar *calendar, struct pg_session *session, const char *sql,
                 int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    struct pg_values values = {0};
    clock_format(wall_ms, text);
    pg_values_add_text(&values, str_from(calendar->table));
    pg_values_add_text(&values, str_from(text));
    bool is_done = pg_session_run(session, sql, &values, NULL);
    pg_values_free(&values);
    return is_done;
}

void calendar_forget(struct calendar *calendar)
{
    calendar->month_count = 0;
}

bool calendar_open(struct calendar *calendar, struct pg_session *session, int64_t wall_ms)
{
    int month = month_of(wall_ms);
    if (is_known(calendar, month))
        return true;
    if (!call(calendar, session, "select mamparo.open_month($1, $2::timestamptz)", wall_ms))
        return false;
    calendar->months[calendar->month_count++ % CALENDAR_MONTHS_MAX] = month;
    return true;
}

bool calendar_tend(struct calendar *calendar, struct pg_session *session)
{
    enum { AHEAD_DAYS = 7, EVERY_MS = 600000, KNOWN_MS = 10000 };
    int64_t now = clock_wall_ms();
    if (clock_monotonic() >= calendar->forget_at) {
        /* Another process, with another clock, may have dropped one. */
        calendar_forget(calendar);
        calendar->forget_at = clock_monotonic() + KNOWN_MS;
    }
    if (!calendar_open(calendar, session, now) ||
        !calendar_open(calendar, session, now + AHEAD_DAYS * day_ms))
        return false;
    if (calendar->days == 0 || clock_monotonic() < calendar->drop_at)
        return true;
    calendar->drop_at = clock_monotonic() + EVERY_MS;
    return call(calendar, session, "select mamparo.drop_months($1, $2::timestamptz)",
                now - calendar->days * day_ms);
}
