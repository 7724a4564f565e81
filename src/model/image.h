/* The image of a record: its fields with what every record has besides them (id, version, who and
 * when), as one JSON object, served, stored and published alike.
 *
 *   {"id","version",<fields in schema order>,"created_at","updated_at","created_by","updated_by"}
 */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include "base/ident.h"
#include "model/schema.h"

/* What every record has besides its fields. */
struct image_head {
    struct uuid id;
    int64_t version;
    int64_t created_at, updated_at;    /* wall milliseconds */
    struct str created_by, updated_by; /* empty: nobody said */
};

/* A new image without its fields: they are put into it, in their order, before it is ended. */
struct json *image_begin(const struct image_head *head);
void image_end(struct json *image, const struct image_head *head);

/* The head out of an image that was made so, borrowing its texts; false where a part is
 * missing or malformed, as it may be in what came over the network. */
bool image_read_head(const struct json *image, struct image_head *head_out) must_check;

/* The id, version and time of creation out of the text of such an image, which json_write made; the
 * rest of the head stays zero. False where it is no such text. */
bool image_read_text(struct str text, struct image_head *head_out) must_check;

/* The same image as this program's schema has it: a field that is missing gets its default; one
 * that only another version of the model knows stays, so that nothing is lost on the way to it. A
 * new tree; NULL where a field is missing that has no default. */
struct json *image_complete(const struct collection *collection, const struct json *image);

/* The same as this program's own version sees it: without what it does not know, and a symbol that
 * its enum does not have is the enum's own default, by Avro's rules, where it has one. */
struct json *image_resolve(const struct collection *collection, const struct json *image);

/* The Avro schema of a collection's events: {version, before, after}, both images or null. */
struct json *image_event_schema(const struct collection *collection);

#endif
