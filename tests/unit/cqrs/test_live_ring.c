#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/live/live_ring.h"

enum { CAPACITY = 8, BYTES = 100 };

static const struct live_filter all = {NULL};

static struct position at(uint64_t commit)
{
    return (struct position){commit, 0};
}

static struct live_event *event(uint64_t commit, size_t collection, enum live_kind kind)
{
    char text[24];
    snprintf(text, sizeof(text), "<%llu>", (unsigned long long)commit);
    return live_event_new(at(commit), collection, kind, str_from(text));
}

static int make(void **state)
{
    struct live_ring *ring = mem_new(1, sizeof(*ring));
    live_ring_init(ring, CAPACITY, BYTES);
    live_ring_restart(ring, at(10));
    *state = ring;
    return 0;
}

static int drop(void **state)
{
    struct live_ring *ring = *state;
    live_ring_restart(ring, at(0));
    free(ring->events);
    free(ring);
    return 0;
}

static void push(struct live_ring *ring, uint64_t from, uint64_t to)
{
    for (; from <= to; from++)
        live_ring_push(ring, event(from, 0, LIVE_CREATED));
}

static void release(struct live_batch *batch)
{
    while (batch->count > 0)
        live_event_release(batch->events[--batch->count]);
}

/* What a follower gets that is at `*place`, as one text. */
static void assert_taken(const struct live_ring *ring, struct position *place,
                         const struct live_filter *filter, const char *expected)
{
    struct live_batch batch;
    struct buf text = {0};
    buf_append_text(&text, "");
    live_ring_take(ring, place, filter, &batch);
    for (size_t i = 0; i < batch.count; i++)
        buf_append(&text, batch.events[i]->text, batch.events[i]->len);
    release(&batch);
    assert_string_equal(text.ptr, expected);
    buf_free(&text);
}

static void an_event_is_seen_once_it_was_applied_and_not_before(void **state)
{
    struct live_ring *ring = *state;
    struct position place = at(10);
    push(ring, 11, 13);
    assert_taken(ring, &place, &all, "");
    assert_true(live_ring_show(ring, at(12)));
    assert_taken(ring, &place, &all, "<11><12>");
    assert_false(live_ring_show(ring, at(12)));
    assert_taken(ring, &place, &all, "");
    assert_true(live_ring_show(ring, at(99)));
    assert_taken(ring, &place, &all, "<13>");
}

static void what_was_applied_before_is_never_hidden_again(void **state)
{
    struct live_ring *ring = *state;
    struct position place = at(10);
    push(ring, 11, 12);
    assert_true(live_ring_show(ring, at(12)));
    assert_false(live_ring_show(ring, at(11)));
    assert_taken(ring, &place, &all, "<11><12>");
}

static void a_follower_begins_behind_its_place_even_where_no_event_has_it(void **state)
{
    struct live_ring *ring = *state;
    struct position between = {11, 5}, ahead = at(50);
    push(ring, 11, 13);
    live_ring_show(ring, at(13));
    assert_taken(ring, &between, &all, "<12><13>");
    assert_taken(ring, &ahead, &all, "");
    assert_int_equal(ahead.commit, 50);
}

static void the_oldest_make_way_once_they_were_seen(void **state)
{
    struct live_ring *ring = *state;
    for (uint64_t n = 11; n <= 30; n++) {
        push(ring, n, n);
        live_ring_show(ring, at(n));
    }
    struct position place = at(22);
    assert_int_equal(ring->count, CAPACITY);
    assert_false(live_ring_has(ring, at(21)));
    assert_true(live_ring_has(ring, place));
    assert_taken(ring, &place, &all, "<23><24><25><26><27><28><29><30>");
}

static void those_not_seen_never_make_way_but_fill_half_of_it_at_most(void **state)
{
    struct live_ring *ring = *state;
    struct position place = at(10);
    for (uint64_t n = 11; live_ring_has_room(ring); n++)
        push(ring, n, n);
    assert_int_equal(ring->count, CAPACITY / 2);
    assert_int_equal(ring->floor.commit, 10);
    live_ring_show(ring, at(99));
    assert_true(live_ring_has_room(ring));
    assert_taken(ring, &place, &all, "<11><12><13><14>");
}

