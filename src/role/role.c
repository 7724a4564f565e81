#include "role/app.h"
#include "role/bulkhead.h"
#include "role/read.h"
#include "role/write.h"

const struct role *role_find(const char *name)
{
    static const struct role *const roles[] = {&role_bulkhead, &role_write, &role_read};
    for (size_t i = 0; i < countof(roles); i++)
        if (strcmp(roles[i]->name, name) == 0)
            return roles[i];
    return NULL;
}
