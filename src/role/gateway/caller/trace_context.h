/* A trace that goes through the gateway, as W3C Trace Context has it
 * (https://www.w3.org/TR/trace-context/, version 00): the client's goes on with a parent of ours;
 * where there is none, or none that can be read, a new one begins. Pure. */
#ifndef ROLE_GATEWAY_CALLER_TRACE_CONTEXT_H
#define ROLE_GATEWAY_CALLER_TRACE_CONTEXT_H

#include "base/buf.h"

enum { TRACE_PARENT_LENGTH = 55, TRACE_STATE_MAX = 512, TRACE_ID_LENGTH = 32 };

/* 32 small hexadecimal digits, without a NUL, of random bits: never all 0. */
void trace_context_write_id(const uint64_t bits[2], char out[TRACE_ID_LENGTH]);

/* Appends a traceparent whose parent is `parent`, and whose trace is that of `received`, or
 * `trace` when this is no traceparent: then false. Random bits; what must not be zero becomes 1. */
bool trace_context_continue(struct str received, const uint64_t trace[2], uint64_t parent,
                            struct buf *out);

/* At most 32 members and TRACE_STATE_MAX bytes, each key=value. */
bool trace_context_is_state(struct str state);

#endif