static void the_size_is_bounded_whatever_the_events_are(void **state)
{
    struct live_ring *ring = *state;
    static const char text[60];
    for (uint64_t n = 11; n <= 30; n++) {
        live_ring_push(ring,
                       live_event_new(at(n), 0, LIVE_CREATED, (struct str){text, sizeof(text)}));
        assert_false(live_ring_has_room(ring));
        live_ring_show(ring, at(n));
        assert_true(ring->bytes <= BYTES);
        assert_int_equal(ring->unseen_bytes, 0);
    }
}

static void an_event_that_somebody_holds_outlives_the_ring(void **state)
{
    struct live_ring *ring = *state;
    struct live_batch held;
    struct position place = at(10);
    push(ring, 11, 11);
    live_ring_show(ring, at(11));
    live_ring_take(ring, &place, &all, &held);
    assert_int_equal(held.count, 1);
    live_ring_restart(ring, at(20));
    assert_memory_equal(held.events[0]->text, "<11>", 4);
    release(&held);
}

static void after_a_restart_nothing_before_it_is_there(void **state)
{
    struct live_ring *ring = *state;
    push(ring, 11, 13);
    live_ring_restart(ring, at(20));
    struct position place = at(20);
    assert_false(live_ring_has(ring, at(19)));
    assert_true(live_ring_has_room(ring));
    push(ring, 21, 21);
    live_ring_show(ring, at(21));
    assert_taken(ring, &place, &all, "<21>");
}

static void a_filter_lets_through_what_it_names_and_moves_past_the_rest(void **state)
{
    struct live_ring *ring = *state;
    unsigned char kinds[] = {1 << LIVE_DELETED, 1 << LIVE_CREATED | 1 << LIVE_UPDATED};
    const struct live_filter filter = {kinds};
    struct position place = at(10);
    live_ring_push(ring, event(11, 0, LIVE_CREATED));
    live_ring_push(ring, event(12, 1, LIVE_UPDATED));
    live_ring_push(ring, event(13, 0, LIVE_DELETED));
    live_ring_push(ring, event(14, 1, LIVE_DELETED));
    live_ring_show(ring, at(14));
    assert_taken(ring, &place, &filter, "<12><13>");
    assert_int_equal(place.commit, 14);
}

static void a_batch_is_bounded_in_number_and_in_size(void **state)
{
    static const char large[LIVE_BATCH_BYTES / 2];
    static const struct {
        struct str text;
        size_t count;
    } rows[] = {{STR("x"), LIVE_BATCH_MAX}, {{large, sizeof(large)}, 2}};
    (void)state;
    for (size_t r = 0; r < countof(rows); r++) {
        enum { EVENTS = 100, ENOUGH = 1 << 30 };
        struct live_ring ring;
        struct live_batch batch;
        struct position place = at(0);
        live_ring_init(&ring, (size_t)2 * EVENTS, ENOUGH);
        for (uint64_t n = 1; n <= EVENTS; n++)
            live_ring_push(&ring, live_event_new(at(n), 0, LIVE_CREATED, rows[r].text));
        live_ring_show(&ring, at(EVENTS));
        live_ring_take(&ring, &place, &all, &batch);
        assert_int_equal(batch.count, rows[r].count);
        assert_int_equal(place.commit, rows[r].count);
        release(&batch);
        live_ring_restart(&ring, place);
        free(ring.events);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_seen_once_it_was_applied_and_not_before),
        TEST(what_was_applied_before_is_never_hidden_again),
        TEST(a_follower_begins_behind_its_place_even_where_no_event_has_it),
        TEST(the_oldest_make_way_once_they_were_seen),
        TEST(those_not_seen_never_make_way_but_fill_half_of_it_at_most),
        TEST(the_size_is_bounded_whatever_the_events_are),
        TEST(an_event_that_somebody_holds_outlives_the_ring),
        TEST(after_a_restart_nothing_before_it_is_there),
        TEST(a_filter_lets_through_what_it_names_and_moves_past_the_rest),
        TEST(a_batch_is_bounded_in_number_and_in_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
