#include "model/model.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A schema is written by hand; one larger than this is not a schema. */
enum { FILE_SIZE_MAX = 1 << 20 };

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool read_file(const char *path, struct buf *out, struct buf *mistakes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        buf_printf(mistakes, "%s: cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    size_t got = fread(buf_reserve(out, FILE_SIZE_MAX + 1), 1, FILE_SIZE_MAX + 1, file);
    bool whole = got <= FILE_SIZE_MAX && ferror(file) == 0;
    fclose(file);
    out->len += got;
    if (!whole)
        buf_printf(mistakes, "%s: is larger than %d bytes or cannot be read\n", path,
                   FILE_SIZE_MAX);
    return whole;
}

static void load_collection(struct service *service, const char *folder, struct str file,
                            struct buf *mistakes)
{
    struct buf path = {0}, text = {0};
    struct str stem = {file.ptr, file.len - strlen(".avsc")};
    buf_printf(&path, "%s/%s/" STR_FMT, folder, service->name, STR_ARG(file));
    /* A path of ours stands there: /v1/<service>/events. */
    if (str_equal(stem, STR("events"))) {
        buf_printf(mistakes, "%s: is no name for a collection\n", path.ptr);
    } else if (!schema_is_name(stem)) {
        buf_printf(mistakes,
                   "%s: the file's name must be a letter, then letters, digits or "
                   "underscores\n",
                   path.ptr);
    } else if (read_file(path.ptr, &text, mistakes)) {
        struct collection *collection =
            schema_load(path.ptr, str_from(service->name), stem, buf_str(&text), mistakes);
        if (collection != NULL)
            service->collections[service->collection_count++] = collection;
    }
    buf_free(&path);
    buf_free(&text);
}

static bool is_schema(const struct dirent *entry)
{
    return str_ends_with(str_from(entry->d_name), STR(".avsc"));
}

static bool has_schema(struct dirent **files, int count)
{
    for (int i = 0; i < count; i++)
        if (is_schema(files[i]))
            return true;
    return false;
}

static void free_names(struct dirent **files, int count)
{
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
}

/* By PostgreSQL's schemas, or by paths of ours. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = {"mamparo", "public", "information_schema", "schemas"};
    for (size_t i = 0; i < countof(taken); i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    return strncmp(name, "pg_", 3) == 0;
}

static void load_settings(struct service *service, const char *folder, struct buf *mistakes)
{
    struct buf path = {0}, text = {0};
    buf_printf(&path, "%s/%s/service.json", folder, service->name);
    if (access(path.ptr, F_OK) == 0 && read_file(path.ptr, &text, mistakes))
        aliases_load(&service->aliases, path.ptr, buf_str(&text), service->collections, mistakes);
    buf_free(&path);
    buf_free(&text);
}

static void load_service(struct model *model, const char *folder, const char *name,
                         struct buf *mistakes)
{
    struct buf path = {0};
    struct dirent **files;
    buf_printf(&path, "%s/%s", folder, name);
    int count = scandir(path.ptr, &files, is_visible, alphasort);
    buf_free(&path);
    if (count < 0)
        return; /* a file beside the services: a README, say */
    if (!has_schema(files, count)) {
        free_names(files, count);
        return;
    }
    struct service *service = &model->services[model->service_count];
    service->name = mem_copy(name, strlen(name));
    service->collections = mem_new((size_t)count + 1, sizeof(struct collection *));
    if (!schema_is_name(str_from(name)) || is_taken(name))
        buf_printf(mistakes, "%s/%s: is no name for a service\n", folder, name);
    for (int i = 0; i < count; i++)
        if (is_schema(files[i]))
            load_collection(service, folder, str_from(files[i]->d_name), mistakes);
    free_names(files, count);
    load_settings(service, folder, mistakes);
    model->service_count++;
}

