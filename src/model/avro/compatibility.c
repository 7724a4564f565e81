/* Both schemas are walked side by side, field by field, from the image down:
 *
 *   compare → compare_branch → compare_fields → compare_field → compare …
 *
 * Types that are described in the same words are of one kind and are looked into; any others
 * cannot stand for each other. A type that is no union counts as a union of one branch. */
#include "model/avro/compatibility.h"

#include "model/avro/expand.h"

struct walk {
    const char *file;
    struct buf *mistakes;
    struct buf place; /* "address.street", "lines[].price"; empty: the record itself */
    int depth;
};

/* A type in one of the two schemas, and the namespace that it stands in. */
struct side {
    const struct json *type;
    struct str space;
};

static void compare(struct walk *walk, struct side older, struct side newer);

/* One more line, which the caller ends with what is wrong. */
static struct buf *begin_line(struct walk *walk)
{
    buf_printf(walk->mistakes, "%s: ", walk->file);
    if (walk->place.len > 0)
        buf_printf(walk->mistakes, "field %s: ", walk->place.ptr);
    return walk->mistakes;
}

static void leave(struct walk *walk, size_t place)
{
    walk->place.len = place;
    walk->place.ptr[place] = '\0';
}

/* Split at its last dot, if it has one, a name brings its own namespace. */
static struct str cut_space(struct str *name)
{
    const char *dot = name->len > 0 ? memrchr(name->ptr, '.', name->len) : NULL;
    struct str space = {NULL, 0};
    if (dot == NULL)
        return space;
    space = (struct str){name->ptr, (size_t)(dot - name->ptr)};
    *name = (struct str){dot + 1, name->len - space.len - 1};
    return space;
}

/* The namespace of a named type, which is also that of the names inside it. */
static struct str space_of(struct side side)
{
    struct str name = json_find_text(side.type, "name", STR(""));
    struct str own = cut_space(&name);
    return own.len > 0 ? own : json_find_text(side.type, "namespace", side.space);
}

static void describe_name(struct side side, struct buf *out)
{
    struct str name = json_find_text(side.type, "name", STR(""));
    struct str space = space_of(side);
    cut_space(&name);
    buf_append_str(out, space);
    if (space.len > 0)
        buf_append_char(out, '.');
    buf_append_str(out, name);
}

/* "int", "int (date)", "record shop.Address": what a branch must have in common with another. */
static void describe_branch(struct side side, struct buf *out)
{
    struct str logical = json_find_text(side.type, "logicalType", STR(""));
    struct str kind = json_find_text(side.type, "type", STR("nothing"));
    if (side.type != NULL && json_kind(side.type) == JSON_KIND_STRING)
        kind = json_text(side.type);
    buf_append_str(out, kind);
    if (logical.len > 0)
        buf_printf(out, " (" STR_FMT ")", STR_ARG(logical));
    if (json_find(side.type, "name") != NULL) {
        buf_append_char(out, ' ');
        describe_name(side, out);
    }
}

static bool is_union(struct side side)
{
    return side.type != NULL && json_kind(side.type) == JSON_KIND_ARRAY;
}

static size_t branch_count(struct side side)
{
    return is_union(side) ? json_count(side.type) : 1;
}

static struct side branch_at(struct side side, size_t index)
{
    return is_union(side) ? (struct side){json_item(side.type, index), side.space} : side;
}

/* "null or string" */
static void describe(struct side side, struct buf *out)
{
    for (size_t i = 0; i < branch_count(side); i++) {
        buf_append_text(out, i > 0 ? " or " : "");
        describe_branch(branch_at(side, i), out);
    }
}

static bool find_same_kind(struct side branch, struct side among, struct side *out)
{
    bool is_found = false;
    struct buf wanted = {0}, text = {0};
    describe_branch(branch, &wanted);
    for (size_t i = 0; i < branch_count(among) && !is_found; i++) {
        *out = branch_at(among, i);
        buf_reset(&text);
        describe_branch(*out, &text);
        is_found = str_equal(buf_str(&wanted), buf_str(&text));
    }
    buf_free(&wanted);
    buf_free(&text);
    return is_found;
}

