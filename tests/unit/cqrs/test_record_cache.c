#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "cqrs/cache/record_cache.h"
#include "fake/pg_pool.h"

#define JSON_TEXT "{\"title\":\"a\"}"

enum { ROOM = 1 << 20 };

/* A loop with its cache, its database, and the applier's word about one record. */
struct place {
    struct collection collection;
    struct uuid id;
    struct validity *validity;
    struct metrics *metrics;
    struct record_cache *cache;
    struct pg_pool *pool;
    struct read_record answer; /* the last; its text is not kept */
    unsigned answers;
};

/* Its parts live as long as the process: all stay in reach. */
static struct place *place_in(struct metrics *metrics, size_t bytes)
{
    static char table[] = "\"shop\".\"items\"";
    static struct place all[16];
    static size_t count;
    assert_true(count < countof(all));
    struct place *place = &all[count++];
    *place = (struct place){.collection.table = table,
                            .id = uuid_new(),
                            .validity = validity_new(),
                            .metrics = metrics,
                            .pool = pg_pool_open(loop_new(), &(struct pg_pool_options){0})};
    place->cache = record_cache_new(bytes, place->metrics);
    validity_hold(place->validity, clock_monotonic() + 60000); /* for as long as the test takes */
    return place;
}

static struct place *place_of(size_t bytes)
{
    return place_in(metrics_new(), bytes);
}

static struct record_look look_of(const struct place *place)
{
    return (struct record_look){&place->collection, &place->id, place->validity};
}

static void on_record(void *arg, const struct read_record *record)
{
    struct place *place = arg;
    place->answer = *record;
    place->answers++;
}

static void ask(struct place *place)
{
    struct record_look look = look_of(place);
    record_cache_load(place->cache, place->pool, &look, on_record, place);
}

/* A record of that version; 0: there is none. */
static void answer(struct place *place, const char *version)
{
    const char *const cells[] = {version, JSON_TEXT};
    struct pg_rows rows = {.count = *version != '0', .columns = 2, .cells = cells};
    unsigned before = place->answers;
    fake_pg_pool_answer(place->pool, &(struct pg_outcome){.status = STATUS_OK, .rows = &rows});
    assert_int_equal(place->answers, before + 1);
}

/* The version that is served from memory; 0: none is. */
static int64_t served(struct place *place)
{
    struct record_look look = look_of(place);
    struct read_record record;
    if (!record_cache_find(place->cache, &look, &record))
        return 0;
    assert_int_equal(record.status, STATUS_OK);
    assert_true(str_equal(record.json, STR(JSON_TEXT)));
    return record.version;
}

static int64_t counted(const struct place *place, const char *name)
{
    return metric_read(metric_get(place->metrics, METRIC_KIND_GAUGE, name, "", ""));
}

static void the_database_is_asked_once_while_nothing_happens(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    assert_int_equal(served(place), 0);
    ask(place);
    answer(place, "3");
    assert_int_equal(place->answer.version, 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(served(place), 3);
    assert_int_equal(counted(place, "mamparo_cache_hits_total"), 5);
    assert_int_equal(counted(place, "mamparo_cache_misses_total"), 1);
    assert_int_equal(counted(place, "mamparo_cache_records"), 1);
    assert_true(counted(place, "mamparo_cache_bytes") > (int64_t)sizeof(JSON_TEXT));
}

static void what_changed_is_asked_for_anew(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    ask(place);
    answer(place, "1");
    validity_touch(place->validity, &place->id);
    assert_int_equal(served(place), 0);
    validity_settle(place->validity);
    assert_int_equal(served(place), 0);
    ask(place);
    answer(place, "2");
    assert_int_equal(served(place), 2);
    assert_int_equal(counted(place, "mamparo_cache_records"), 1);
}

/* What happens while the database is asked. Its answer goes to whoever asked, and to nobody else.
 */
static void touch_only(struct place *place)
{
    validity_touch(place->validity, &place->id);
}

static void touch_and_settle(struct place *place)
{
    touch_only(place);
    validity_settle(place->validity);
}

static void end(struct place *place)
{
    validity_end(place->validity);
}

static void end_and_hold(struct place *place)
{
    end(place);
    validity_hold(place->validity, clock_monotonic() + 60000);
}

static void what_changes_while_the_database_is_asked_is_asked_for_anew(void **state)
{
    static void (*const happenings[])(struct place *) = {touch_only, touch_and_settle, end,
                                                         end_and_hold};
    (void)state;
    for (size_t i = 0; i < countof(happenings); i++) {
        struct place *place = place_of(ROOM);
        ask(place);
        happenings[i](place);
        answer(place, "1");
        assert_int_equal(place->answer.version, 1);
        validity_settle(place->validity);
        validity_hold(place->validity, clock_monotonic() + 60000);
        assert_int_equal(served(place), 0);
    }
}

static void what_is_asked_while_it_changes_is_not_kept(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    touch_only(place);
    ask(place);
    answer(place, "1");
    assert_int_equal(served(place), 0);
    ask(place);
    validity_settle(place->validity);
    answer(place, "1");
    assert_int_equal(served(place), 0);
    assert_int_equal(counted(place, "mamparo_cache_records"), 0);
}

static void that_there_is_none_is_not_kept(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    ask(place);
    answer(place, "0");
    assert_int_equal(place->answer.status, STATUS_NOT_FOUND);
    assert_int_equal(served(place), 0);
    ask(place);
    fake_pg_pool_answer(place->pool, &(struct pg_outcome){.status = STATUS_UNAVAILABLE});
    assert_int_equal(place->answer.status, STATUS_UNAVAILABLE);
    assert_int_equal(counted(place, "mamparo_cache_records"), 0);
}

static void a_cache_without_room_keeps_nothing(void **state)
{
    (void)state;
    struct place *place = place_of(0);
    ask(place);
    answer(place, "1");
    assert_int_equal(place->answer.version, 1);
    assert_int_equal(served(place), 0);
    assert_int_equal(counted(place, "mamparo_cache_bytes"), 0);
}

static void status_tells_of_all_loops_together(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM), *other = place_in(place->metrics, ROOM);
    struct buf out = {0}, wanted = {0};
    for (int i = 0; i < 2; i++) {
        struct place *one = i == 0 ? place : other;
        assert_int_equal(served(one), 0);
        ask(one);
        answer(one, "1");
        assert_int_equal(served(one), 1);
    }
    buf_printf(&wanted, ",\"cache\":{\"hits\":2,\"misses\":2,\"records\":2,\"bytes\":%lld}",
               (long long)counted(place, "mamparo_cache_bytes"));
    record_cache_write_status(place->metrics, &out);
    assert_string_equal(out.ptr, wanted.ptr);
    buf_free(&out);
    buf_free(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_database_is_asked_once_while_nothing_happens),
        cmocka_unit_test(what_changed_is_asked_for_anew),
        cmocka_unit_test(what_changes_while_the_database_is_asked_is_asked_for_anew),
        cmocka_unit_test(what_is_asked_while_it_changes_is_not_kept),
        cmocka_unit_test(that_there_is_none_is_not_kept),
        cmocka_unit_test(a_cache_without_room_keeps_nothing),
        cmocka_unit_test(status_tells_of_all_loops_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
