#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/relay/relay_window.h"
#include "fake/redis_conn.h"

#define MULTI "MULTI\n"
#define EXEC  "EXEC\n"
#define XADD(service, position, prev)                                                              \
    "XADD mamparo:{" service "}:events NOMKSTREAM " position " specversion 1.0 id i source "       \
    "/" service "/c datacontenttype avro/binary dataschema /v1/schemas/f epoch e1 prev " prev      \
    " data d\n"
#define NOT_ABOVE                                                                                  \
    "-ERR The ID specified in XADD is equal or smaller than the target stream top item"
#define NO_MEMORY "OOM command not allowed when used memory > 'maxmemory'."
#define OOM       "-" NO_MEMORY
#define ODD       "EXEC has another answer than was asked for"
#define LOST      "the stream was lost, or has an entry that is not ours"
#define BROKEN    "the script is at its end"
#define ABORTED   "EXECABORT Transaction discarded because of previous errors."

/* A term with two streams, both found with the top 5-0. */
struct term {
    struct redis_conn redis;
    struct metric published, refused;
    struct relay_stream shop, medical;
    struct relay_window window;
};

static int begin(void **state)
{
    static struct term term;
    static const struct position top = {5, 0};
    term = (struct term){
        .shop = {.service = "shop", .found_top = top, .top = top},
        .medical = {.service = "medical", .found_top = top, .top = top},
        .window = {.redis = &term.redis, .published = &term.published, .refused = &term.refused}};
    *state = &term;
    return 0;
}

static int end(void **state)
{
    struct term *term = *state;
    relay_window_free(&term->window);
    buf_free(&term->redis.said);
    return 0;
}

static bool add(struct term *term, struct relay_stream *stream, uint64_t commit, uint64_t index)
{
    struct event_entry entry = {.event = {.id = STR("i"),
                                          .service = str_from(stream->service),
                                          .collection = STR("c"),
                                          .fingerprint = STR("f"),
                                          .data = STR("d")},
                                .position = {commit, index},
                                .epoch = STR("e1")};
    return relay_window_add(&term->window, stream, &entry);
}

static void script(struct term *term, const char *const replies[FAKE_REPLIES_MAX])
{
    memcpy(term->redis.replies, replies, sizeof(term->redis.replies));
}

static void assert_counted(struct term *term, int64_t published, int64_t refused)
{
    assert_int_equal(metric_read(&term->published), published);
    assert_int_equal(metric_read(&term->refused), refused);
}

static void entries_go_out_in_order_as_one_transaction(void **state)
{
    static const char *const replies[FAKE_REPLIES_MAX] = {"+OK", "3 +QUEUED", "[+7-0|+7-1|+9-0"};
    struct term *term = *state;
    script(term, replies);
    assert_true(add(term, &term->shop, 7, 0));
    assert_true(add(term, &term->shop, 7, 1));
    assert_true(add(term, &term->shop, 9, 0));
    assert_int_equal(term->redis.next, 1); /* of all of them only MULTI's answer was waited for */
    assert_true(relay_window_close(&term->window));
    assert_string_equal(term->redis.said.ptr,
                        MULTI XADD("shop", "7-0", "5-0") XADD("shop", "7-1", "7-0")
                            XADD("shop", "9-0", "7-1") EXEC);
    assert_int_equal(term->redis.next, 3);
    assert_counted(term, 3, 0);
}

static void an_empty_window_says_nothing(void **state)
{
    static const char *const replies[FAKE_REPLIES_MAX] = {"+OK", "+QUEUED", "[+7-0"};
    struct term *term = *state;
    assert_true(relay_window_close(&term->window));
    assert_int_equal(term->redis.said.len, 0);
    script(term, replies);
    assert_true(add(term, &term->shop, 7, 0));
    assert_true(relay_window_close(&term->window));
    size_t said = term->redis.said.len;
    assert_true(relay_window_close(&term->window));
    assert_int_equal(term->redis.said.len, said);
    assert_counted(term, 1, 0);
}