static const struct json *find_field(struct side record, struct str name)
{
    const struct json *fields = json_find(record.type, "fields");
    for (size_t i = 0; i < json_count(fields); i++)
        if (str_equal(json_find_text(json_item(fields, i), "name", STR("")), name))
            return json_item(fields, i);
    return NULL;
}

/* A field that one of the records has, or both. */
static void compare_field(struct walk *walk, struct side older, struct side newer, struct str name)
{
    const struct json *was = find_field(older, name), *is = find_field(newer, name);
    size_t place = walk->place.len;
    buf_append_text(&walk->place, place > 0 ? "." : "");
    buf_append_str(&walk->place, name);
    if (was != NULL && is != NULL)
        compare(walk, (struct side){json_find(was, "type"), space_of(older)},
                (struct side){json_find(is, "type"), space_of(newer)});
    else if (was == NULL && json_find(is, "default") == NULL)
        buf_append_text(begin_line(walk), "was added without a default: records written before it "
                                          "could not be read\n");
    else if (is == NULL && json_find(was, "default") == NULL)
        buf_append_text(begin_line(walk), "was removed, and had no default: older programs could "
                                          "not read records without it\n");
    leave(walk, place);
}

static void compare_fields(struct walk *walk, struct side older, struct side newer)
{
    const struct json *were = json_find(older.type, "fields");
    const struct json *are = json_find(newer.type, "fields");
    for (size_t i = 0; i < json_count(are); i++)
        compare_field(walk, older, newer, json_find_text(json_item(are, i), "name", STR("")));
    for (size_t i = 0; i < json_count(were); i++) {
        struct str name = json_find_text(json_item(were, i), "name", STR(""));
        if (find_field(newer, name) == NULL)
            compare_field(walk, older, newer, name);
    }
}

static bool has_symbol(const struct json *type, struct str symbol)
{
    const struct json *symbols = json_find(type, "symbols");
    for (size_t i = 0; i < json_count(symbols); i++)
        if (str_equal(json_text(json_item(symbols, i)), symbol))
            return true;
    return false;
}

/* The first symbol at or behind `*at` that `reader` neither knows nor has another for. */
static bool next_unreadable(const struct json *writer, const struct json *reader, size_t *at,
                            struct str *symbol_out)
{
    const struct json *symbols = json_find(writer, "symbols");
    /* The enum's own default (Avro 1.9), not that of a field. */
    if (has_symbol(reader, json_find_text(reader, "default", STR(""))))
        return false;
    while (*at < json_count(symbols)) {
        *symbol_out = json_text(json_item(symbols, (*at)++));
        if (!has_symbol(reader, *symbol_out))
            return true;
    }
    return false;
}

static void compare_symbols(struct walk *walk, const struct json *older, const struct json *newer)
{
    struct str symbol;
    for (size_t at = 0; next_unreadable(newer, older, &at, &symbol);)
        buf_printf(begin_line(walk),
                   "the symbol \"" STR_FMT "\" was added, and the enum had no \"default\" of its "
                   "own: older programs could not read it\n",
                   STR_ARG(symbol));
    for (size_t at = 0; next_unreadable(older, newer, &at, &symbol);)
        buf_printf(begin_line(walk),
                   "the symbol \"" STR_FMT "\" was removed, and the enum has no \"default\" of its "
                   "own: records written with it could not be read\n",
                   STR_ARG(symbol));
}

static void compare_items(struct walk *walk, struct side older, struct side newer)
{
    size_t place = walk->place.len;
    buf_append_text(&walk->place, "[]");
    older.type = json_find(older.type, "items");
    newer.type = json_find(newer.type, "items");
    compare(walk, older, newer);
    leave(walk, place);
}

