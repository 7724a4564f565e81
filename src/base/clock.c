#include "base/clock.h"

#include <time.h>

enum { MS_PER_DAY = 86400000 };

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

msec_t clock_monotonic(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_monotonic_us(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

/* Days since 1970-01-01 and back, in the proleptic Gregorian calendar; the algorithms are Howard
 * Hinnant's "chrono-compatible low-level date algorithms". */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static char *write_digits(char *out, int number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

static char *write_part(char *out, char separator, int number, int digits)
{
    *out = separator;
    return write_digits(out + 1, number, digits);
}

/* The end of what it wrote. */
static char *write_date(int64_t days, char *out)
{
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    out = write_digits(out, year, 4);
    out = write_part(out, '-', month, 2);
    return write_part(out, '-', day, 2);
}

void clock_format_date(int32_t days, char out[CLOCK_TEXT_SIZE])
{
    write_date(days, out)[0] = '\0';
}

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
    int64_t days = wall_ms / MS_PER_DAY - (wall_ms % MS_PER_DAY < 0);
    int64_t rest = wall_ms - days * MS_PER_DAY;
    out = write_date(days, out);
    out = write_part(out, 'T', (int)(rest / 3600000), 2);
    out = write_part(out, ':', (int)(rest / 60000 % 60), 2);
    out = write_part(out, ':', (int)(rest / 1000 % 60), 2);
    out = write_part(out, '.', (int)(rest % 1000), 3);
    memcpy(out, "Z", 2);
}

/* Takes `digits` digits and then, where it is not 0, `after`; false when they are not there. */
static bool take_number(struct str *text, size_t digits, char after, int64_t *out)
{
    if (text->len < digits + (after != 0) || (after != 0 && text->ptr[digits] != after))
        return false;
    *out = 0;
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = (unsigned char)text->ptr[i] - '0';
        if (digit > 9)
            return false;
        *out = *out * 10 + digit;
    }
    text->ptr += digits + (after != 0);
    text->len -= digits + (after != 0);
    return true;
}

static bool take_date(struct str *text, char after, int64_t *days)
{
    int64_t year, month, day;
    if (!take_number(text, 4, '-', &year) || !take_number(text, 2, '-', &month) ||
        !take_number(text, 2, after, &day) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = days_from_civil(year, month, day);
    int y, m, d;
    civil_from_days(*days, &y, &m, &d);
    return y == year && m == month && d == day;
}

bool clock_parse_date(struct str text, int32_t *days_out)
{
    int64_t days;
    if (!take_date(&text, 0, &days) || text.len != 0)
        return false;
    *days_out = (int32_t)days;
    return true;
}

/* ".25" is 250 ms; digits beyond the third are dropped. */
static bool take_fraction(struct str *text, int64_t *ms)
{
    *ms = 0;
    if (text->len == 0 || text->ptr[0] != '.')
        return true;
    size_t digits = 0;
    for (; digits + 1 < text->len; digits++) {
        char c = text->ptr[digits + 1];
        if (c < '0' || c > '9')
            break;
        static const int weights[] = {100, 10, 1};
        *ms += digits < countof(weights) ? (c - '0') * weights[digits] : 0;
    }
    text->ptr += digits + 1;
    text->len -= digits + 1;
    return digits > 0;
}

static bool take_offset(struct str *text, int64_t *minutes)
{
    int64_t hours, rest;
    if (text->len == 1 && (text->ptr[0] == 'Z' || text->ptr[0] == 'z')) {
        *minutes = 0;
        return true;
    }
    if (text->len != 6 || (text->ptr[0] != '+' && text->ptr[0] != '-'))
        return false;
    int sign = text->ptr[0] == '-' ? -1 : 1;
    struct str digits = {text->ptr + 1, 5};
    if (!take_number(&digits, 2, ':', &hours) || !take_number(&digits, 2, 0, &rest) || hours > 23 ||
        rest > 59)
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

bool clock_parse(struct str text, int64_t *wall_ms_out)
{
    int64_t days, hours, minutes, seconds, ms, offset;
    if (!take_date(&text, 'T', &days) || !take_number(&text, 2, ':', &hours) ||
        !take_number(&text, 2, ':', &minutes) || !take_number(&text, 2, 0, &seconds) ||
        !take_fraction(&text, &ms) || !take_offset(&text, &offset))
        return false;
    if (hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *wall_ms_out =
        days * MS_PER_DAY + hours * 3600000 + (minutes - offset) * 60000 + seconds * 1000 + ms;
    /* An offset may lead out of the years that have four digits. */
    return *wall_ms_out >= days_from_civil(0, 1, 1) * MS_PER_DAY &&
           *wall_ms_out < days_from_civil(10000, 1, 1) * MS_PER_DAY;
}
