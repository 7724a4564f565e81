#include "cqrs/write/command.h"

#include "model/avro/avro.h"
#include "model/image_version.h"
#include "model/privacy.h"
#include "model/validate.h"

void command_free_body(struct command *command)
{
    if (command->body != NULL)
        json_free(&command->body);
}

void command_free(struct command *command)
{
    command_free_body(command);
    buf_free(&command->origin_texts);
}

void command_record_free(struct command_record *record)
{
    if (record->image != NULL)
        json_free(&record->image);
    if (record->stored != NULL)
        json_free(&record->stored);
    *record = (struct command_record){0};
}

void change_free(struct change *change)
{
    buf_free(&change->body);
    buf_free(&change->data);
}

struct json *command_merge(const struct json *target, const struct json *patch)
{
    if (json_kind(patch) != JSON_KIND_OBJECT)
        return json_share(patch);
    struct json *merged = json_make_object();
    bool has_members = target != NULL && json_kind(target) == JSON_KIND_OBJECT;
    if (has_members)
        for (struct json_member m = json_first(target); m.key != NULL; m = json_next(target, m))
            if (json_find(patch, m.key) == NULL)
                json_put(merged, m.key, json_share(m.value));
    for (struct json_member m = json_first(patch); m.key != NULL; m = json_next(patch, m))
        if (json_kind(m.value) != JSON_KIND_NULL)
            json_put(merged, m.key,
                     command_merge(has_members ? json_find(target, m.key) : NULL, m.value));
    return merged;
}

/* The fields alone, without what every record has besides them. */
static struct json *fields_of(const struct collection *collection, const struct json *image)
{
    struct json *fields = json_make_object();
    for (size_t i = 0; i < collection->field_count; i++) {
        const char *name = collection->fields[i].name;
        if (json_find(image, name) != NULL)
            json_put(fields, name, json_share(json_find(image, name)));
    }
    return fields;
}

static bool may_go_on(const struct command *command, const struct command_record *record,
                      struct problem *problem)
{
    bool is_there = record != NULL && !record->is_deleted;
    if (command->kind == COMMAND_CREATE)
        return true;
    if (command->must_be_new) {
        /* A tombstone keeps its id: the history of a record is never begun twice. */
        if (record != NULL)
            problem_set(problem, STATUS_PRECONDITION_FAILED,
                        "a record with this id exists already");
        return record == NULL;
    }
    if (!is_there) {
        problem_set(problem, STATUS_NOT_FOUND, "there is no record with this id");
        return false;
    }
    if (command->collection->requires_version && !command->has_condition) {
        problem_set(problem, STATUS_VERSION_REQUIRED,
                    "changes of %s must say with If-Match which version they change",
                    command->collection->name);
        return false;
    }
    if (command->version != 0 && command->version != record->version) {
        problem_set(problem, STATUS_PRECONDITION_FAILED, "the record has version %lld, not %lld",
                    (long long)record->version, (long long)command->version);
        return false;
    }
    return true;
}

static void check_immutable(const struct command *command, const struct json *image,
                            const struct json *fields, struct problem *problem)
{
    const struct collection *collection = command->collection;
    struct buf pointer = {0};
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        const struct json *before = json_find(image, field->name);
        if (!field->is_immutable || json_same(before, json_find(fields, field->name)))
            continue;
        buf_reset(&pointer);
        buf_printf(&pointer, "/%s", field->name);
        problem_at_pointer(problem, buf_str(&pointer), "cannot be changed");
    }
    buf_free(&pointer);
}

static bool put_patched(const struct command *command, const struct command_record *record,
                        struct json *to, struct problem *problem)
{
    if (json_kind(command->body) != JSON_KIND_OBJECT) {
        problem_at_pointer(problem, STR(""), "a patch must be an object");
        return false;
    }
    struct json *fields = fields_of(command->collection, record->image);
    struct json *merged = command_merge(fields, command->body);
    bool fits = validate_document(command->collection, record->image, merged, to, problem);
    json_free(&fields);
    json_free(&merged);
    return fits;
}

/* Puts the fields that the record will have; false with `problem` set where they do not fit. */
static bool put_fields(const struct command *command, const struct command_record *record,
                       struct json *to, struct problem *problem)
{
    const struct json *stored = record != NULL ? record->image : NULL;
    bool fits = command->kind == COMMAND_PATCH
                    ? put_patched(command, record, to, problem)
                    : validate_document(command->collection, stored, command->body, to, problem);
    if (!fits)
        return false;
    privacy_reduce(command->collection, stored, to);
    if (stored != NULL)
        check_immutable(command, stored, to, problem);
    return !problem_is_set(problem);
}

