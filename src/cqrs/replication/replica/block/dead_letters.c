#include "cqrs/replication/replica/block/dead_letters.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "cqrs/sql_array.h"

static void bind_position(struct pg_values *values, struct position position)
{
    pg_values_add_number(values, (int64_t)position.commit);
    pg_values_add_number(values, (int64_t)position.index);
}

/* What PostgreSQL said, cut at some byte, may be no UTF-8 any more. */
static struct str readable(struct str text)
{
    struct str rest = text;
    size_t whole = 0;
    for (size_t one; (one = str_utf8_sequence(rest)) > 0; whole += one)
        rest = (struct str){rest.ptr + one, rest.len - one};
    return (struct str){whole > 0 ? text.ptr : "", whole};
}

struct letter_record letter_record_of(const struct event_entry *entry)
{
    struct letter_record record;
    struct uuid subject;
    if (uuid_parse(entry->event.subject, &subject))
        uuid_format(&subject, record.text);
    else
        position_format(entry->position, record.text);
    return record;
}

/* The records that have some */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct letter_record *)a)->text, ((const struct letter_record *)b)->text);
}

void dead_letters_free(struct dead_letters *letters)
{
    free(letters->records);
    letters->records = NULL;
    letters->record_count = 0;
}

bool dead_letters_load(struct dead_letters *letters, struct pg_session *session)
{
    static const char sql[] = "select record, count(*) from mamparo.dead_letters\n"
                              "where service = $1 group by record order by record collate \"C\"";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(letters->service));
    bool is_read = pg_session_run(session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return false;
    dead_letters_free(letters);
    letters->count = 0;
    letters->record_count = pg_rows_count(outcome.rows);
    letters->records = mem_new(letters->record_count, sizeof(*letters->records));
    for (size_t i = 0; i < letters->record_count; i++) {
        snprintf(letters->records[i].text, sizeof(letters->records[i].text), STR_FMT,
                 STR_ARG(pg_rows_text(outcome.rows, i, 0)));
        letters->count += pg_rows_number(outcome.rows, i, 1);
    }
    return true;
}

bool dead_letters_hold(const struct dead_letters *letters, const struct letter_record *record)
{
    return letters->record_count > 0 && bsearch(record, letters->records, letters->record_count,
                                                sizeof(*record), compare) != NULL;
}

/* Letters on their way in */

void letter_rows_add(struct letter_rows *rows, const struct event_entry *read,
                     const struct redis_reply *entry, int tries, const char *why)
{
    struct buf bytes = {0}, *column = rows->columns;
    struct letter_record record = letter_record_of(read);
    redis_reply_write(entry, &bytes);
    sql_array_add_number(&column[0], (int64_t)read->position.commit);
    sql_array_add_number(&column[1], (int64_t)read->position.index);
    sql_array_add(&column[2], str_from(record.text));
    sql_array_add(&column[3], readable(read->event.type));
    sql_array_add_number(&column[4], tries);
    sql_array_add(&column[5], readable(str_from(why)));
    sql_array_add_bytes(&column[6], buf_str(&bytes));
    rows->count++;
    buf_free(&bytes);
}

void letter_rows_store(struct letter_rows *rows, const char *service, struct pg_session *session)
{
    static const char sql[] =
        "insert into mamparo.dead_letters (service, commit, index, record, type, tries, why,\n"
        "  entry)\n"
        "select $1, * from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], "
        "$6::bigint[],\n"
        "  $7::text[], $8::bytea[]) on conflict do nothing";
    struct pg_values values = {0};
    if (rows->count == 0)
        return;
    pg_values_add_text(&values, str_from(service));
    sql_array_bind_all(&values, rows->columns, LETTER_COLUMNS);
    rows->count = 0;
    pg_session_queue(session, sql, &values);
    pg_values_free(&values);
}

void letter_rows_free(struct letter_rows *rows)
{
    for (size_t i = 0; i < LETTER_COLUMNS; i++)
        buf_free(&rows->columns[i]);
}

/* Trying */

bool dead_letters_find_due(const struct dead_letters *letters, struct pg_session *session,
                           struct pg_outcome *outcome)
{
    static const char sql[] =
        "select commit, index, entry from (\n"
        "  select distinct on (record) * from mamparo.dead_letters where service = $1\n"
        "  order by record, commit, index) first\n"
        "where tries = 0 order by commit, index limit 100";
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(letters->service));
    bool is_read = pg_session_run(session, sql, &values, outcome);
    pg_values_free(&values);
    return is_read;
}

bool dead_letters_settle(const struct dead_letters *letters, struct pg_session *session,
                         struct position position, const char *why)
{
    static const char again[] = "update mamparo.dead_letters set tries = tries + 1, why = $4\n"
                                "where service = $1 and commit = $2 and index = $3";
    static const char gone[] = "delete from mamparo.dead_letters\n"
                               "where service = $1 and commit = $2 and index = $3";
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(letters->service));
    bind_position(&values, position);
    if (why != NULL)
        pg_values_add_text(&values, readable(str_from(why)));
    bool is_settled = pg_session_run(session, why != NULL ? again : gone, &values, NULL);
    pg_values_free(&values);
    return is_settled;
}

void dead_letters_forget(struct pg_session *session, const char *service)
{
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    pg_session_queue(session, "delete from mamparo.dead_letters where service = $1", &values);
    pg_values_free(&values);
}

/* For people */

bool dead_letters_list(struct pg_session *session, const char *service, int64_t most,
                       struct pg_outcome *outcome)
{
    static const char sql[] =
        "select json_build_object('service', service, 'position', commit || '-' || index,\n"
        "  'record', record, 'type', type,\n"
        "  'since', to_char(since, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),\n"
        "  'tries', tries, 'why', why) from mamparo.dead_letters\n"
        "where $1 = '' or service = $1 order by service, commit, index limit $2";
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    pg_values_add_number(&values, most);
    bool is_read = pg_session_run(session, sql, &values, outcome);
    pg_values_free(&values);
    return is_read;
}

/* `position` is NULL for all of the service. */
static bool run_for(struct pg_session *session, const char *sql, const char *service,
                    const struct position *position, size_t *count)
{
    static const struct position none = {0};
    struct pg_outcome outcome;
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    bind_position(&values, position != NULL ? *position : none);
    bool is_run = pg_session_run(session, sql, &values, &outcome);
    *count = is_run ? pg_rows_count(outcome.rows) : 0;
    pg_values_free(&values);
    return is_run;
}

#define WANTED                                                                                     \
    "service = $1 and (($2::bigint = 0 and $3::bigint = 0) or (commit = $2 and index = $3))"

bool dead_letters_count(struct pg_session *session, const char *service,
                        const struct position *position, size_t *count)
{
    return run_for(session, "select from mamparo.dead_letters where " WANTED, service, position,
                   count);
}

bool dead_letters_retry(struct pg_session *session, const char *service,
                        const struct position *position, size_t *count)
{
    return run_for(session,
                   "update mamparo.dead_letters set tries = 0 where " WANTED " returning 1",
                   service, position, count);
}

bool dead_letters_drop(struct pg_session *session, const char *service,
                       const struct position *position, size_t *count)
{
    return run_for(session, "delete from mamparo.dead_letters where " WANTED " returning 1",
                   service, position, count);
}
