#include "guard/incident/incidents.h"

#include <pthread.h>
#include <stdatomic.h>

/* What a compartment's later incident may end; 0: nothing. */
struct pending {
    msec_t off_since, failed_over_at;
};

struct incidents {
    pthread_mutex_t lock;
    uint64_t last_id;
    msec_t last_at;
    struct incident ring[INCIDENTS_KEPT]; /* by id */
    struct attendance *attendance;
    struct pending *pending; /* by service, then side */
    /* The first failed sign of what may become an outage; 0: none. Not under the lock. */
    _Atomic msec_t failing_since[ATTENDANCE_SIDES][ATTENDANCE_SERVERS];
};

struct incidents *incidents_new(size_t services)
{
    struct incidents *incidents = mem_new(1, sizeof(*incidents));
    pthread_mutex_init(&incidents->lock, NULL);
    incidents->attendance = attendance_new(services);
    incidents->pending = mem_new(services * ATTENDANCE_SIDES, sizeof(struct pending));
    return incidents;
}

void incidents_free(struct incidents **incidents)
{
    if (*incidents == NULL)
        return;
    attendance_free(&(*incidents)->attendance);
    pthread_mutex_destroy(&(*incidents)->lock);
    free((*incidents)->pending);
    free(*incidents);
    *incidents = NULL;
}

/* One incident */

const char *incident_word(enum incident_kind kind)
{
    static const char *const words[] = {
#define INCIDENT_WORD(name, word) word,
        INCIDENT_TABLE(INCIDENT_WORD)
#undef INCIDENT_WORD
    };
    return words[kind];
}

const char *incident_state(const struct incident *incident)
{
    static const char *const words[INCIDENT_KIND_COUNT][2] = {
        [INCIDENT_TOGGLE] = {"disabled", "enabled"},
        [INCIDENT_FAULT] = {"injected", "over"},
    };
    return words[incident->kind][incident->is_over];
}

struct incident incident_of(enum incident_kind kind, unsigned side)
{
    return (struct incident){.kind = kind,
                             .side = side,
                             .service = INCIDENT_NONE,
                             .server = INCIDENT_NONE,
                             .duration = INCIDENT_NONE};
}

/* As many whole characters as there is room for, and a NUL. */
static void copy_text(char *out, size_t size, struct str text)
{
    size_t len = text.len < size ? text.len : size - 1;
    while (len > 0 && len < text.len && (text.ptr[len] & 0xC0) == 0x80)
        len--;
    if (len > 0)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
}

void incident_set_name(struct incident *incident, struct str name)
{
    copy_text(incident->name, sizeof(incident->name), name);
}

void incident_set_why(struct incident *incident, struct str why)
{
    copy_text(incident->why, sizeof(incident->why), why);
}

/* Signs */

void incidents_note_failed_sign(struct incidents *incidents, struct attendant who, msec_t now)
{
    _Atomic msec_t *since = &incidents->failing_since[who.side][who.server];
    msec_t none = 0;
    if (atomic_load_explicit(since, memory_order_relaxed) == 0)
        atomic_compare_exchange_strong(since, &none, now);
}

void incidents_note_good_sign(struct incidents *incidents, struct attendant who)
{
    _Atomic msec_t *since = &incidents->failing_since[who.side][who.server];
    if (atomic_load_explicit(since, memory_order_relaxed) != 0)
        atomic_store(since, 0);
}

static msec_t first_sign(struct incidents *incidents, struct attendant who, msec_t now)
{
    msec_t since = atomic_exchange(&incidents->failing_since[who.side][who.server], 0);
    return since == 0 || since > now ? now : since;
}

/* Noting */

/* Begins at `*since`, or ends what began there. */
static msec_t turn(msec_t *since, bool is_over, msec_t now)
{
    msec_t began = *since;
    if (!is_over && began == 0)
        *since = now;
    if (is_over)
        *since = 0;
    return is_over && began != 0 ? now - began : INCIDENT_NONE;
}