/* Of one kind, so that each has what the other has. */
static void compare_branch(struct walk *walk, struct side older, struct side newer)
{
    compare_fields(walk, older, newer);
    compare_symbols(walk, older.type, newer.type);
    if (json_find(older.type, "items") != NULL)
        compare_items(walk, older, newer);
}

static void say_other_type(struct walk *walk, struct side older, struct side newer,
                           const char *consequence)
{
    struct buf *line = begin_line(walk);
    buf_append_text(line, "was ");
    describe(older, line);
    buf_append_text(line, " and is now ");
    describe(newer, line);
    buf_printf(line, ": %s\n", consequence);
}

static void compare(struct walk *walk, struct side older, struct side newer)
{
    struct side same;
    bool is_lost = false, is_gained = false;
    /* Names, once expanded, may nest deeper than any file can, and than any record sent to us. */
    if (walk->depth == JSON_DEPTH_MAX) {
        buf_printf(begin_line(walk), "is nested deeper than %d levels\n", JSON_DEPTH_MAX);
        return;
    }
    walk->depth++;
    for (size_t i = 0; i < branch_count(older); i++)
        if (!find_same_kind(branch_at(older, i), newer, &same))
            is_lost = true;
    for (size_t i = 0; i < branch_count(newer); i++)
        if (find_same_kind(branch_at(newer, i), older, &same))
            compare_branch(walk, same, branch_at(newer, i));
        else
            is_gained = true;
    walk->depth--;
    if (is_lost && is_gained)
        say_other_type(walk, older, newer, "neither could be read as the other");
    else if (is_lost)
        say_other_type(walk, older, newer, "records written before could not all be read");
    else if (is_gained)
        say_other_type(walk, older, newer, "older programs could not read every new record");
}

/* The record inside {version, before: null or the image, after}; its type is NULL where an event
 * has no such part. */
static struct side image_of(const struct json *event)
{
    struct side whole = {event, STR("")};
    const struct json *field = find_field(whole, STR("before"));
    struct side both = {json_find(field, "type"), space_of(whole)};
    for (size_t i = 0; i < branch_count(both); i++)
        if (json_find(branch_at(both, i).type, "fields") != NULL)
            return branch_at(both, i);
    return (struct side){NULL, STR("")};
}

/* As the collection's file has it: an event calls it shop.ItemImage. */
static void describe_record(struct side image, struct buf *out)
{
    static const struct str suffix = STR("Image");
    describe_name(image, out);
    if (str_ends_with(buf_str(out), suffix))
        out->len -= suffix.len;
}

static void compare_images(struct walk *walk, struct side older, struct side newer)
{
    struct buf was = {0}, is = {0};
    describe_record(older, &was);
    describe_record(newer, &is);
    if (!str_equal(buf_str(&was), buf_str(&is)))
        buf_printf(begin_line(walk),
                   "the record was called " STR_FMT " and is now called " STR_FMT
                   ": neither could be read as the other\n",
                   STR_ARG(buf_str(&was)), STR_ARG(buf_str(&is)));
    compare_branch(walk, older, newer);
    buf_free(&was);
    buf_free(&is);
}

bool compatibility_check(const char *file, const struct json *older, const struct json *newer,
                         struct buf *mistakes)
{
    size_t before = mistakes->len;
    struct walk walk = {.file = file, .mistakes = mistakes};
    struct json *was = expand_names(older), *is = expand_names(newer);
    struct side was_image = image_of(was), is_image = image_of(is);
    if (was_image.type == NULL || is_image.type == NULL)
        buf_append_text(begin_line(&walk), was_image.type == NULL
                                               ? "the older schema is none of events\n"
                                               : "the newer schema is none of events\n");
    else
        compare_images(&walk, was_image, is_image);
    json_free(&was);
    json_free(&is);
    buf_free(&walk.place);
    return mistakes->len == before;
}
