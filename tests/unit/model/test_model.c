#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/model.h"

#define ITEMS    "{'type':'record','name':'Item','fields':[{'name':'a','type':'int'}]}"
#define MEBIBYTE (1 << 20)

/* A folder of models of its own for every test. */
static int make_folder(void **state)
{
    char folder[] = "/tmp/mamparo_model_XXXXXX";
    if (mkdtemp(folder) == NULL)
        return -1;
    *state = mem_copy(folder, strlen(folder));
    return 0;
}

static int remove_folder(void **state)
{
    struct buf command = {0};
    buf_printf(&command, "rm -r %s", (char *)*state);
    int result = system(command.ptr);
    buf_free(&command);
    free(*state);
    return result;
}

static void add_folder(const char *folder, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path.ptr, 0700), 0);
    buf_free(&path);
}

static void add_file(const char *folder, const char *name, const char *text)
{
    struct buf path = {0}, quoted = {0};
    buf_printf(&path, "%s/%s", folder, name);
    given_text(text, &quoted);
    buf_append_text(&quoted, ""); /* so that there is a pointer */
    FILE *file = fopen(path.ptr, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(quoted.ptr, 1, quoted.len, file), quoted.len);
    assert_int_equal(fclose(file), 0);
    buf_free(&path);
    buf_free(&quoted);
}

static struct model *load(const char *folder)
{
    struct buf mistakes = {0};
    struct model *model = model_load(folder, &mistakes);
    if (model == NULL)
        fail_msg("%s", mistakes.ptr);
    assert_int_equal(mistakes.len, 0);
    return model;
}

static void assert_refused(const char *folder, const char *wanted)
{
    struct buf mistakes = {0};
    struct model *model = model_load(folder, &mistakes);
    if (model != NULL)
        fail_msg("taken, where \"%s\" was wanted", wanted);
    if (strstr(mistakes.ptr, wanted) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", wanted, mistakes.ptr);
    model_free(&model);
    buf_free(&mistakes);
}

static void services_and_collections_stand_in_the_order_of_their_names(void **state)
{
    static const char *const files[] = {"b/z.avsc", "b/items.avsc", "b/a_1.avsc", "a/items.avsc"};
    (void)state;
    add_folder(*state, "b");
    add_folder(*state, "a");
    for (size_t i = 0; i < countof(files); i++)
        add_file(*state, files[i], ITEMS);
    struct model *model = load(*state);
    assert_int_equal(model->service_count, 2);
    assert_string_equal(model->services[0].name, "a");
    assert_string_equal(model->services[1].name, "b");
    assert_int_equal(model->services[1].collection_count, 3);
    static const char *const names[] = {"a_1", "items", "z"};
    for (size_t i = 0; i < countof(names); i++)
        assert_string_equal(model->services[1].collections[i]->name, names[i]);
    model_free(&model);
    assert_null(model);
    model_free(&model);
}

static void a_collection_is_found_by_its_service_and_its_name(void **state)
{
    add_folder(*state, "a");
    add_folder(*state, "b");
    add_file(*state, "a/items.avsc", ITEMS);
    add_file(*state, "b/things.avsc", ITEMS);
    struct model *model = load(*state);
    const struct collection *items = model_find(model, STR("a"), STR("items"));
    assert_non_null(items);
    assert_string_equal(items->table, "\"a\".\"items\"");
    assert_ptr_equal(model_find_service(model, STR("b")), &model->services[1]);
    assert_null(model_find(model, STR("a"), STR("things")));
    assert_null(model_find(model, STR("b"), STR("Things")));
    assert_null(model_find(model, STR("c"), STR("items")));
    assert_null(model_find(model, STR(""), STR("")));
    assert_null(model_find_service(model, STR("A")));
    model_free(&model);
}

static void what_is_hidden_or_no_schema_is_passed_over(void **state)
{
    add_file(*state, "README.md", "the models");
    add_folder(*state, ".git");
    add_file(*state, ".git/x.avsc", "no schema");
    add_folder(*state, "a");
    add_file(*state, "a/notes.json", "no schema");
    add_file(*state, "a/.items.avsc", "no schema");
    add_file(*state, "a/items.avsc~", "no schema");
    add_file(*state, "a/items.avsc", ITEMS);
    struct model *model = load(*state);
    assert_int_equal(model->service_count, 1);
    assert_int_equal(model->services[0].collection_count, 1);
    model_free(&model);
}

static void a_folder_without_a_service_is_refused(void **state)
{
    assert_refused(*state, "has no service");
    add_file(*state, "README.md", "no model");
    assert_refused(*state, "has no service");
    assert_refused("/nowhere/at/all", "/nowhere/at/all: cannot be read");
}

/* As the mistake itself says: "a folder with an .avsc file in it". */
static void a_folder_without_a_schema_is_no_service(void **state)
{
    add_folder(*state, "a");
    add_file(*state, "a/service.json", "{}");
    assert_refused(*state, "has no service");
}

static void a_name_that_postgresql_or_we_need_is_no_service(void **state)
{
    static const char *const rows[] = {"mamparo", "pg_catalog", "public", "a-b", "1a", "a b"};
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf file = {0};
        add_folder(*state, rows[i]);
        buf_printf(&file, "%s/items.avsc", rows[i]);
        add_file(*state, file.ptr, ITEMS);
        buf_reset(&file);
        buf_printf(&file, "%s/%s: is no name for a service\n", (char *)*state, rows[i]);
        assert_refused(*state, file.ptr);
        buf_free(&file);
    }
}