static void note_compartment(struct incidents *incidents, struct incident *incident, msec_t now)
{
    size_t place = (size_t)incident->service * ATTENDANCE_SIDES + incident->side;
    struct pending *pending = &incidents->pending[place];
    if (incident->kind == INCIDENT_TOGGLE)
        incident->duration = turn(&pending->off_since, incident->is_over, now);
    else if (incident->kind != INCIDENT_FAULT)
        incident->duration =
            turn(&pending->failed_over_at, incident->kind == INCIDENT_FAILBACK, now);
}

static void note_server(struct incidents *incidents, struct incident *incident, msec_t now)
{
    struct attendance *attendance = incidents->attendance;
    struct attendant who = {incident->side, incident->server};
    switch (incident->kind) {
    case INCIDENT_JOINED:
        incidents_note_good_sign(incidents, who);
        attendance_join(attendance, who, str_from(incident->name), incident->services);
        break;
    case INCIDENT_LEFT:
        attendance_leave(attendance, who, now);
        break;
    case INCIDENT_UP:
        incidents_note_good_sign(incidents, who);
        incident->duration = attendance_serve(attendance, who, now);
        break;
    case INCIDENT_DOWN:
    case INCIDENT_UNREADY:
        attendance_fail(attendance, who, first_sign(incidents, who, now), now);
        break;
    case INCIDENT_EJECTION:
        attendance_eject(attendance, who, (size_t)incident->service, now);
        break;
    case INCIDENT_RETURN:
        incident->duration = attendance_return(attendance, who, (size_t)incident->service, now);
        break;
    default:
        note_compartment(incidents, incident, now);
    }
}

/* Threads that looked at the clock one after the other may come here the other way round. */
static msec_t in_order(const struct incidents *incidents, msec_t now)
{
    return now > incidents->last_at ? now : incidents->last_at;
}

void incidents_note(struct incidents *incidents, struct incident *incident, msec_t now)
{
    pthread_mutex_lock(&incidents->lock);
    incidents->last_at = now = in_order(incidents, now);
    incident->id = ++incidents->last_id;
    incident->at = now;
    if (incident->server != INCIDENT_NONE && incident->name[0] == '\0')
        incident_set_name(incident, str_from(attendance_name(
                                        incidents->attendance,
                                        (struct attendant){incident->side, incident->server})));
    bool is_there = incident->name[0] != '\0'; /* else its verdict came after it had left */
    if (incident->server != INCIDENT_NONE && is_there)
        note_server(incidents, incident, now);
    else if (incident->server == INCIDENT_NONE)
        note_compartment(incidents, incident, now);
    incidents->ring[incident->id % INCIDENTS_KEPT] = *incident;
    pthread_mutex_unlock(&incidents->lock);
}

/* Reading */

size_t incidents_find(struct incidents *incidents, enum incident_kind kind, uint64_t after,
                      struct incident *out, size_t limit)
{
    size_t count = 0;
    pthread_mutex_lock(&incidents->lock);
    uint64_t last = incidents->last_id;
    uint64_t lost = last > INCIDENTS_KEPT ? last - INCIDENTS_KEPT : 0;
    for (uint64_t id = last; id > lost && id > after && count < limit; id--) {
        const struct incident *incident = &incidents->ring[id % INCIDENTS_KEPT];
        if (kind == INCIDENT_KIND_COUNT || incident->kind == kind)
            out[count++] = *incident;
    }
    pthread_mutex_unlock(&incidents->lock);
    return count;
}

bool incidents_read_server(struct incidents *incidents, struct attendant who, msec_t now,
                           char name[ATTENDANCE_NAME_SIZE], struct availability_figures *out)
{
    pthread_mutex_lock(&incidents->lock);
    copy_text(name, ATTENDANCE_NAME_SIZE, str_from(attendance_name(incidents->attendance, who)));
    *out =
        availability_read(attendance_server(incidents->attendance, who), in_order(incidents, now));
    pthread_mutex_unlock(&incidents->lock);
    return name[0] != '\0';
}

struct availability_figures incidents_read_group(struct incidents *incidents, unsigned side,
                                                 int service, msec_t now)
{
    pthread_mutex_lock(&incidents->lock);
    struct availability_figures figures = availability_read(
        attendance_group(incidents->attendance, side, service), in_order(incidents, now));
    pthread_mutex_unlock(&incidents->lock);
    return figures;
}