static void after_a_transaction_comes_another(void **state)
{
    static const char *const replies[FAKE_REPLIES_MAX] = {"+OK", "+QUEUED", "[+7-0",
                                                          "+OK", "+QUEUED", "[+8-0"};
    struct term *term = *state;
    script(term, replies);
    for (uint64_t commit = 7; commit < 9; commit++) {
        assert_true(add(term, &term->shop, commit, 0));
        assert_true(relay_window_close(&term->window));
    }
    assert_string_equal(term->redis.said.ptr, MULTI XADD("shop", "7-0", "5-0")
                                                  EXEC MULTI XADD("shop", "8-0", "7-0") EXEC);
    assert_counted(term, 2, 0);
}

/* Of 5-0, which was there when the term began, and 7-0. */
static const struct {
    const char *replies[FAKE_REPLIES_MAX];
    bool is_fine;
    int64_t published, refused;
    const char *why;
    bool is_spoilt;
} endings[] = {
    {{"+OK", "2 +QUEUED", "[" NOT_ABOVE "|+7-0"}, true, 1, 0, "", false},
    {{"+OK", "2 +QUEUED", "[+5-0|+7-0"}, true, 2, 0, "", false},
    /* For want of memory or rights none is taken. */
    {{"+OK", OOM, OOM, "-" ABORTED}, false, 0, 1, NO_MEMORY, false},
    {{"+OK", OOM, "+QUEUED", "-" ABORTED}, false, 0, 1, NO_MEMORY, false},
    {{"+OK", "+QUEUED", OOM, "-" ABORTED}, false, 0, 1, NO_MEMORY, false},
    {{"+OK", "2 +QUEUED", "-EXECABORT OOM"}, false, 0, 1, "EXECABORT OOM", false},
    {{"4 -LOADING"}, false, 0, 1, "LOADING", false},
    {{"-NOPERM"}, false, 0, 1, "NOPERM", false},
    {{"_"}, false, 0, 1, "", false},
    /* Each reply is looked at. */
    {{"+OK", "2 +QUEUED", "[+5-0|-WRONGTYPE"}, false, 1, 1, "WRONGTYPE", false},
    {{"+OK", "2 +QUEUED", "[-WRONGTYPE|+7-0"}, false, 0, 1, "WRONGTYPE", true},
    {{"+OK", "2 +QUEUED", "[-WRONGTYPE|-WRONGTYPE"}, false, 0, 1, "WRONGTYPE", false},
    {{"+OK", "2 +QUEUED", "[+5-0"}, false, 0, 1, ODD, false},
    {{"+OK", "2 +QUEUED", "[3 +5-0"}, false, 0, 1, ODD, false},
    {{"+OK", "2 +QUEUED", "_"}, false, 0, 1, ODD, false},
    /* The stream is gone, or somebody else's entry is in the way. */
    {{"+OK", "2 +QUEUED", "[2 _"}, false, 0, 0, LOST, true},
    {{"+OK", "2 +QUEUED", "[+5-0|_"}, false, 1, 0, LOST, true},
    {{"+OK", "2 +QUEUED", "[" NOT_ABOVE "|" NOT_ABOVE, "*"}, false, 0, 0, LOST, true},
    {{"+OK", "2 +QUEUED", "[" NOT_ABOVE "|" NOT_ABOVE, "-NOPERM"}, false, 0, 0, LOST, true},
    {{"+OK", "2 +QUEUED", "[" NOT_ABOVE "|" NOT_ABOVE, ""}, false, 0, 0, LOST, true},
    /* The connection breaks. */
    {{""}, false, 0, 0, BROKEN, false},
    {{"+OK", ""}, false, 0, 0, BROKEN, false},
    {{"+OK", "+QUEUED", ""}, false, 0, 0, BROKEN, false},
    {{"+OK", "2 +QUEUED", ""}, false, 0, 0, BROKEN, false},
};