static struct str first_of(struct str a, struct str b)
{
    return a.len > 0 ? a : b;
}

/* The image with its fields; NULL with `problem` set where they do not fit. */
static struct json *make_image(const struct command *command, const struct command_record *record,
                               const struct image_head *head, struct problem *problem)
{
    struct json *image = image_begin(head);
    if (!put_fields(command, record, image, problem)) {
        json_free(&image);
        return NULL;
    }
    image_end(image, head);
    return image;
}

/* What only a newer version of the model knows, while it is rolled out, stays as it was. Takes
 * `made` over; NULL where the two do not fit together. */
static struct json *carry_unknown(const struct command_record *record, struct json *made)
{
    if (record == NULL || record->codec == NULL)
        return made;
    struct json *carried =
        image_version_carry(record->type, made, (struct image_both){record->stored, record->image});
    json_free(&made);
    return carried;
}

static struct image_head next_head(const struct command *command, const struct change *change,
                                   const struct image_head *old)
{
    struct str actor = command->origin.actor;
    return (struct image_head){
        .id = change->id,
        .version = change->version,
        .created_at = change->created_at,
        .updated_at = change->changed_at,
        .created_by = change->is_new ? actor : old->created_by,
        .updated_by = first_of(actor, change->is_new ? STR("") : old->updated_by),
    };
}

/* "medical.entry.created" */
static void write_type(const struct command *command, struct change *change)
{
    const char *what = change->is_deleted ? "deleted" : (change->is_new ? "created" : "updated");
    const char *const words[] = {command->collection->service, command->collection->entity, what};
    size_t len = 0;
    for (size_t i = 0; i < countof(words); i++) {
        struct str word = str_from(words[i]);
        assert(len + word.len < sizeof(change->type)); /* names are at most 63 */
        memcpy(change->type + len, word.ptr, word.len);
        len += word.len;
        change->type[len++] = '.';
    }
    change->type[len - 1] = '\0';
}

/* {version, before, after} in Avro. What was validated fits; what is stored may be damaged. */
static bool write_data(struct change *change, const struct command_record *record,
                       const struct json *after)
{
    static const char *const names[] = {"version", "before", "after", NULL};
    struct json *version = json_make_integer(change->version), *null = json_make_null();
    const struct json *before = NULL;
    if (record != NULL)
        before = record->stored != NULL ? record->stored : record->image;
    const struct json *values[] = {version, before != NULL ? before : null,
                                   after != NULL ? after : null};
    bool is_encoded = avro_encode_members(change->codec, names, values, &change->data);
    json_free(&version);
    json_free(&null);
    return is_encoded;
}

/* Takes the image over. */
static void write_body(struct change *change, struct json *image)
{
    if (image == NULL) {
        buf_append_text(&change->body, "{}");
        return;
    }
    buf_reserve(&change->body, change->data.len * 2); /* once, for most records */
    json_write(image, &change->body);
    json_free(&image);
}

static const struct avro_codec *codec_for(const struct command *command,
                                          const struct command_record *record)
{
    return record != NULL && record->codec != NULL ? record->codec
                                                   : command->collection->event_codec;
}

bool command_plan(const struct command *command, const struct command_record *record,
                  int64_t now_wall_ms, struct change *out, struct problem *problem)
{
    struct image_head old = {0};
    struct json *image = NULL;
    assert(!command->must_be_new || command->kind == COMMAND_REPLACE);
    if (!may_go_on(command, record, problem))
        return false;
    bool is_new = record == NULL;
    bool has_head = is_new || image_read_head(record->image, &old);
    assert(has_head); /* it came from our own table */
    *out = (struct change){
        .collection = command->collection,
        .id = command->id,
        .version = is_new ? 1 : record->version + 1,
        .is_new = is_new,
        .is_deleted = command->kind == COMMAND_DELETE,
        .created_at = is_new ? now_wall_ms : old.created_at,
        .changed_at = now_wall_ms,
        .codec = codec_for(command, record),
    };
    if (!out->is_deleted) {
        struct image_head head = next_head(command, out, &old);
        image = make_image(command, record, &head, problem);
        if (image == NULL)
            return false;
        image = carry_unknown(record, image);
    }
    write_type(command, out);
    bool is_whole = (image != NULL || out->is_deleted) && write_data(out, record, image);
    write_body(out, image);
    if (!is_whole)
        problem_set(problem, STATUS_INTERNAL, "the record as it is stored does not fit its schema");
    return is_whole;
}
