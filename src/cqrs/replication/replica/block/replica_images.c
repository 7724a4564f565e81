#include "cqrs/replication/replica/block/replica_images.h"

enum { VERSION, BEFORE, AFTER, MEMBERS };

static struct str member(const struct replica_images *images, const size_t ends[MEMBERS], int which)
{
    size_t from = which == 0 ? 0 : ends[which - 1];
    struct str text = {images->texts.ptr + from, ends[which] - from};
    return str_equal(text, STR("null")) ? STR("") : text;
}

bool replica_images_read(struct replica_images *images, const struct avro_codec *codec,
                         struct str data)
{
    static const char *const names[] = {"version", "before", "after", NULL};
    size_t ends[MEMBERS];
    buf_reset(&images->texts);
    if (!avro_decode_members(codec, data, names, &images->texts, ends) ||
        !str_to_int64(member(images, ends, VERSION), &images->version))
        return false;
    images->before = member(images, ends, BEFORE);
    images->after = member(images, ends, AFTER);
    images->codec = codec;
    return true;
}

void replica_images_free(struct replica_images *images)
{
    buf_free(&images->texts);
}