static void a_window_ends_as_redis_answers(void **state)
{
    for (size_t i = 0; i < countof(endings); i++) {
        begin(state);
        struct term *term = *state;
        script(term, endings[i].replies);
        bool is_begun = str_equal(str_from(endings[i].replies[0]), STR("+OK"));
        assert_int_equal(add(term, &term->shop, 5, 0), is_begun);
        bool is_added = is_begun && add(term, &term->shop, 7, 0);
        assert_int_equal(is_added, is_begun);
        if ((is_added && relay_window_close(&term->window)) != endings[i].is_fine)
            fail_msg("row %zu: %s", i, term->window.why);
        assert_string_equal(term->window.why, endings[i].why);
        assert_counted(term, endings[i].published, endings[i].refused);
        assert_int_equal(term->window.is_spoilt, endings[i].is_spoilt);
        /* Without a transaction no entry leaves. */
        if (is_begun)
            assert_non_null(strstr(term->redis.said.ptr, EXEC));
        else
            assert_string_equal(term->redis.said.ptr, MULTI);
        end(state);
    }
}

static void another_streams_entry_closes_the_window(void **state)
{
    static const char *const replies[FAKE_REPLIES_MAX] = {"+OK", "+QUEUED", "[+7-0",
                                                          "+OK", "+QUEUED", "[+7-1"};
    struct term *term = *state;
    script(term, replies);
    assert_true(add(term, &term->shop, 7, 0));
    assert_true(add(term, &term->medical, 7, 1));
    assert_int_equal(term->redis.next, 4);
    assert_counted(term, 1, 0);
    assert_true(relay_window_close(&term->window));
    assert_string_equal(term->redis.said.ptr, MULTI XADD("shop", "7-0", "5-0")
                                                  EXEC MULTI XADD("medical", "7-1", "5-0") EXEC);
    assert_counted(term, 2, 0);
}

static void a_full_window_is_closed_before_the_next_entry(void **state)
{
    static const char *const replies[FAKE_REPLIES_MAX] = {"+OK", "512 +QUEUED", "[512 +7-0",
                                                          "+OK", "+QUEUED",     "[+7-512"};
    struct term *term = *state;
    script(term, replies);
    for (uint64_t i = 0; i < RELAY_WINDOW_MAX; i++)
        assert_true(add(term, &term->shop, 7, i));
    assert_int_equal(term->redis.next, 1);
    assert_true(add(term, &term->shop, 7, RELAY_WINDOW_MAX));
    assert_int_equal(term->redis.next, 4);
    assert_counted(term, RELAY_WINDOW_MAX, 0);
    assert_true(relay_window_close(&term->window));
    assert_counted(term, RELAY_WINDOW_MAX + 1, 0);
    assert_non_null(strstr(term->redis.said.ptr, EXEC MULTI XADD("shop", "7-512", "7-511") EXEC));
}

/* It would overtake what was refused. */
static void after_a_failure_the_next_entry_is_not_sent(void **state)
{
    static const char *const scripts[][FAKE_REPLIES_MAX] = {
        {"+OK", OOM, "-" ABORTED}, {"+OK", "+QUEUED", "[-READONLY"}, {"+OK", "+QUEUED", ""}};
    for (size_t i = 0; i < countof(scripts); i++) {
        begin(state);
        struct term *term = *state;
        script(term, scripts[i]);
        assert_true(add(term, &term->shop, 7, 0));
        assert_false(add(term, &term->medical, 7, 1));
        assert_string_equal(term->redis.said.ptr, MULTI XADD("shop", "7-0", "5-0") EXEC);
        assert_true(strlen(term->window.why) > 0);
        assert_counted(term, 0, i < 2);
        end(state);
    }
}

int main(void)
{
#define IN_A_TERM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_A_TERM(entries_go_out_in_order_as_one_transaction),
        IN_A_TERM(an_empty_window_says_nothing),
        IN_A_TERM(after_a_transaction_comes_another),
        cmocka_unit_test(a_window_ends_as_redis_answers),
        IN_A_TERM(another_streams_entry_closes_the_window),
        IN_A_TERM(a_full_window_is_closed_before_the_next_entry),
        cmocka_unit_test(after_a_failure_the_next_entry_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
