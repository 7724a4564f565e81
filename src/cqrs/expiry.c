#include "cqrs/expiry.h"

static const char drop_sql[] =
    "delete from mamparo.keys where key in (select key from mamparo.keys\n"
    "  where since < now() - interval '24 hours' order by since limit 1000)";

bool expiry_drop_keys(struct pg_session *session, bool *is_all_out)
{
    struct pg_outcome outcome;
    struct pg_values none = {0};
    if (!pg_session_run(session, drop_sql, &none, &outcome))
        return false;
    *is_all_out = pg_rows_affected(outcome.rows) == 0;
    return true;
}
