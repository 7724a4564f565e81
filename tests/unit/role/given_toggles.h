/* Two services without collections, and changes of their switches. Include it behind <cmocka.h>. */
#ifndef TESTS_ROLE_GIVEN_TOGGLES_H
#define TESTS_ROLE_GIVEN_TOGGLES_H

#include <stdio.h>

#include "role/gateway/switch/toggle_book.h"

static char given_medical[] = "medical", given_shop[] = "shop";
static struct service given_services[] = {{.name = given_medical}, {.name = given_shop}};
static const struct model given_model = {given_services, 2};

enum { GIVEN_AT = 1000 };

/* Of the reads of the first service, at GIVEN_AT + `later`. */
static inline struct toggle_change given_change(int64_t version, bool is_on, int64_t later)
{
    struct toggle_change change = toggle_change_none(&given_services[0], SIDE_READS);
    change.was_on = !is_on;
    change.is_on = is_on;
    change.version = version;
    change.at = GIVEN_AT + later;
    snprintf(change.by, sizeof(change.by), "Ana");
    snprintf(change.why, sizeof(change.why), "why");
    return change;
}

#endif
