#include "guard/fleet/fleet.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    WATCHES_MAX = 4,
    RESERVED_MS = 60000, /* of a server that left, for what is still under way to it */
    LAG_BELIEVED_MS = 1000,
    LAG_MAX_MS = 3600000, /* more is no different */
    BEGINNING_MS = 5000,  /* who is found up now may have been up for long */
};

/* What changes seldom and is read with each request, what changes with each answer, and what only
 * those who hold the lock look at, on lines of their own. */
struct slot {
    _Alignas(CACHE_LINE) _Atomic enum fleet_state state;
    _Atomic unsigned generation; /* 0: never taken */
    _Atomic msec_t up_since;
    _Alignas(CACHE_LINE) _Atomic msec_t lag;
    _Atomic msec_t lag_until;
    _Alignas(CACHE_LINE) char name[FLEET_NAME_SIZE];
    unsigned row;    /* verdicts in a row that … */
    bool has_passed; /* … were PASSED, or were not */
    msec_t left_at;
};

struct fleet {
    struct fleet_limits limits;
    pthread_mutex_t lock;
    struct watch {
        fleet_watch_fn *told;
        void *arg;
    } watches[WATCHES_MAX];
    unsigned watch_count;
    msec_t began; /* when the first server joined; 0: none has */
    _Alignas(CACHE_LINE) _Atomic uint64_t members[FLEET_SERVICES_MAX]; /* by the service's bit */
    struct slot slots[FLEET_MAX];
};

struct fleet *fleet_new(struct fleet_limits limits)
{
    struct fleet *fleet = mem_new_shared(sizeof(*fleet));
    fleet->limits = limits;
    pthread_mutex_init(&fleet->lock, NULL);
    return fleet;
}

void fleet_watch(struct fleet *fleet, fleet_watch_fn *told, void *arg)
{
    assert(fleet->watch_count < WATCHES_MAX);
    fleet->watches[fleet->watch_count++] = (struct watch){told, arg};
}

/* Reading */

enum fleet_state fleet_state(const struct fleet *fleet, int index)
{
    return atomic_load_explicit(&fleet->slots[index].state, memory_order_relaxed);
}

/* Acquires: whoever sees a member sees what it joined with. */
uint64_t fleet_members(const struct fleet *fleet, uint64_t service)
{
    uint64_t members = 0;
    for (; service != 0; service &= service - 1)
        members |=
            atomic_load_explicit(&fleet->members[__builtin_ctzll(service)], memory_order_acquire);
    return members;
}

msec_t fleet_up_since(const struct fleet *fleet, int index)
{
    return atomic_load_explicit(&fleet->slots[index].up_since, memory_order_relaxed);
}

unsigned fleet_generation(const struct fleet *fleet, int index)
{
    return atomic_load_explicit(&fleet->slots[index].generation, memory_order_relaxed);
}

msec_t fleet_lag(const struct fleet *fleet, int index, msec_t now)
{
    const struct slot *slot = &fleet->slots[index];
    if (now >= atomic_load_explicit(&slot->lag_until, memory_order_relaxed))
        return 0;
    return atomic_load_explicit(&slot->lag, memory_order_relaxed);
}

unsigned fleet_name(struct fleet *fleet, int index, char name[FLEET_NAME_SIZE])
{
    pthread_mutex_lock(&fleet->lock);
    memcpy(name, fleet->slots[index].name, FLEET_NAME_SIZE);
    unsigned generation = fleet_generation(fleet, index);
    pthread_mutex_unlock(&fleet->lock);
    return generation;
}

/* Coming and going */

/* Returns what it was. */
static enum fleet_state set_state(struct slot *slot, enum fleet_state state)
{
    return atomic_exchange_explicit(&slot->state, state, memory_order_relaxed);
}

static void tell(const struct fleet *fleet, int index, enum fleet_state before,
                 enum fleet_state after)
{
    for (unsigned i = 0; i < fleet->watch_count && before != after; i++)
        fleet->watches[i].told(fleet->watches[i].arg, index, before, after);
}

static void set_services(struct fleet *fleet, int index, uint64_t services)
{
    uint64_t bit = UINT64_C(1) << index;
    for (unsigned i = 0; i < FLEET_SERVICES_MAX; i++)
        if (services >> i & 1)
            atomic_fetch_or_explicit(&fleet->members[i], bit, memory_order_release);
        else
            atomic_fetch_and_explicit(&fleet->members[i], ~bit, memory_order_release);
}

static bool is_free(const struct slot *slot, msec_t now)
{
    return slot->generation == 0 ||
           (slot->state == FLEET_ABSENT && now - slot->left_at >= RESERVED_MS);
}