/* Which of two services an older path means could not be told. */
static void refuse_twins(const struct model *model, const struct alias *alias, const char *folder,
                         struct buf *mistakes)
{
    struct str id;
    const struct alias *first =
        model_find_alias(model, str_from(alias->method), str_from(alias->path), &id);
    if (first != NULL && first != alias)
        buf_printf(mistakes, "%s/%s/service.json: the alias %s %s stands there before\n", folder,
                   alias->collection->service, alias->method, alias->path);
}

static void check_aliases(const struct model *model, const char *folder, struct buf *mistakes)
{
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t i = 0; i < model->services[s].aliases.count; i++)
            refuse_twins(model, &model->services[s].aliases.items[i], folder, mistakes);
}

struct model *model_load(const char *folder, struct buf *mistakes)
{
    struct dirent **folders;
    size_t before = mistakes->len;
    int count = scandir(folder, &folders, is_visible, alphasort);
    if (count < 0) {
        buf_printf(mistakes, "%s: cannot be read: %s\n", folder, strerror(errno));
        return NULL;
    }
    struct model *model = mem_new(1, sizeof(*model));
    model->services = mem_new((size_t)count + 1, sizeof(struct service));
    for (int i = 0; i < count; i++) {
        load_service(model, folder, folders[i]->d_name, mistakes);
        free(folders[i]);
    }
    free(folders);
    if (model->service_count == 0)
        buf_printf(mistakes, "%s: has no service: a folder with an .avsc file in it\n", folder);
    if (mistakes->len == before)
        check_aliases(model, folder, mistakes);
    if (mistakes->len > before)
        model_free(&model);
    return model;
}

void model_free(struct model **model)
{
    struct model *gone = *model;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->service_count; i++) {
        struct service *service = &gone->services[i];
        for (size_t c = 0; c < service->collection_count; c++)
            schema_free(&service->collections[c]);
        aliases_free(&service->aliases);
        free(service->collections);
        free(service->name);
    }
    free(gone->services);
    free(gone);
    *model = NULL;
}

const struct service *model_find_service(const struct model *model, struct str name)
{
    for (size_t i = 0; i < model->service_count; i++)
        if (str_equal(str_from(model->services[i].name), name))
            return &model->services[i];
    return NULL;
}

const struct collection *model_find(const struct model *model, struct str service,
                                    struct str collection)
{
    const struct service *found = model_find_service(model, service);
    for (size_t i = 0; found != NULL && i < found->collection_count; i++)
        if (str_equal(str_from(found->collections[i]->name), collection))
            return found->collections[i];
    return NULL;
}

const struct alias *model_find_alias(const struct model *model, struct str method, struct str path,
                                     struct str *id_out)
{
    for (size_t s = 0; s < model->service_count; s++) {
        const struct aliases *aliases = &model->services[s].aliases;
        for (size_t i = 0; i < aliases->count; i++)
            if ((method.len == 0 || str_equal(method, str_from(aliases->items[i].method))) &&
                alias_fits(&aliases->items[i], path, id_out))
                return &aliases->items[i];
    }
    return NULL;
}

bool model_set_pseudonym_key(struct model *model, const char *key, struct buf *mistakes)
{
    size_t before = mistakes->len;
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++) {
            struct collection *collection = model->services[s].collections[c];
            const struct field *field = schema_find_private(collection, PRIVACY_PSEUDONYM);
            collection->pseudonym_key = str_from(key);
            if (key == NULL && field != NULL)
                buf_printf(mistakes, "PSEUDONYM_KEY: is needed for the field %s of %s/%s\n",
                           field->name, collection->service, collection->name);
        }
    return mistakes->len == before;
}

void model_set_queries(struct model *model, const char *language, const char *secret)
{
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++) {
            struct collection *collection = model->services[s].collections[c];
            struct buf use = {0};
            buf_printf(&use, "cursors of %s/%s", collection->service, collection->name);
            digest_hmac(str_from(secret), buf_str(&use), collection->cursor_key);
            collection->search_language = language;
            buf_free(&use);
        }
}
