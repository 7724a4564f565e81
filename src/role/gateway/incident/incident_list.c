#include "role/gateway/incident/incident_list.h"

#include "base/clock.h"
#include "role/app.h"
#include "role/gateway/gateway.h"
#include "role/gateway/parameters.h"
#include "role/gateway/side.h"
#include "role/http/answer.h"

enum { LIMIT = 100 };

/* Writing */

static void write_text(const char *key, const char *text, struct buf *out)
{
    if (text == NULL || text[0] == '\0')
        return;
    buf_printf(out, ",\"%s\":", key);
    json_write_string(str_from(text), out);
}

static void write_incident(const struct journal *journal, const struct incident *incident,
                           int64_t wall, struct buf *out)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(wall, at);
    buf_printf(out, "{\"id\":%llu,\"at\":\"%s\",\"kind\":\"%s\",\"side\":\"%s\"",
               (unsigned long long)incident->id, at, incident_word(incident->kind),
               side_name((enum side)incident->side));
    if (incident->service != INCIDENT_NONE)
        write_text("service", journal_model(journal)->services[incident->service].name, out);
    write_text("server", incident->name, out);
    write_text("state", incident_state(incident), out);
    write_text("why", incident->why, out);
    if (incident->duration != INCIDENT_NONE)
        buf_printf(out, ",\"duration_ms\":%lld", (long long)incident->duration);
    buf_append_char(out, '}');
}

static void write_incidents(const struct journal *journal, const struct incident_wish *wish,
                            msec_t now, int64_t wall, struct buf *out)
{
    struct incident *found = mem_new((size_t)wish->limit, sizeof(*found));
    size_t count = incidents_find(journal_incidents(journal), wish->kind, (uint64_t)wish->since,
                                  found, (size_t)wish->limit);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        write_incident(journal, &found[i], wall - (now - found[i].at), out);
    }
    free(found);
}

static void write_span(const char *key, msec_t span, struct buf *out)
{
    if (span == AVAILABILITY_NONE)
        buf_printf(out, ",\"%s\":null", key);
    else
        buf_printf(out, ",\"%s\":%lld", key, (long long)span);
}

/* Without the closing brace. */
static void write_figures(const struct availability_figures *figures, struct buf *out)
{
    buf_printf(out, "{\"availability\":%.6f,\"observed_ms\":%lld,\"outages\":%u", figures->share,
               (long long)figures->observed, figures->outages);
    write_span("mean_time_to_detect_ms", figures->mean_detect, out);
    write_span("mean_time_to_recover_ms", figures->mean_recover, out);
    write_span("longest_outage_ms", figures->longest, out);
}

static void write_servers(const struct journal *journal, enum side side, msec_t now,
                          struct buf *out)
{
    const char *comma = "";
    for (int i = 0; i < ATTENDANCE_SERVERS; i++) {
        char name[ATTENDANCE_NAME_SIZE];
        struct availability_figures figures;
        struct attendant who = {side, i};
        if (!incidents_read_server(journal_incidents(journal), who, now, name, &figures))
            continue;
        buf_append_text(out, comma);
        json_write_string(str_from(name), out);
        buf_append_char(out, ':');
        write_figures(&figures, out);
        buf_append_char(out, '}');
        comma = ",";
    }
}

static void write_group(const struct journal *journal, enum side side, msec_t now, struct buf *out)
{
    const struct model *model = journal_model(journal);
    struct incidents *incidents = journal_incidents(journal);
    struct availability_figures figures =
        incidents_read_group(incidents, side, ATTENDANCE_ALL, now);
    write_figures(&figures, out);
    buf_append_text(out, ",\"services\":{");
    for (size_t i = 0; i < model->service_count; i++) {
        figures = incidents_read_group(incidents, side, (int)i, now);
        buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", model->services[i].name);
        write_figures(&figures, out);
        buf_append_char(out, '}');
    }
    buf_append_text(out, "}}");
}

void incident_list_write(const struct journal *journal, const struct incident_wish *wish,
                         msec_t now, int64_t wall, struct buf *out)
{
    buf_append_text(out, "{\"incidents\":[");
    write_incidents(journal, wish, now, wall, out);
    buf_append_text(out, "],\"servers\":{");
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        buf_printf(out, "%s\"%s\":{", side == 0 ? "" : ",", side_name(side));
        write_servers(journal, side, now, out);
        buf_append_char(out, '}');
    }
    buf_append_text(out, "},\"groups\":{");
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        buf_printf(out, "%s\"%s\":", side == 0 ? "" : ",", side_name(side));
        write_group(journal, side, now, out);
    }
    buf_append_text(out, "}}");
}

/* Answering */

static enum incident_kind parse_kind(struct str word, struct problem *problem)
{
    struct buf words = {0};
    enum incident_kind kind = 0;
    while (kind < INCIDENT_KIND_COUNT && !str_equal(word, str_from(incident_word(kind))))
        kind++;
    for (enum incident_kind other = 0; other < INCIDENT_KIND_COUNT; other++)
        buf_printf(&words, "%s%s", other == 0 ? "" : ", ", incident_word(other));
    if (kind == INCIDENT_KIND_COUNT)
        problem_at_parameter(problem, STR("kind"), "must be one of %s", words.ptr);
    buf_free(&words);
    return kind;
}

static bool parse_wish(struct http_request *request, struct incident_wish *wish)
{
    static const char *const names[] = {"limit", "kind", "since"};
    struct problem problem = {0};
    struct parameters given;
    *wish = (struct incident_wish){.kind = INCIDENT_KIND_COUNT};
    parameters_read(&given, request->query, names, countof(names), &problem);
    wish->limit =
        parameters_number(&given, 0, LIMIT, (struct parameter_range){1, INCIDENTS_KEPT}, &problem);
    wish->since = parameters_number(&given, 2, 0, (struct parameter_range){0, INT64_MAX}, &problem);
    if (parameters_has(&given, 1))
        wish->kind = parse_kind(buf_str(&given.values[1]), &problem);
    bool is_fine = !problem_is_set(&problem);
    if (!is_fine)
        answer_problem(request, &problem);
    parameters_free(&given);
    problem_free(&problem);
    return is_fine;
}

void incident_list_handle(struct http_request *request)
{
    const struct app *app = request->arg;
    struct incident_wish wish;
    struct buf body = {0};
    if (!answer_allows(request, "GET, HEAD") || !parse_wish(request, &wish))
        return;
    incident_list_write(app->process->gateway->journal, &wish, clock_monotonic(), clock_wall_ms(),
                        &body);
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}
