/* A request to change a record, and what it comes to: pure, so that every rule can be tried
 * without a database.
 *
 *   command + the record as it is now → command_plan → change (what to store, what to publish) */
#ifndef CQRS_WRITE_COMMAND_H
#define CQRS_WRITE_COMMAND_H

#include "base/digest.h"
#include "base/problem.h"
#include "model/image.h"
#include "model/schema.h"

enum command_kind { COMMAND_CREATE, COMMAND_REPLACE, COMMAND_PATCH, COMMAND_DELETE };

/* Whence a command comes: carried into its event. Texts may be empty. */
struct command_origin {
    struct str actor, traceparent, correlation_id, causation_id;
};

/* Lifetime: from the request to its answer. */
struct command {
    enum command_kind kind;
    const struct collection *collection;
    struct uuid id;
    bool must_be_new;             /* If-None-Match: * */
    bool has_condition;           /* If-Match was there, if only as * */
    int64_t version;              /* If-Match; 0: any */
    struct json *body;            /* owned; NULL for a delete */
    struct str key;               /* Idempotency-Key; empty: none. Borrows from origin_texts */
    uint8_t request[DIGEST_SIZE]; /* of method, path and body: what a key stands for */
    struct buf origin_texts;      /* what `origin` borrows from */
    struct command_origin origin;
};
void command_free(struct command *command);
void command_free_body(struct command *command); /* of one that is not planned again */

/* A record as the write side holds it. */
struct command_record {
    int64_t version;
    bool is_deleted;
    struct json *image; /* as this program's version of the model sees it; owned; NULL: tombstone */
    /* The record knows more than this program: as it is stored, owned, and the version that knows
     * all of it, borrowed. Else NULL. */
    struct json *stored;
    const struct json *type; /* the Avro record */
    const struct avro_codec *codec;
};
void command_record_free(struct command_record *record);

/* What is stored and published together. */
struct change {
    const struct collection *collection;
    struct uuid id;
    int64_t version;
    bool is_new, is_deleted;
    int64_t created_at, changed_at; /* wall milliseconds */
    char type[160];                 /* "medical.entry.created" */
    struct buf body;                /* the record as served; "{}" for a tombstone */
    struct buf data;                /* the event's Avro */
    const struct avro_codec *codec; /* that wrote it */
};
void change_free(struct change *change);

/* Decides. `record` is NULL when there is none of that id (always for a creation). False with
 * `problem` set when the command is refused: NOT_FOUND, PRECONDITION_FAILED, or INVALID with every
 * mistake of the body. */
bool command_plan(const struct command *command, const struct command_record *record,
                  int64_t now_wall_ms, struct change *out, struct problem *problem) must_check;

/* RFC 7396, JSON Merge Patch: a new tree, the caller's. */
struct json *command_merge(const struct json *target, const struct json *patch);

#endif
