#include "model/alias.h"

static const char place_of_id[] = "{id}";

/* What a mistake is said about: a file, and which of its aliases. */
struct reading {
    const char *file;
    size_t number; /* from 1 */
    struct buf *mistakes;
};

static void say(const struct reading *reading, const char *what, const char *name)
{
    buf_printf(reading->mistakes, "%s: alias %zu: %s%s%s\n", reading->file, reading->number, what,
               name != NULL ? " " : "", name != NULL ? name : "");
}

bool alias_has_id(const struct alias *alias)
{
    return strstr(alias->path, place_of_id) != NULL;
}

/* A slash at the end is forgiven. */
static struct str without_slash(struct str path)
{
    return path.len > 1 && path.ptr[path.len - 1] == '/' ? (struct str){path.ptr, path.len - 1}
                                                         : path;
}

bool alias_fits(const struct alias *alias, struct str path, struct str *id_out)
{
    struct str wanted = without_slash(str_from(alias->path));
    path = without_slash(path);
    *id_out = (struct str){NULL, 0};
    while (wanted.ptr != NULL && path.ptr != NULL) {
        struct str want = str_cut(&wanted, '/'), have = str_cut(&path, '/');
        if (str_equal(want, str_from(place_of_id)) && have.len > 0)
            *id_out = have;
        else if (!str_equal(want, have))
            return false;
    }
    return wanted.ptr == NULL && path.ptr == NULL;
}

static bool is_method(const char *method)
{
    static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < countof(known); i++)
        if (strcmp(known[i], method) == 0)
            return true;
    return false;
}

static bool is_ours(struct str path)
{
    static const char *const prefixes[] = {"/v1/", "/bulkhead/", "/database/", "/replication/"};
    for (size_t i = 0; i < countof(prefixes); i++)
        if (str_starts_with(path, str_from(prefixes[i])))
            return true;
    return path.len < 2;
}

static bool has_clean_segments(struct str path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_.~/";
    struct str rest = path;
    if (path.len == 0 || path.ptr[0] != '/')
        return false;
    while (rest.ptr != NULL) {
        struct str segment = str_cut(&rest, '/');
        for (size_t i = 0; i < segment.len && !str_equal(segment, str_from(place_of_id)); i++)
            if (strchr(allowed, segment.ptr[i]) == NULL)
                return false;
    }
    return true;
}

static void check_path(const struct alias *alias, const struct reading *reading)
{
    const char *id = strstr(alias->path, place_of_id);
    bool wants_id = strcmp(alias->method, "POST") != 0 && strcmp(alias->method, "GET") != 0;
    if (!has_clean_segments(str_from(alias->path)) ||
        (id != NULL && strstr(id + 1, place_of_id) != NULL))
        say(reading, "path must begin with / and hold {id} at most once, as a whole segment", NULL);
    else if (is_ours(str_from(alias->path)))
        say(reading, "path is one of Mamparo's own:", alias->path);
    else if (wants_id != (id != NULL) && strcmp(alias->method, "GET") != 0)
        say(reading, wants_id ? "path needs {id} for" : "path may not hold {id} for",
            alias->method);
}

static const struct collection *find_collection(struct collection *const *collections,
                                                struct str name)
{
    for (; *collections != NULL; collections++)
        if (str_equal(str_from((*collections)->name), name))
            return *collections;
    return NULL;
}

/* Two older names for one field, or a field's own name for another one, could not be told apart. */
static void check_names(const struct alias *alias, const struct reading *reading)
{
    for (size_t i = 0; i < alias->name_count; i++) {
        const struct alias_name *name = &alias->names[i];
        if (schema_find_field(alias->collection, str_from(name->field)) == NULL)
            say(reading, "names something that is no field:", name->field);
        if (schema_find_field(alias->collection, str_from(name->older)) != NULL ||
            schema_is_reserved(name->older))
            say(reading, "gives a name that every record has, or another field:", name->older);
        for (size_t before = 0; before < i; before++)
            if (str_equal(str_from(alias->names[before].field), str_from(name->field)))
                say(reading, "has two names for the field", name->field);
    }
}

