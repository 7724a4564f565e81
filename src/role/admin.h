/* The second listener, for those who run the process: /livez, /readyz, /metrics, /statusz. */
#ifndef ROLE_ADMIN_H
#define ROLE_ADMIN_H

#include "role/app.h"

bool admin_open(struct process *process, struct loop *loop, char *mistake,
                size_t mistake_size) must_check;

#endif
