/* Any text as an instant and as a day: refused, or written and read again the same. */
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    char written[CLOCK_TEXT_SIZE];
    int64_t wall_ms, again_ms;
    int32_t days, again_days;
    if (clock_parse(text, &wall_ms)) {
        clock_format(wall_ms, written);
        assert(clock_parse(str_from(written), &again_ms) && again_ms == wall_ms);
    }
    if (clock_parse_date(text, &days)) {
        clock_format_date(days, written);
        assert(clock_parse_date(str_from(written), &again_days) && again_days == days);
        assert(str_equal(text, str_from(written)));
    }
    return 0;
}