/* The server's own place, or else the first free one. */
static int find_place(const struct fleet *fleet, struct str name, msec_t now)
{
    for (int i = 0; i < FLEET_MAX; i++)
        if (str_equal(str_from(fleet->slots[i].name), name))
            return i;
    for (int i = 0; i < FLEET_MAX; i++)
        if (is_free(&fleet->slots[i], now))
            return i;
    return FLEET_NONE;
}

static void take_place(struct slot *slot, struct str name, enum fleet_state state)
{
    memset(slot->name, 0, sizeof(slot->name));
    memcpy(slot->name, name.ptr, name.len);
    slot->row = 0;
    slot->lag_until = slot->up_since = 0;
    slot->generation++;
    set_state(slot, state);
}

int fleet_join(struct fleet *fleet, struct str name, uint64_t services, enum fleet_state state,
               msec_t now)
{
    assert(state != FLEET_ABSENT);
    if (name.len == 0 || name.len >= FLEET_NAME_SIZE)
        return FLEET_NONE;
    pthread_mutex_lock(&fleet->lock);
    int index = find_place(fleet, name, now);
    bool is_new = index != FLEET_NONE && fleet->slots[index].state == FLEET_ABSENT;
    if (fleet->began == 0)
        fleet->began = now;
    if (is_new)
        take_place(&fleet->slots[index], name, state);
    if (index != FLEET_NONE)
        set_services(fleet, index, services);
    pthread_mutex_unlock(&fleet->lock);
    if (is_new)
        tell(fleet, index, FLEET_ABSENT, state);
    return index;
}

void fleet_leave(struct fleet *fleet, int index, msec_t now)
{
    struct slot *slot = &fleet->slots[index];
    pthread_mutex_lock(&fleet->lock);
    set_services(fleet, index, 0);
    enum fleet_state before = set_state(slot, FLEET_ABSENT);
    slot->left_at = now;
    pthread_mutex_unlock(&fleet->lock);
    tell(fleet, index, before, FLEET_ABSENT);
}

/* Checks */

/* What the server is after this verdict. */
static enum fleet_state judge(const struct fleet *fleet, struct slot *slot,
                              enum fleet_verdict verdict)
{
    static const enum fleet_state states[] = {[FLEET_PASSED] = FLEET_UP,
                                              [FLEET_REFUSED] = FLEET_UNREADY,
                                              [FLEET_LEAVING] = FLEET_UNREADY,
                                              [FLEET_SILENT] = FLEET_DOWN};
    bool has_passed = verdict == FLEET_PASSED;
    unsigned needed = has_passed ? fleet->limits.up_after : fleet->limits.down_after;
    slot->row = has_passed == slot->has_passed ? slot->row + 1 : 1;
    slot->has_passed = has_passed;
    bool counts = slot->row >= needed || verdict == FLEET_LEAVING || slot->state == FLEET_NEW;
    return counts ? states[verdict] : slot->state;
}

/* Of those that were here before the gateway, none is a newcomer. */
static bool is_newcomer(const struct fleet *fleet, enum fleet_state before, msec_t now)
{
    return before != FLEET_NEW || now - fleet->began >= BEGINNING_MS;
}

void fleet_note(struct fleet *fleet, int index, enum fleet_verdict verdict, msec_t now)
{
    struct slot *slot = &fleet->slots[index];
    pthread_mutex_lock(&fleet->lock);
    enum fleet_state before = fleet_state(fleet, index), after = before;
    if (before != FLEET_ABSENT)
        after = judge(fleet, slot, verdict);
    if (after == FLEET_UP && before != FLEET_UP && is_newcomer(fleet, before, now))
        atomic_store_explicit(&slot->up_since, now, memory_order_relaxed);
    set_state(slot, after);
    pthread_mutex_unlock(&fleet->lock);
    tell(fleet, index, before, after);
}

/* Every answer brings one: what is known already is not written again each time. */
void fleet_note_lag(struct fleet *fleet, int index, msec_t lag, msec_t now)
{
    struct slot *slot = &fleet->slots[index];
    msec_t until = atomic_load_explicit(&slot->lag_until, memory_order_relaxed);
    lag = lag < 0 ? 0 : lag > LAG_MAX_MS ? LAG_MAX_MS : lag;
    if (until - now > LAG_BELIEVED_MS / 2 && lag == fleet_lag(fleet, index, now))
        return;
    atomic_store_explicit(&slot->lag, lag, memory_order_relaxed);
    atomic_store_explicit(&slot->lag_until, now + LAG_BELIEVED_MS, memory_order_relaxed);
}