static void read_names(struct alias *alias, const struct json *names, const struct reading *reading)
{
    if (names == NULL)
        return;
    if (json_kind(names) != JSON_KIND_OBJECT) {
        say(reading, "\"names\" must be an object of older names and fields", NULL);
        return;
    }
    alias->names = mem_new(json_count(names), sizeof(struct alias_name));
    for (struct json_member m = json_first(names); m.key != NULL; m = json_next(names, m))
        if (json_kind(m.value) == JSON_KIND_STRING)
            alias->names[alias->name_count++] = (struct alias_name){m.key, json_text(m.value).ptr};
        else
            say(reading, "has no field's name for", m.key);
    if (alias->collection != NULL)
        check_names(alias, reading);
}

static void refuse_unknown(const struct json *json, const struct reading *reading)
{
    static const char *const known[] = {"method", "path", "collection", "status", "names"};
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m)) {
        size_t i = 0;
        while (i < countof(known) && strcmp(known[i], m.key) != 0)
            i++;
        if (i == countof(known))
            say(reading, "has the unknown attribute", m.key);
    }
}

static void read_alias(struct alias *alias, const struct json *json,
                       struct collection *const *collections, const struct reading *reading)
{
    struct str name = json_find_text(json, "collection", STR(""));
    alias->method = json_find_text(json, "method", STR("")).ptr;
    alias->path = json_find_text(json, "path", STR("")).ptr;
    alias->collection = find_collection(collections, name);
    alias->status = json_find_integer(json, "status", 0);
    refuse_unknown(json, reading);
    if (is_method(alias->method))
        check_path(alias, reading);
    else
        say(reading, "method must be GET, POST, PUT, PATCH or DELETE", NULL);
    if (alias->collection == NULL)
        say(reading, "there is no such collection:", name.len > 0 ? name.ptr : "\"\"");
    if (json_find(json, "status") != NULL && (alias->status < 200 || alias->status > 202))
        say(reading, "status must be 200, 201 or 202", NULL);
    read_names(alias, json_find(json, "names"), reading);
}

static void read_aliases(struct aliases *aliases, struct reading *reading,
                         struct collection *const *collections)
{
    const struct json *items = json_find(aliases->json, "aliases");
    aliases->items = mem_new(json_count(items), sizeof(struct alias));
    for (size_t i = 0; i < json_count(items); i++) {
        reading->number = i + 1;
        if (json_kind(json_item(items, i)) == JSON_KIND_OBJECT)
            read_alias(&aliases->items[aliases->count++], json_item(items, i), collections,
                       reading);
        else
            say(reading, "must be an object", NULL);
    }
}

void aliases_load(struct aliases *aliases, const char *file, struct str text,
                  struct collection *const *collections, struct buf *mistakes)
{
    char mistake[JSON_MISTAKE_SIZE] = "must be a JSON object";
    struct reading reading = {file, 0, mistakes};
    aliases->json = json_parse(text, mistake);
    if (aliases->json == NULL || json_kind(aliases->json) != JSON_KIND_OBJECT) {
        buf_printf(mistakes, "%s: %s\n", file, mistake);
        return;
    }
    for (struct json_member m = json_first(aliases->json); m.key != NULL;
         m = json_next(aliases->json, m))
        if (strcmp(m.key, "aliases") != 0)
            buf_printf(mistakes, "%s: has the unknown member \"%s\"\n", file, m.key);
        else if (json_kind(m.value) != JSON_KIND_ARRAY)
            buf_printf(mistakes, "%s: \"aliases\" must be an array\n", file);
        else
            read_aliases(aliases, &reading, collections);
}

void aliases_free(struct aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++)
        free(aliases->items[i].names);
    free(aliases->items);
    if (aliases->json != NULL)
        json_free(&aliases->json);
    *aliases = (struct aliases){0};
}
