#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cqrs/cache/list_cache.h"

enum { ROOM = 1 << 20 };

static struct kept_list a_page(void)
{
    return (struct kept_list){STR("0011"), STR("</v1/a?page=2>; rel=\"next\""),
                              STR("{\"data\":[],\n\"pagination\":{}}"), false};
}

/* A loop's cache, and the applier's word about two collections: their addresses tell them apart. */
struct place {
    struct collection *entries, *images;
    struct validity *validity;
    struct metrics *metrics;
    struct list_cache *cache;
};

/* Its parts live as long as the process: all stay in reach. */
static struct place *place_of(size_t bytes)
{
    static char collections[2];
    static struct place all[16];
    static size_t count;
    assert_true(count < sizeof(all) / sizeof(all[0]));
    struct place *place = &all[count++];
    place->entries = (struct collection *)&collections[0];
    place->images = (struct collection *)&collections[1];
    place->validity = validity_new();
    place->metrics = metrics_new();
    place->cache = list_cache_new(bytes, place->metrics);
    validity_hold(place->validity, clock_monotonic() + 60000); /* for as long as the test takes */
    return place;
}

static struct list_look look_for(const struct place *place, struct list_question question)
{
    return list_cache_look(&question, place->validity);
}

static struct list_look look_at(const struct place *place, const char *query)
{
    return look_for(place, (struct list_question){place->entries, STR("/v1/shop/entries"),
                                                  str_from(query), false});
}

static bool is_kept(const struct place *place, struct list_look look)
{
    struct kept_list found;
    return list_cache_find(place->cache, &look, &found);
}

static bool is_served(const struct place *place, const char *query)
{
    return is_kept(place, look_at(place, query));
}

static void keep(const struct place *place, const char *query)
{
    struct list_look look = look_at(place, query);
    struct kept_list page = a_page();
    list_cache_keep(place->cache, &look, &page);
}

static void change(const struct place *place, const struct collection *collection)
{
    struct uuid lists = validity_id_of_lists(collection);
    validity_touch(place->validity, &lists);
}

static void what_was_kept_is_served_as_it_was(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    struct list_look look = look_at(place, "page=1");
    struct kept_list page = a_page(), found;
    assert_false(list_cache_find(place->cache, &look, &found));
    list_cache_keep(place->cache, &look, &page);
    assert_true(list_cache_find(place->cache, &look, &found));
    assert_true(str_equal(found.tag, page.tag));
    assert_true(str_equal(found.link, page.link));
    assert_false(found.is_gzipped);
    assert_true(str_equal(found.body, page.body));
    look = look_at(place, "");
    list_cache_keep(place->cache, &look, &(struct kept_list){page.tag, {0}, page.body, true});
    assert_true(list_cache_find(place->cache, &look, &found));
    assert_int_equal(found.link.len, 0);
    assert_true(found.is_gzipped);
    assert_true(str_equal(found.body, page.body));
}

static void only_who_asks_the_same_gets_it(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    struct str path = STR("/v1/shop/entries"), longer = STR("/v1/shop/entriesp");
    keep(place, "page=1");
    assert_true(is_served(place, "page=1"));
    assert_false(is_served(place, "page=2"));
    assert_false(is_served(place, ""));
    const struct list_question others[] = {
        {place->entries, longer, STR("age=1"), false}, /* the same letters, cut elsewhere */
        {place->images, path, STR("page=1"), false},
        {place->entries, path, STR("page=1"), true},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(is_kept(place, look_for(place, others[i])));
}

static void a_change_of_a_record_voids_all_lists_of_its_collection_only(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    keep(place, "page=1");
    keep(place, "page=2");
    change(place, place->images);
    validity_settle(place->validity);
    assert_true(is_served(place, "page=1"));
    change(place, place->entries);
    assert_false(is_served(place, "page=1"));
    keep(place, "page=1"); /* while it is being applied */
    validity_settle(place->validity);
    assert_false(is_served(place, "page=1"));
    assert_false(is_served(place, "page=2"));
    keep(place, "page=1");
    assert_true(is_served(place, "page=1"));
}

static void what_was_asked_before_a_change_is_not_served_after_it(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    struct list_look before = look_at(place, "");
    struct kept_list page = a_page();
    change(place, place->entries);
    validity_settle(place->validity);
    list_cache_keep(place->cache, &before, &page);
    assert_false(is_served(place, ""));
}

static void nothing_is_served_or_kept_by_who_does_not_apply(void **state)
{
    (void)state;
    struct place *place = place_of(ROOM);
    keep(place, "");
    validity_end(place->validity);
    assert_false(is_served(place, ""));
    keep(place, "");
    validity_hold(place->validity, clock_monotonic() + 60000);
    assert_false(is_served(place, ""));
}

static void status_and_metrics_tell_what_is_kept(void **state)
{
    (void)state;
    char expected[160];
    struct buf out = {0};
    struct place *place = place_of(ROOM);
    keep(place, "");
    assert_true(is_served(place, ""));
    assert_false(is_served(place, "page=2"));
    struct kept_list page = a_page();
    int64_t bytes = metric_read(
        metric_get(place->metrics, METRIC_KIND_GAUGE, "mamparo_list_cache_bytes", "", ""));
    assert_true(bytes > (int64_t)(page.tag.len + page.link.len + page.body.len));
    snprintf(expected, sizeof(expected),
             ",\"list_cache\":{\"hits\":1,\"misses\":1,\"lists\":1,\"bytes\":%lld}",
             (long long)bytes);
    list_cache_write_status(place->metrics, &out);
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
}

static void no_room_keeps_nothing(void **state)
{
    (void)state;
    struct place *place = place_of(0);
    keep(place, "");
    assert_false(is_served(place, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_served_as_it_was),
        cmocka_unit_test(only_who_asks_the_same_gets_it),
        cmocka_unit_test(a_change_of_a_record_voids_all_lists_of_its_collection_only),
        cmocka_unit_test(what_was_asked_before_a_change_is_not_served_after_it),
        cmocka_unit_test(nothing_is_served_or_kept_by_who_does_not_apply),
        cmocka_unit_test(status_and_metrics_tell_what_is_kept),
        cmocka_unit_test(no_room_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
