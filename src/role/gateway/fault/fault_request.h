/* What somebody asks for who wants a fault: its body, read with every mistake told. */
#ifndef ROLE_GATEWAY_FAULT_FAULT_REQUEST_H
#define ROLE_GATEWAY_FAULT_FAULT_REQUEST_H

#include "base/problem.h"
#include "guard/faults.h"

enum { FAULT_SECONDS = 60, FAULT_SECONDS_MAX = 3600, FAULT_LATENCY_MAX_MS = 60000 };

/* Sets what is done and until when; `now` is when it begins. False with `problem` set. */
bool fault_request_parse(struct str body, msec_t now, struct fault *fault,
                         struct problem *problem) must_check;

#endif
