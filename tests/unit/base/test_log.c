#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* The log writes to standard output, so that is turned into a pipe while `speak` runs. */
static struct buf heard(void (*speak)(void))
{
    int ends[2];
    fflush(stdout);
    int terminal = dup(STDOUT_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    speak();
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    struct buf out = {0};
    buf_append_text(&out, "");
    for (ssize_t got; (got = read(ends[0], buf_reserve(&out, 4096), 4096)) > 0;)
        out.len += (size_t)got;
    close(ends[0]);
    return out;
}

/* The one line that `speak` logs, parsed. */
static struct json *heard_line(void (*speak)(void))
{
    struct buf out = heard(speak);
    struct str rest = buf_str(&out), line = str_cut(&rest, '\n');
    char mistake[JSON_MISTAKE_SIZE] = "";
    struct json *json = json_parse(line, mistake);
    bool is_alone = rest.ptr != NULL && rest.len == 0;
    buf_free(&out);
    if (json == NULL)
        fail_msg("%s", mistake);
    assert_true(is_alone);
    return json;
}

static void assert_text(const struct json *json, const char *key, const char *expected)
{
    struct str text = json_find_text(json, key, STR("(nothing)"));
    if (!str_equal(text, str_from(expected)))
        fail_msg("%s is \"" STR_FMT "\"", key, STR_ARG(text));
}

static void speak_of_everything(void)
{
    log_warn("slot_lost", log_text("text", "a \"b\"\n\\"), log_str("str", STR("caf\xc3\xa9")),
             log_number("number", INT64_MIN), log_text("null", NULL), log_number("zero", 0));
}

static void an_event_is_one_line_of_json_with_its_fields(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_INFO, "write");
    int64_t before = clock_wall_ms(), time;
    struct json *json = heard_line(speak_of_everything);
    assert_text(json, "level", "warn");
    assert_text(json, "role", "write");
    assert_text(json, "event", "slot_lost");
    assert_text(json, "text", "a \"b\"\n\\");
    assert_text(json, "str", "caf\xc3\xa9");
    assert_text(json, "null", "");
    assert_true(json_find_integer(json, "number", 0) == INT64_MIN);
    assert_int_equal(json_find_integer(json, "zero", 1), 0);
    assert_true(clock_parse(json_find_text(json, "time", STR("")), &time));
    assert_in_range(time, before, clock_wall_ms());
    json_free(&json);
}

static void speak_plainly(void)
{
    log_info("ready");
}

static void an_event_needs_no_fields_and_no_role(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_INFO, NULL);
    struct json *json = heard_line(speak_plainly);
    assert_text(json, "event", "ready");
    assert_int_equal(json_count(json), 3);
    json_free(&json);
}

static void speak_at_every_level(void)
{
    log_debug("event");
    log_info("event");
    log_warn("event");
    log_error("event");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    (void)state;
    for (size_t least = 0; least < countof(levels); least++) {
        log_open((enum log_level)least, "read");
        struct buf out = heard(speak_at_every_level);
        struct str rest = buf_str(&out);
        for (size_t i = least; i < countof(levels); i++) {
            char mistake[JSON_MISTAKE_SIZE];
            struct json *json = json_parse(str_cut(&rest, '\n'), mistake);
            assert_non_null(json);
            assert_text(json, "level", levels[i]);
            json_free(&json);
        }
        assert_int_equal(rest.len, 0);
        buf_free(&out);
    }
}

static void speak_in_bytes(void)
{
    log_error("refused", log_text("said", "caf\xe9"), log_str("raw", STR("\xff\0\xc3")));
}

static void bytes_that_are_no_text_do_not_spoil_the_line(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_INFO, "read");
    struct buf out = heard(speak_in_bytes);
    bool is_text = str_is_utf8(buf_str(&out));
    buf_free(&out);
    assert_true(is_text);
}

static void speak_into_a_closed_pipe(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        return;
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    log_error("nobody_listens");
}

static void a_log_that_nobody_reads_is_no_reason_to_stop(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    log_open(LOG_LEVEL_INFO, "read");
    struct buf out = heard(speak_into_a_closed_pipe);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line_of_json_with_its_fields),
        cmocka_unit_test(an_event_needs_no_fields_and_no_role),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(bytes_that_are_no_text_do_not_spoil_the_line),
        cmocka_unit_test(a_log_that_nobody_reads_is_no_reason_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
