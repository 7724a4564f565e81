#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/relay/relay_stream.h"
#include "fake/redis_conn.h"

#define EVENTS   "mamparo:{medical}:events"
#define EPOCH    "mamparo:{medical}:epoch"
#define REPLICAS "mamparo:{medical}:replicas"
#define NO_KEY   "-ERR no such key"
#define INFO     "*length,3,last-generated-id,7-4,groups,0"

#define TOP      "*last-generated-id,"

#define GET      "GET " EPOCH "\n"
#define XINFO    "XINFO STREAM " EVENTS "\n"
#define DEL      "DEL " EVENTS "\n"
#define SET      "SET " EPOCH " e1\n"
#define CREATE   "XGROUP CREATE " EVENTS " none 0 MKSTREAM\n"
#define DESTROY  "XGROUP DESTROY " EVENTS " none\n"
#define XSETID   "XSETID " EVENTS " 5-0\n"
#define MAKE     CREATE DESTROY XSETID
#define ANEW     DEL SET MAKE
#define HGETALL  "HGETALL " REPLICAS "\n"
#define HDEL     "HDEL " REPLICAS " "
#define XTRIM    "XTRIM " EVENTS " MINID ~ "

/* A stream opened in a term of epoch e1, whose log ends at 9, with 5-0 confirmed. */
static const struct {
    const char *replies[FAKE_REPLIES_MAX];
    const char *said;
    bool is_open;
    struct position found_top, top;
} openings[] = {
    {{"+e1", INFO}, GET XINFO, true, {7, 4}, {7, 4}},
    {{"+e1", TOP "5-0"}, GET XINFO, true, {5, 0}, {5, 0}},
    {{"+e1", TOP "4-9", "+OK"}, GET XINFO XSETID, true, {5, 0}, {5, 0}},
    {{"+e1", TOP "0-0", "+OK"}, GET XINFO XSETID, true, {5, 0}, {5, 0}},
    {{"+e1", TOP "5-1,x"}, GET XINFO, true, {5, 1}, {5, 1}},
    {{"+e1", TOP "9-5"}, GET XINFO, true, {9, 5}, {9, 5}},
    {{"+e1", NO_KEY, "+OK", ":1", "+OK"}, GET XINFO MAKE, true, {5, 0}, {5, 0}},
    /* It is another epoch's, or nobody's. */
    {{"+e0", INFO, ":1", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    {{"+e0", NO_KEY, ":0", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    {{"_", INFO, ":1", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    {{"_", NO_KEY, ":0", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    {{":1", INFO, ":1", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    /* Somebody else's entry is above all that the log can hold. */
    {{"+e1", TOP "10-0", ":1", "+OK", "+OK", ":1", "+OK"}, GET XINFO ANEW, true, {5, 0}, {5, 0}},
    /* What is there is no stream at all. */
    {{"+e1", "-WRONGTYPE Op", ":1", "+OK", ":1", "+OK"}, GET XINFO DEL MAKE, true, {5, 0}, {5, 0}},
    {{"+e0", "-WRONGTYPE Op", ":1", ":0", "+OK", "+OK", ":1", "+OK"},
     GET XINFO DEL ANEW,
     true,
     {5, 0},
     {5, 0}},
    /* Somebody, or nobody, answers something else. */
    {{""}, GET, false, {0}, {0}},
    {{"-LOADING", "-LOADING"}, GET, false, {0}, {0}},
    {{"+e1", ""}, GET XINFO, false, {0}, {0}},
    {{"+e1", "-NOPERM"}, GET XINFO, false, {0}, {0}},
    {{"+e1", "-WRONGTYPE", "-READONLY"}, GET XINFO DEL, false, {0}, {0}},
    {{"+e1", "-WRONGTYPE", ""}, GET XINFO DEL, false, {0}, {0}},
    {{"+e0", "-LOADING"}, GET XINFO, false, {0}, {0}},
    {{"+e1", "*length,3"}, GET XINFO, false, {0}, {0}},
    {{"+e1", TOP "soon"}, GET XINFO, false, {0}, {0}},
    {{"+e1", "*last-generated-id"}, GET XINFO, false, {0}, {0}},
    {{"+e0", INFO, "-READONLY"}, GET XINFO DEL, false, {0}, {0}},
    {{"+e0", INFO, ""}, GET XINFO DEL, false, {0}, {0}},
    {{"+e0", INFO, ":1", "-OOM"}, GET XINFO DEL SET, false, {0}, {0}},
    {{"+e0", INFO, ":1", ""}, GET XINFO DEL SET, false, {0}, {0}},
    {{"+e1", NO_KEY, "-OOM"}, GET XINFO CREATE, false, {0}, {0}},
    {{"+e1", NO_KEY, "+OK", ""}, GET XINFO CREATE DESTROY, false, {0}, {0}},
    {{"+e1", NO_KEY, "+OK", ":1", "-NOPERM"}, GET XINFO MAKE, false, {0}, {0}},
    {{"+e1", NO_KEY, "+OK", ":1", ""}, GET XINFO MAKE, false, {0}, {0}},
    {{"+e1", TOP "4-9", "-OOM"}, GET XINFO XSETID, false, {0}, {0}},
};

static void a_stream_is_opened_by_what_redis_holds(void **state)
{
    static const struct relay_term term = {"e1", 9, NULL};
    (void)state;
    for (size_t i = 0; i < countof(openings); i++) {
        struct redis_conn redis = {0};
        struct relay_stream stream;
        memcpy(redis.replies, openings[i].replies, sizeof(redis.replies));
        bool is_open =
            relay_stream_open(&stream, "medical", &redis, &term, (struct position){5, 0});
        assert_string_equal(redis.said.ptr, openings[i].said);
        if (is_open != openings[i].is_open)
            fail_msg("row %zu", i);
        if (is_open) {
            assert_int_equal(position_compare(stream.found_top, openings[i].found_top), 0);
            assert_int_equal(position_compare(stream.sent_top, openings[i].found_top), 0);
            assert_int_equal(position_compare(stream.top, openings[i].top), 0);
            assert_int_equal(stream.confirmed.commit, 5);
            assert_int_equal(stream.registry.count, 0);
        }
        buf_free(&redis.said);
    }
}

static void each_entry_follows_the_top_which_never_sinks(void **state)
{
    static const struct {
        struct position position, prev;
    } rows[] = {{{7, 0}, {5, 0}}, {{7, 1}, {7, 0}}, {{6, 0}, {7, 1}},
                {{7, 1}, {7, 1}}, {{9, 0}, {7, 1}}, {{9, 1}, {9, 0}}};
    (void)state;
    struct relay_stream stream = {.service = "medical", .sent_top = {4, 0}, .top = {5, 0}};
    for (size_t i = 0; i < countof(rows); i++) {
        struct position prev = relay_stream_follow(&stream, rows[i].position);
        assert_int_equal(position_compare(prev, rows[i].prev), 0);
        assert_int_equal(position_compare(stream.sent_top, stream.top), 0);
    }
    assert_int_equal(position_compare(stream.top, (struct position){9, 1}), 0);
    assert_int_equal(position_compare(stream.sent_top, (struct position){9, 1}), 0);
}

#define NOT_ABOVE                                                                                  \
    "-ERR The ID specified in XADD is equal or smaller than the target stream top item"

/* Of entries of a stream which was found with the top 7-4. */
static void redis_says_what_became_of_an_entry(void **state)
{
    static const struct {
        struct position position;
        const char *reply;
        enum relay_verdict verdict;
    } rows[] = {
        {{8, 0}, "+8-0", RELAY_PUBLISHED},
        {{7, 0}, "+7-0", RELAY_PUBLISHED},
        {{8, 0}, "_", RELAY_STREAM_LOST},
        {{7, 0}, "_", RELAY_STREAM_LOST},
        {{7, 0}, NOT_ABOVE, RELAY_WAS_THERE},
        {{7, 4}, NOT_ABOVE, RELAY_WAS_THERE},
        {{7, 5}, NOT_ABOVE, RELAY_STREAM_LOST},
        {{8, 0}, NOT_ABOVE, RELAY_STREAM_LOST},
        {{7, 0}, "-ERR The ID specified in XADD must be greater than 0-0", RELAY_REFUSED},
        {{7, 0}, "-ERR unknown command 'XADD'", RELAY_REFUSED},
        {{8, 0}, "-READONLY You can't write against a read only replica.", RELAY_REFUSED},
        {{8, 0}, "-OOM command not allowed when used memory > 'maxmemory'.", RELAY_REFUSED},
        {{8, 0}, "-MISCONF Redis is configured to save RDB snapshots", RELAY_REFUSED},
        {{7, 0}, "-LOADING Redis is loading the dataset in memory", RELAY_REFUSED},
        {{8, 0}, "-NOPERM this user has no permissions", RELAY_REFUSED},
        {{8, 0}, "-WRONGTYPE Operation against a key", RELAY_REFUSED},
        {{8, 0}, "-", RELAY_REFUSED},
        {{8, 0}, ":1", RELAY_REFUSED},
        {{8, 0}, "*8-0", RELAY_REFUSED},
    };
    (void)state;
    struct relay_stream stream = {.service = "medical", .found_top = {7, 4}, .top = {9, 0}};
    for (size_t i = 0; i < countof(rows); i++) {
        struct redis_reply *reply = fake_redis_reply(rows[i].reply);
        if (relay_stream_judge(&stream, rows[i].position, reply) != rows[i].verdict)
            fail_msg("row %zu: %s", i, rows[i].reply);
        redis_reply_free(&reply);
    }
}

static void a_stream_that_was_found_spoilt_begins_anew(void **state)
{
    static const struct {
        const char *spoilt, *said;
        struct position found_top;
    } rows[] = {{"medical", GET XINFO ANEW, {5, 0}}, {"shop", GET XINFO, {7, 4}}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct redis_conn redis = {.replies = {"+e1", INFO, ":1", "+OK", "+OK", ":1", "+OK"}};
        struct relay_term term = {"e1", 9, rows[i].spoilt};
        struct relay_stream stream;
        assert_true(relay_stream_open(&stream, "medical", &redis, &term, (struct position){5, 0}));
        assert_string_equal(redis.said.ptr, rows[i].said);
        assert_int_equal(position_compare(stream.found_top, rows[i].found_top), 0);
        buf_free(&redis.said);
    }
}

static struct registry_replica replica_of(const char *name, uint64_t commit)
{
    struct registry_replica replica = {.position = {commit, 2}, .heard_at = -(INT64_MAX / 4)};
    memcpy(replica.name, name, strlen(name));
    return replica;
}

/* Of two replicas that are known: `a` at 9-2, `b` at 8-2, both silent since long before the clock
 * began. The stream has all that was sent. */
static const struct {
    msec_t retention;
    const char *replies[FAKE_REPLIES_MAX];
    const char *said; /* behind XINFO */
    size_t left;
    bool is_done;
} tendings[] = {
    {INT64_MAX / 2, {INFO, "*", ":0"}, HGETALL XTRIM "8-2\n", 2, true},
    {INT64_MAX / 2, {INFO, "*c,nonsense,d,1-0 e2 x", ":0"}, HGETALL XTRIM "8-2\n", 2, true},
    {INT64_MAX / 2, {INFO, "*c,7-1 e1 x", ":0"}, HGETALL XTRIM "7-1\n", 3, true},
    {INT64_MAX / 2, {INFO, "*b,9-9 e1 x,a,9-3 e1 x", ":0"}, HGETALL XTRIM "9-3\n", 2, true},
    {60000, {INFO, "*a,9-3 e1 x", ":1", ":0"}, HGETALL HDEL "b\n" XTRIM "9-3\n", 1, true},
    {INT64_MAX / 2, {INFO, "*c", ":0"}, HGETALL XTRIM "8-2\n", 2, true},
    {INT64_MAX / 2, {INFO, "*", "-READONLY"}, HGETALL XTRIM "8-2\n", 2, false},
    {INT64_MAX / 2, {INFO, ""}, HGETALL, 2, false},
    {-1, {INFO, "-NOPERM"}, HGETALL, 2, false},
    {-1, {INFO, "*", ":1", ":1"}, HGETALL HDEL "a\n" HDEL "b\n", 0, true},
    {-1, {INFO, "*", "-READONLY"}, HGETALL HDEL "a\n", 1, false},
    {-1, {INFO, "*", ""}, HGETALL HDEL "a\n", 1, false},
};

static void what_all_replicas_have_is_trimmed(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(tendings); i++) {
        struct redis_conn redis = {0};
        struct relay_stream stream = {.service = "medical", .sent_top = {7, 4}};
        memcpy(redis.replies, tendings[i].replies, sizeof(redis.replies));
        stream.registry.replicas[0] = replica_of("a", 9);
        stream.registry.replicas[1] = replica_of("b", 8);
        stream.registry.count = 2;
        bool is_done = relay_stream_tend(&stream, &redis, "e1", tendings[i].retention) &&
                       relay_stream_trim(&stream, &redis);
        assert_true(str_starts_with(buf_str(&redis.said), STR(XINFO)));
        assert_string_equal(redis.said.ptr + strlen(XINFO), tendings[i].said);
        assert_int_equal(is_done, tendings[i].is_done);
        assert_int_equal(stream.registry.count, tendings[i].left);
        buf_free(&redis.said);
    }
}

static void without_replicas_nothing_is_trimmed(void **state)
{
    (void)state;
    struct redis_conn redis = {.replies = {INFO, "*"}};
    struct relay_stream stream = {.service = "medical", .sent_top = {7, 4}};
    assert_true(relay_stream_tend(&stream, &redis, "e1", 1000));
    assert_true(relay_stream_trim(&stream, &redis));
    assert_string_equal(redis.said.ptr, XINFO HGETALL);
    buf_free(&redis.said);
}

/* Of a stream to which all up to 7-4 was sent. */
static void a_stream_that_lost_something_is_not_tended(void **state)
{
    static const struct {
        const char *found;
        bool is_done;
    } rows[] = {
        {TOP "7-4", true}, {TOP "7-5", true}, {TOP "7-3", false},  {TOP "0-0", false},
        {NO_KEY, false},   {"", false},       {"-LOADING", false}, {"*length,3", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct redis_conn redis = {.replies = {rows[i].found, "*"}};
        struct relay_stream stream = {.service = "medical", .top = {9, 0}, .sent_top = {7, 4}};
        if (relay_stream_tend(&stream, &redis, "e1", 1000) != rows[i].is_done)
            fail_msg("%s", rows[i].found);
        assert_string_equal(redis.said.ptr, rows[i].is_done ? XINFO HGETALL : XINFO);
        buf_free(&redis.said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_opened_by_what_redis_holds),
        cmocka_unit_test(each_entry_follows_the_top_which_never_sinks),
        cmocka_unit_test(redis_says_what_became_of_an_entry),
        cmocka_unit_test(a_stream_that_was_found_spoilt_begins_anew),
        cmocka_unit_test(what_all_replicas_have_is_trimmed),
        cmocka_unit_test(without_replicas_nothing_is_trimmed),
        cmocka_unit_test(a_stream_that_lost_something_is_not_tended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