static void a_file_whose_name_is_no_name_is_refused(void **state)
{
    static const char *const rows[] = {"a/line-items.avsc", "a/1.avsc", "a/b.c.avsc"};
    add_folder(*state, "a");
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf wanted = {0};
        add_file(*state, rows[i], ITEMS);
        buf_printf(&wanted, "%s: the file's name must be", rows[i]);
        assert_refused(*state, wanted.ptr);
        buf_free(&wanted);
    }
}

static void mistakes_of_all_files_are_said_at_once(void **state)
{
    add_folder(*state, "a");
    add_folder(*state, "a/folder.avsc");
    add_file(*state, "a/empty.avsc", "");
    add_file(*state, "a/good.avsc", ITEMS);
    add_file(*state, "a/odd.avsc", "{'type':'enum'}");
    assert_refused(*state, "a/empty.avsc: ");
    assert_refused(*state, "a/folder.avsc: ");
    assert_refused(*state, "a/odd.avsc: \"type\" must be");
}

static void a_file_larger_than_any_schema_is_refused(void **state)
{
    struct buf text = {0};
    add_folder(*state, "a");
    buf_append_text(&text, ITEMS);
    while (text.len <= MEBIBYTE)
        buf_append_char(&text, ' ');
    add_file(*state, "a/items.avsc", text.ptr);
    assert_refused(*state, "a/items.avsc: is larger than 1048576 bytes");
    text.ptr[MEBIBYTE] = '\0';
    add_file(*state, "a/items.avsc", text.ptr);
    struct model *model = load(*state);
    model_free(&model);
    buf_free(&text);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(services_and_collections_stand_in_the_order_of_their_names),
        IN_A_FOLDER(a_collection_is_found_by_its_service_and_its_name),
        IN_A_FOLDER(what_is_hidden_or_no_schema_is_passed_over),
        IN_A_FOLDER(a_folder_without_a_service_is_refused),
        IN_A_FOLDER(a_folder_without_a_schema_is_no_service),
        IN_A_FOLDER(a_name_that_postgresql_or_we_need_is_no_service),
        IN_A_FOLDER(a_file_whose_name_is_no_name_is_refused),
        IN_A_FOLDER(mistakes_of_all_files_are_said_at_once),
        IN_A_FOLDER(a_file_larger_than_any_schema_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
