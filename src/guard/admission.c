#include "guard/admission.h"

/* Of the load: one more in flight, one more that waits. */
enum { WAITING_SHIFT = 32 };
static const uint64_t one_in = 1, one_waits = UINT64_C(1) << WAITING_SHIFT;

static unsigned in_flight_of(uint64_t load)
{
    return (unsigned)load;
}

static unsigned waiting_of(uint64_t load)
{
    return (unsigned)(load >> WAITING_SHIFT);
}

void admission_init(struct admission *admission, unsigned limit, unsigned queue)
{
    *admission = (struct admission){0};
    pthread_mutex_init(&admission->lock, NULL);
    list_init(&admission->line);
    admission_set(admission, limit, queue);
}

void admission_set(struct admission *admission, unsigned limit, unsigned queue)
{
    atomic_store(&admission->limit, limit > 0 ? limit : 1);
    atomic_store(&admission->queue, queue);
}

void admission_door_init(struct admission_door *door)
{
    list_init(&door->called);
}

/* Entering */

/* Nobody goes past those who wait, though there be room. */
static enum admission_answer answer_for(const struct admission *admission, uint64_t load)
{
    if (waiting_of(load) == 0 && in_flight_of(load) < atomic_load(&admission->limit))
        return ADMISSION_GRANTED;
    return waiting_of(load) < atomic_load(&admission->queue) ? ADMISSION_WAITS : ADMISSION_FULL;
}

static enum admission_answer enter_at_once(struct admission *admission)
{
    uint64_t load = atomic_load(&admission->load);
    enum admission_answer answer;
    do {
        answer = answer_for(admission, load);
    } while (answer == ADMISSION_GRANTED &&
             !atomic_compare_exchange_weak(&admission->load, &load, load + one_in));
    return answer;
}

/* Under the lock. */
static enum admission_answer enter_or_wait(struct admission *admission)
{
    uint64_t load = atomic_load(&admission->load), step;
    enum admission_answer answer;
    do {
        answer = answer_for(admission, load);
        step = answer == ADMISSION_GRANTED ? one_in : one_waits;
    } while (answer != ADMISSION_FULL &&
             !atomic_compare_exchange_weak(&admission->load, &load, load + step));
    return answer;
}

enum admission_answer admission_enter(struct admission *admission, struct admission_place *place,
                                      struct admission_door *door)
{
    enum admission_answer answer = enter_at_once(admission);
    if (answer != ADMISSION_WAITS)
        return answer;
    if (place == NULL)
        return ADMISSION_FULL;
    pthread_mutex_lock(&admission->lock);
    answer = enter_or_wait(admission);
    if (answer == ADMISSION_WAITS) {
        *place = (struct admission_place){.door = door};
        list_append(&admission->line, &place->link);
    }
    pthread_mutex_unlock(&admission->lock);
    return answer;
}

/* Leaving, and who comes next */

void admission_leave(struct admission *admission)
{
    uint64_t load = atomic_fetch_sub(&admission->load, one_in);
    assert(in_flight_of(load) > 0);
}

/* Under the lock: nobody else lets anybody in while somebody waits, so the room stays. */
static struct admission_door *call_first(struct admission *admission)
{
    uint64_t load = atomic_load(&admission->load);
    if (waiting_of(load) == 0 || in_flight_of(load) >= atomic_load(&admission->limit))
        return NULL;
    atomic_fetch_add(&admission->load, one_in - one_waits);
    struct admission_place *place =
        container_of(list_take_first(&admission->line), struct admission_place, link);
    place->is_called = true;
    list_append(&place->door->called, &place->link);
    return place->door;
}

struct admission_door *admission_call(struct admission *admission)
{
    /* Whoever waits since the permit came back has seen that it had. */
    if (admission_waiting(admission) == 0)
        return NULL;
    pthread_mutex_lock(&admission->lock);
    struct admission_door *door = call_first(admission);
    pthread_mutex_unlock(&admission->lock);
    return door;
}

struct admission_place *admission_take(struct admission *admission, struct admission_door *door)
{
    pthread_mutex_lock(&admission->lock);
    struct list *link = list_take_first(&door->called);
    pthread_mutex_unlock(&admission->lock);
    return link == NULL ? NULL : container_of(link, struct admission_place, link);
}

bool admission_quit(struct admission *admission, struct admission_place *place)
{
    pthread_mutex_lock(&admission->lock);
    bool is_called = place->is_called;
    if (!is_called)
        atomic_fetch_sub(&admission->load, one_waits);
    list_remove(&place->link);
    pthread_mutex_unlock(&admission->lock);
    return is_called;
}

unsigned admission_in_flight(const struct admission *admission)
{
    return in_flight_of(atomic_load(&admission->load));
}

unsigned admission_waiting(const struct admission *admission)
{
    return waiting_of(atomic_load(&admission->load));
}
