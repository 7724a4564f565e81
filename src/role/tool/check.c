#include "role/tool/check.h"

#include <stdio.h>

#include "model/avro/avro.h"
#include "model/avro/compatibility.h"
#include "model/avro/fingerprint.h"
#include "model/model.h"

enum { EXIT_USAGE = 64, EXIT_CONFIG = 78 };

/* What was asked for; the words are the command line's. */
struct task {
    const char *folder;
    const char **olders;
    size_t older_count;
};

static bool is_folder(const char *word)
{
    return word[0] != '-' && word[0] != '\0';
}

/* False where the words are not understood. */
static bool read_words(struct task *task, int count, char **words)
{
    const char *models = getenv("MODELS");
    task->olders = mem_new((size_t)count, sizeof(*task->olders));
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], "--against") == 0 && i + 1 < count && is_folder(words[i + 1]))
            task->olders[task->older_count++] = words[++i];
        else if (is_folder(words[i]) && task->folder == NULL)
            task->folder = words[i];
        else
            return false;
    }
    if (task->folder == NULL)
        task->folder = models != NULL && models[0] != '\0' ? models : "models";
    return true;
}

/* NULL where the folder has mistakes, which are then in the report. */
static struct model *load(const char *folder, struct buf *report)
{
    struct buf mistakes = {0};
    struct model *model = model_load(folder, &mistakes);
    if (model == NULL)
        buf_printf(report, "mamparo check: the models in %s have mistakes:\n%s", folder,
                   mistakes.ptr);
    buf_free(&mistakes);
    return model;
}

static bool compare_collection(const struct collection *older, const struct model *model,
                               const char *folder, struct buf *mistakes)
{
    const struct collection *newer =
        model_find(model, str_from(older->service), str_from(older->name));
    struct buf file = {0};
    bool is_well = false;
    buf_printf(&file, "%s/%s/%s.avsc", folder, older->service, older->name);
    if (newer == NULL)
        buf_printf(mistakes, "%s: the collection is gone; events of it could not be applied\n",
                   file.ptr);
    else
        is_well = compatibility_check(file.ptr, older->event_schema, newer->event_schema, mistakes);
    buf_free(&file);
    return is_well;
}

static bool compare_service(const struct service *older, const struct model *model,
                            const char *folder, struct buf *mistakes)
{
    bool is_well = true;
    for (size_t i = 0; i < older->collection_count; i++)
        if (!compare_collection(older->collections[i], model, folder, mistakes))
            is_well = false;
    return is_well;
}

/* `model` is NULL where it has mistakes: those of the older one are worth knowing all the same. */
static void compare_with(const char *older_folder, const struct model *model, const char *folder,
                         struct buf *report)
{
    struct buf mistakes = {0};
    struct model *older = load(older_folder, report);
    bool is_well = true;
    for (size_t i = 0; older != NULL && model != NULL && i < older->service_count; i++)
        if (!compare_service(&older->services[i], model, folder, &mistakes))
            is_well = false;
    if (!is_well)
        buf_printf(report, "mamparo check: the models in %s are not compatible with %s:\n%s",
                   folder, older_folder, mistakes.ptr);
    model_free(&older);
    buf_free(&mistakes);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_service(const struct service *service)
{
    for (size_t i = 0; i < service->collection_count; i++) {
        const struct collection *collection = service->collections[i];
        char fingerprint[FINGERPRINT_TEXT_SIZE];
        fingerprint_format(avro_codec_fingerprint(collection->event_codec), fingerprint);
        printf("%s/%s  fingerprint %s  %zu field%s\n", collection->service, collection->name,
               fingerprint, collection->field_count, plural(collection->field_count));
    }
}

static void print_success(const struct task *task, const struct model *model)
{
    size_t collections = 0;
    for (size_t i = 0; i < model->service_count; i++) {
        print_service(&model->services[i]);
        collections += model->services[i].collection_count;
    }
    printf("all is well: %zu collection%s", collections, plural(collections));
    for (size_t i = 0; i < task->older_count; i++)
        printf("%s%s", i == 0 ? ", compatible both ways with " : ", ", task->olders[i]);
    putchar('\n');
}

static int check(const struct task *task)
{
    struct buf report = {0};
    struct model *model = load(task->folder, &report);
    for (size_t i = 0; i < task->older_count; i++)
        compare_with(task->olders[i], model, task->folder, &report);
    bool is_well = report.len == 0;
    if (is_well)
        print_success(task, model);
    else
        fputs(report.ptr, stderr);
    model_free(&model);
    buf_free(&report);
    return is_well ? 0 : EXIT_CONFIG;
}

int check_run(int count, char **words)
{
    struct task task = {0};
    int result = EXIT_USAGE;
    if (read_words(&task, count, words))
        result = check(&task);
    else
        fputs(
            "usage: mamparo check [<folder>] [--against <older folder>]...\n"
            "  <folder> is MODELS where that is set, else \"models\"; --against may be repeated\n",
            stderr);
    free(task.olders);
    return result;
}
