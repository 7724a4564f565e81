/* Incidents where they are noted: each becomes a line of the log, a count, and what
 * GET /bulkhead/incidents/ tells (incident_list). */
#ifndef ROLE_GATEWAY_INCIDENT_JOURNAL_H
#define ROLE_GATEWAY_INCIDENT_JOURNAL_H

#include "base/metric.h"
#include "guard/incident/incidents.h"
#include "model/model.h"
#include "role/gateway/switch/toggle.h"

/* Lifetime: the process's. Any thread may call. */
struct journal;

struct journal *journal_new(const struct model *model, struct metrics *metrics);

const struct model *journal_model(const struct journal *journal);
struct incidents *journal_incidents(const struct journal *journal);

void journal_note(struct journal *journal, struct incident *incident);

/* A compartment's switch is now on, or off. */
void journal_note_toggle(struct journal *journal, const struct service *service, enum side side,
                         bool is_on, struct str why);

/* A sign of a server, by a check or a request; of requests only failed ones need be told. */
enum journal_sign { JOURNAL_SIGN_GOOD, JOURNAL_SIGN_FAILED };
void journal_note_sign(struct journal *journal, enum side side, int server, enum journal_sign sign);

/* What the groups were worth, before /metrics. */
void journal_measure(struct journal *journal);

#endif
