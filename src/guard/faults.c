#include "guard/faults.h"

#include <pthread.h>
#include <stdatomic.h>

struct faults {
    pthread_mutex_t lock;
    atomic_size_t count;
    struct fault items[FAULTS_MAX];
};

struct faults *faults_new(void)
{
    struct faults *faults = mem_new(1, sizeof(*faults));
    pthread_mutex_init(&faults->lock, NULL);
    return faults;
}

void faults_free(struct faults **faults)
{
    if (*faults == NULL)
        return;
    pthread_mutex_destroy(&(*faults)->lock);
    free(*faults);
    *faults = NULL;
}

/* Its place, or the count where it has none. Under the lock. */
static size_t find(const struct faults *faults, const struct fault_target *target)
{
    size_t place = 0;
    for (; place < faults->count; place++) {
        const struct fault *fault = &faults->items[place];
        if (fault->service == target->service && fault->side == target->side &&
            str_equal(str_from(fault->server), target->server))
            break;
    }
    return place;
}

static void take_out(struct faults *faults, size_t place, struct fault *out)
{
    *out = faults->items[place];
    faults->items[place] = faults->items[--faults->count];
}

bool faults_set(struct faults *faults, const struct fault *fault)
{
    pthread_mutex_lock(&faults->lock);
    size_t place =
        find(faults, &(struct fault_target){fault->service, fault->side, str_from(fault->server)});
    bool has_place = place < FAULTS_MAX;
    if (has_place) {
        faults->items[place] = *fault;
        faults->count += place == faults->count;
    }
    pthread_mutex_unlock(&faults->lock);
    return has_place;
}

bool faults_clear(struct faults *faults, const struct fault_target *target, struct fault *out)
{
    pthread_mutex_lock(&faults->lock);
    size_t place = find(faults, target);
    bool is_found = place < faults->count;
    if (is_found)
        take_out(faults, place, out);
    pthread_mutex_unlock(&faults->lock);
    return is_found;
}

bool faults_expire(struct faults *faults, msec_t now, struct fault *out)
{
    size_t place = 0;
    pthread_mutex_lock(&faults->lock);
    while (place < faults->count && now < faults->items[place].until)
        place++;
    bool is_found = place < faults->count;
    if (is_found)
        take_out(faults, place, out);
    pthread_mutex_unlock(&faults->lock);
    return is_found;
}

size_t faults_list(struct faults *faults, msec_t now, struct fault out[FAULTS_MAX])
{
    size_t count = 0;
    pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count; i++)
        if (now < faults->items[i].until)
            out[count++] = faults->items[i];
    pthread_mutex_unlock(&faults->lock);
    return count;
}

bool faults_has_any(const struct faults *faults)
{
    return atomic_load_explicit(&faults->count, memory_order_relaxed) > 0;
}

/* That of the server, else that of all; NULL where there is none. Under the lock. */
static const struct fault *fault_for(const struct faults *faults, const struct fault_target *target,
                                     msec_t now)
{
    const struct fault_target targets[] = {*target, {target->service, target->side, STR("")}};
    for (size_t i = 0; i < countof(targets); i++) {
        size_t place = find(faults, &targets[i]);
        if (place < faults->count && now < faults->items[place].until)
            return &faults->items[place];
    }
    return NULL;
}

static struct fault_draw draw(const struct fault *fault, double chance)
{
    struct fault_draw drawn = {.latency = fault->latency};
    if (chance < fault->error)
        drawn.outcome = FAULT_ERROR;
    else if (chance < fault->error + fault->drop)
        drawn.outcome = FAULT_DROP;
    return drawn;
}

struct fault_draw faults_draw(struct faults *faults, const struct fault_target *target,
                              double chance, msec_t now)
{
    struct fault_draw drawn = {.outcome = FAULT_NONE};
    pthread_mutex_lock(&faults->lock);
    const struct fault *fault = fault_for(faults, target, now);
    if (fault != NULL)
        drawn = draw(fault, chance);
    pthread_mutex_unlock(&faults->lock);
    return drawn;
}
