#include "role/gateway/incident/journal.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/gateway/side.h"

/* A group's metrics: of a side as a whole behind those of the services. */
struct group {
    struct metric *outages, *outage_ms;
};

struct journal {
    const struct model *model;
    struct incidents *incidents;
    struct metric *counts[INCIDENT_KIND_COUNT];
    struct group (*groups)[SIDE_COUNT];
};

/* Opening */

static void register_group(struct group *group, struct metrics *metrics, enum side side,
                           const char *service)
{
    struct buf labels = {0};
    buf_printf(&labels, "side=\"%s\"", side_name(side));
    if (service != NULL)
        buf_printf(&labels, ",service=\"%s\"", service);
    group->outages = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_gateway_outages_total",
                                "Times that no server of a group served", labels.ptr);
    group->outage_ms =
        metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_gateway_outage_milliseconds_total",
                   "How long no server of a group served", labels.ptr);
    buf_free(&labels);
}

struct journal *journal_new(const struct model *model, struct metrics *metrics)
{
    struct journal *journal = mem_new(1, sizeof(*journal));
    journal->model = model;
    journal->incidents = incidents_new(model->service_count);
    for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++) {
        char labels[32];
        snprintf(labels, sizeof(labels), "kind=\"%s\"", incident_word(kind));
        journal->counts[kind] =
            metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_gateway_incidents_total",
                       "What happened to servers and compartments", labels);
    }
    journal->groups = mem_new(model->service_count + 1, sizeof(*journal->groups));
    for (size_t i = 0; i <= model->service_count; i++)
        for (enum side side = 0; side < SIDE_COUNT; side++)
            register_group(&journal->groups[i][side], metrics, side,
                           i < model->service_count ? model->services[i].name : NULL);
    return journal;
}

const struct model *journal_model(const struct journal *journal)
{
    return journal->model;
}

struct incidents *journal_incidents(const struct journal *journal)
{
    return journal->incidents;
}

/* Noting */

static enum log_level level_of(enum incident_kind kind)
{
    bool is_bad = kind == INCIDENT_DOWN || kind == INCIDENT_UNREADY || kind == INCIDENT_EJECTION ||
                  kind == INCIDENT_FAILOVER;
    return is_bad ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;
}

static void write_log(const struct journal *journal, const struct incident *incident)
{
    static const char *const events[] = {
#define INCIDENT_EVENT(name, word) "gateway." word,
        INCIDENT_TABLE(INCIDENT_EVENT)
#undef INCIDENT_EVENT
    };
    struct log_field fields[8] = {
        log_number("incident", (int64_t)incident->id),
        log_text("side", side_name((enum side)incident->side)),
    };
    size_t count = 2;
    if (incident->service != INCIDENT_NONE)
        fields[count++] = log_text("service", journal->model->services[incident->service].name);
    if (incident->name[0] != '\0')
        fields[count++] = log_text("server", incident->name);
    if (incident_state(incident) != NULL)
        fields[count++] = log_text("state", incident_state(incident));
    if (incident->why[0] != '\0')
        fields[count++] = log_text("why", incident->why);
    if (incident->duration != INCIDENT_NONE)
        fields[count++] = log_number("duration_ms", incident->duration);
    log_write(level_of(incident->kind), events[incident->kind], fields);
}

void journal_note(struct journal *journal, struct incident *incident)
{
    incidents_note(journal->incidents, incident, clock_monotonic());
    metric_add(journal->counts[incident->kind], 1);
    if (incident->kind != INCIDENT_TOGGLE) /* the switches log it themselves, with more */
        write_log(journal, incident);
}

void journal_note_toggle(struct journal *journal, const struct service *service, enum side side,
                         bool is_on, struct str why)
{
    struct incident incident = incident_of(INCIDENT_TOGGLE, side);
    incident.service = (int)(service - journal->model->services);
    incident.is_over = is_on;
    incident_set_why(&incident, why);
    journal_note(journal, &incident);
}

void journal_note_sign(struct journal *journal, enum side side, int server, enum journal_sign sign)
{
    struct attendant who = {side, server};
    if (sign == JOURNAL_SIGN_GOOD)
        incidents_note_good_sign(journal->incidents, who);
    else
        incidents_note_failed_sign(journal->incidents, who, clock_monotonic());
}

/* Measuring */

void journal_measure(struct journal *journal)
{
    size_t services = journal->model->service_count;
    for (size_t i = 0; i <= services; i++)
        for (enum side side = 0; side < SIDE_COUNT; side++) {
            int service = i < services ? (int)i : ATTENDANCE_ALL;
            struct availability_figures figures =
                incidents_read_group(journal->incidents, side, service, clock_monotonic());
            metric_set(journal->groups[i][side].outages, figures.outages);
            metric_set(journal->groups[i][side].outage_ms, figures.out);
        }
}
