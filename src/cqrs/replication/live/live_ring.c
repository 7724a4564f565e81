#include "cqrs/replication/live/live_ring.h"

const char *const live_kinds[LIVE_KIND_COUNT] = {"created", "updated", "deleted"};

struct live_event *live_event_new(struct position position, size_t collection, enum live_kind kind,
                                  struct str text)
{
    struct live_event *event = mem_new(1, sizeof(*event) + text.len);
    atomic_init(&event->holders, 1);
    event->position = position;
    event->collection = collection;
    event->kind = kind;
    event->len = text.len;
    memcpy(event->text, text.ptr, text.len);
    return event;
}

void live_event_hold(struct live_event *event)
{
    atomic_fetch_add_explicit(&event->holders, 1, memory_order_relaxed);
}

void live_event_release(struct live_event *event)
{
    if (atomic_fetch_sub_explicit(&event->holders, 1, memory_order_acq_rel) == 1)
        free(event);
}

static struct live_event *event_at(const struct live_ring *ring, size_t index)
{
    return ring->events[(ring->first + index) % ring->capacity];
}

void live_ring_init(struct live_ring *ring, size_t capacity, size_t bytes_max)
{
    *ring = (struct live_ring){.capacity = capacity, .bytes_max = bytes_max};
    ring->events = mem_new(capacity, sizeof(struct live_event *));
}

static void drop_first(struct live_ring *ring)
{
    struct live_event *gone = event_at(ring, 0);
    ring->floor = gone->position;
    ring->bytes -= gone->len;
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count--;
    ring->seen--;
    live_event_release(gone);
}

void live_ring_restart(struct live_ring *ring, struct position floor)
{
    ring->seen = ring->count;
    ring->unseen_bytes = 0;
    while (ring->seen > 0)
        drop_first(ring);
    ring->floor = floor;
}

bool live_ring_has_room(const struct live_ring *ring)
{
    return ring->count - ring->seen < (ring->capacity + 1) / 2 &&
           ring->unseen_bytes < ring->bytes_max / 2;
}

void live_ring_push(struct live_ring *ring, struct live_event *event)
{
    assert(live_ring_has_room(ring));
    ring->bytes += event->len;
    ring->unseen_bytes += event->len;
    while (ring->seen > 0 && (ring->count == ring->capacity || ring->bytes > ring->bytes_max))
        drop_first(ring);
    ring->events[(ring->first + ring->count++) % ring->capacity] = event;
}

/* How many of the first `count` do not come behind `place`. */
static size_t count_up_to(const struct live_ring *ring, size_t count, struct position place)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (position_compare(event_at(ring, middle)->position, place) <= 0)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

bool live_ring_show(struct live_ring *ring, struct position applied)
{
    size_t seen = count_up_to(ring, ring->count, applied);
    bool is_more = seen > ring->seen;
    for (; ring->seen < seen; ring->seen++)
        ring->unseen_bytes -= event_at(ring, ring->seen)->len;
    return is_more;
}

bool live_ring_has(const struct live_ring *ring, struct position after)
{
    return position_compare(after, ring->floor) >= 0;
}

static bool is_wanted(const struct live_filter *filter, const struct live_event *event)
{
    return filter->kinds == NULL || (filter->kinds[event->collection] >> event->kind & 1) != 0;
}

void live_ring_take(const struct live_ring *ring, struct position *after,
                    const struct live_filter *filter, struct live_batch *out)
{
    size_t bytes = 0;
    out->count = 0;
    for (size_t i = count_up_to(ring, ring->seen, *after);
         i < ring->seen && out->count < LIVE_BATCH_MAX && bytes < LIVE_BATCH_BYTES; i++) {
        struct live_event *event = event_at(ring, i);
        *after = event->position;
        if (!is_wanted(filter, event))
            continue;
        live_event_hold(event);
        bytes += event->len;
        out->events[out->count++] = event;
    }
}
