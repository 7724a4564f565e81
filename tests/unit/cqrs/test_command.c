#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/write/command.h"
#include "model/avro/avro.h"
#include "unit/model/given.h"

#define ID      "018f3e7c-0000-7000-8000-000000000001"
#define CREATED "2026-11-20T00:00:00.000Z"
#define UPDATED "2026-11-20T12:00:00.000Z"
#define NOW     "2026-11-21T08:15:30.250Z"

static const int64_t created_ms = INT64_C(1795132800000), now_ms = INT64_C(1795248930250);

/* A record of the collection below, as it stands in the write side's table at version 3. */
#define RECORD                                                                                     \
    "{'id':'" ID "','version':3,'title':'old','note':'kept','due':'2026-12-24',"                   \
    "'created_at':'" CREATED "','updated_at':'" UPDATED "','created_by':'ann','updated_by':'bob'}"

static struct collection *given_items(void)
{
    return given_collection(
        "{'name':'title','type':'string','minLength':1},"
        "{'name':'note','type':'string','default':'none'},"
        "{'name':'due','type':['null',{'type':'int','logicalType':'date'}],'default':null}");
}

enum given_record { NO_RECORD, LIVE, GONE };

static struct command_record record_of(enum given_record which)
{
    struct command_record record = {.version = 3, .is_deleted = which == GONE};
    if (which == LIVE)
        record.image = given_json(RECORD);
    return record;
}

/* A command with this body, and what came of it. */
struct attempt {
    struct collection *collection;
    struct command command;
    struct command_record record;
    struct change change;
    struct problem problem;
    bool is_planned;
};

static struct attempt attempt(enum command_kind kind, const char *body, int64_t version)
{
    struct attempt attempt = {.collection = given_items(),
                              .command = {.kind = kind, .version = version}};
    attempt.command.collection = attempt.collection;
    attempt.command.body = body == NULL ? NULL : given_json(body);
    assert_true(uuid_parse(STR(ID), &attempt.command.id));
    return attempt;
}

static void plan(struct attempt *attempt, enum given_record which)
{
    attempt->record = record_of(which);
    attempt->is_planned =
        command_plan(&attempt->command, which == NO_RECORD ? NULL : &attempt->record, now_ms,
                     &attempt->change, &attempt->problem);
    assert_true(attempt->is_planned != problem_is_set(&attempt->problem));
}

static void drop(struct attempt *attempt)
{
    change_free(&attempt->change);
    command_free(&attempt->command);
    problem_free(&attempt->problem);
    json_free(&attempt->record.image);
    schema_free(&attempt->collection);
}

/* What became of a body that was refused, or "" where it was taken. */
static void assert_mistakes(struct attempt *attempt, const char *wanted)
{
    struct buf quoted = {0};
    given_text(wanted, &quoted);
    buf_append_text(&quoted, "");
    assert_int_equal(attempt->problem.status, STATUS_INVALID);
    assert_string_equal(attempt->problem.mistakes.ptr, quoted.ptr);
    buf_free(&quoted);
}

static const char *const bodies[] = {
    [COMMAND_CREATE] = "{'title':'new'}",
    [COMMAND_REPLACE] = "{'title':'new'}",
    [COMMAND_PATCH] = "{'title':'new'}",
    [COMMAND_DELETE] = NULL,
};

enum condition { NONE, MUST_BE_NEW, THIS_VERSION, OLDER, NEWER };

/* Every kind, record and condition that a request can come to. */
static const struct {
    enum command_kind kind;
    enum given_record record;
    enum condition condition;
    enum status status;
    const char *type; /* of the event, where there is one */
} decisions[] = {
    {COMMAND_CREATE, NO_RECORD, NONE, STATUS_OK, "created"},
    {COMMAND_REPLACE, NO_RECORD, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_REPLACE, NO_RECORD, MUST_BE_NEW, STATUS_OK, "created"},
    {COMMAND_REPLACE, NO_RECORD, THIS_VERSION, STATUS_NOT_FOUND, NULL},
    {COMMAND_REPLACE, LIVE, NONE, STATUS_OK, "updated"},
    {COMMAND_REPLACE, LIVE, MUST_BE_NEW, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_REPLACE, LIVE, THIS_VERSION, STATUS_OK, "updated"},
    {COMMAND_REPLACE, LIVE, OLDER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_REPLACE, LIVE, NEWER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_REPLACE, GONE, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_REPLACE, GONE, MUST_BE_NEW, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_REPLACE, GONE, THIS_VERSION, STATUS_NOT_FOUND, NULL},
    {COMMAND_REPLACE, GONE, OLDER, STATUS_NOT_FOUND, NULL},
    {COMMAND_PATCH, NO_RECORD, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_PATCH, NO_RECORD, THIS_VERSION, STATUS_NOT_FOUND, NULL},
    {COMMAND_PATCH, LIVE, NONE, STATUS_OK, "updated"},
    {COMMAND_PATCH, LIVE, THIS_VERSION, STATUS_OK, "updated"},
    {COMMAND_PATCH, LIVE, OLDER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_PATCH, LIVE, NEWER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_PATCH, GONE, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_PATCH, GONE, THIS_VERSION, STATUS_NOT_FOUND, NULL},
    {COMMAND_DELETE, NO_RECORD, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_DELETE, NO_RECORD, THIS_VERSION, STATUS_NOT_FOUND, NULL},
    {COMMAND_DELETE, LIVE, NONE, STATUS_OK, "deleted"},
    {COMMAND_DELETE, LIVE, THIS_VERSION, STATUS_OK, "deleted"},
    {COMMAND_DELETE, LIVE, OLDER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_DELETE, LIVE, NEWER, STATUS_PRECONDITION_FAILED, NULL},
    {COMMAND_DELETE, GONE, NONE, STATUS_NOT_FOUND, NULL},
    {COMMAND_DELETE, GONE, THIS_VERSION, STATUS_NOT_FOUND, NULL},
};

static void assert_change(const struct attempt *attempt, const char *type)
{
    const struct change *change = &attempt->change;
    bool is_new = strcmp(type, "created") == 0;
    struct buf whole = {0};
    buf_printf(&whole, "shop.item.%s", type);
    assert_string_equal(change->type, whole.ptr);
    assert_ptr_equal(change->collection, attempt->collection);
    assert_memory_equal(&change->id, &attempt->command.id, sizeof(change->id));
    assert_int_equal(change->is_new, is_new);
    assert_int_equal(change->is_deleted, strcmp(type, "deleted") == 0);
    assert_int_equal(change->version, is_new ? 1 : 4);
    assert_true(change->created_at == (is_new ? now_ms : created_ms));
    assert_true(change->changed_at == now_ms);
    buf_free(&whole);
}

static void what_is_asked_of_what_is_there_decides(void **state)
{
    static const int64_t versions[] = {
        [NONE] = 0, [MUST_BE_NEW] = 0, [THIS_VERSION] = 3, [OLDER] = 2, [NEWER] = 4};
    (void)state;
    for (size_t i = 0; i < countof(decisions); i++) {
        struct attempt one =
            attempt(decisions[i].kind, bodies[decisions[i].kind], versions[decisions[i].condition]);
        one.command.must_be_new = decisions[i].condition == MUST_BE_NEW;
        plan(&one, decisions[i].record);
        if (one.problem.status != decisions[i].status)
            fail_msg("row %zu ends with %s", i, status_info(one.problem.status)->name);
        if (decisions[i].type != NULL)
            assert_change(&one, decisions[i].type);
        drop(&one);
    }
}

static void a_refusal_says_which_version_there_is(void **state)
{
    (void)state;
    struct attempt one = attempt(COMMAND_DELETE, NULL, 2);
    plan(&one, LIVE);
    assert_string_equal(one.problem.detail, "the record has version 3, not 2");
    drop(&one);
}

#define HEAD(version) "{'id':'" ID "','version':" version ","
#define TAIL(created, by, changed, last)                                                           \
    "'created_at':'" created "','updated_at':'" changed "','created_by':" by ",'updated_by':" last \
    "}"

/* What is stored after a command by `actor`. */
static const struct {
    enum command_kind kind;
    enum given_record record;
    const char *body, *actor, *stored;
} stored[] = {
    {COMMAND_CREATE, NO_RECORD, "{'title':'new'}", "cat",
     HEAD("1") "'title':'new','note':'none','due':null," TAIL(NOW, "'cat'", NOW, "'cat'")},
    {COMMAND_CREATE, NO_RECORD, "{'due':'2027-01-01','note':'','title':'new'}", "",
     HEAD("1") "'title':'new','note':'','due':'2027-01-01'," TAIL(NOW, "null", NOW, "null")},
    {COMMAND_REPLACE, LIVE, "{'title':'new'}", "cat",
     HEAD("4") "'title':'new','note':'none','due':null," TAIL(CREATED, "'ann'", NOW, "'cat'")},
    {COMMAND_REPLACE, LIVE, "{'title':'new'}", "",
     HEAD("4") "'title':'new','note':'none','due':null," TAIL(CREATED, "'ann'", NOW, "'bob'")},
    {COMMAND_PATCH, LIVE, "{'title':'new'}", "cat",
     HEAD("4") "'title':'new','note':'kept','due':'2026-12-24'," TAIL(CREATED, "'ann'", NOW,
                                                                      "'cat'")},
    {COMMAND_PATCH, LIVE, "{'due':null,'note':null}", "",
     HEAD("4") "'title':'old','note':'none','due':null," TAIL(CREATED, "'ann'", NOW, "'bob'")},
    {COMMAND_PATCH, LIVE, "{}", "",
     HEAD("4") "'title':'old','note':'kept','due':'2026-12-24'," TAIL(CREATED, "'ann'", NOW,
                                                                      "'bob'")},
    {COMMAND_DELETE, LIVE, NULL, "cat", "{}"},
};

/* Before a creation there is nothing, after a deletion likewise. */
static void assert_event(const struct attempt *attempt, enum given_record before, const char *after)
{
    struct json *event =
        given_decoded(attempt->collection->event_codec, buf_str(&attempt->change.data));
    assert_non_null(event);
    assert_int_equal(json_find_integer(event, "version", 0), attempt->change.version);
    assert_json(json_find(event, "before"), before == NO_RECORD ? "null" : RECORD);
    assert_json(json_find(event, "after"), attempt->change.is_deleted ? "null" : after);
    json_free(&event);
}

static void what_is_stored_is_what_is_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(stored); i++) {
        struct attempt one = attempt(stored[i].kind, stored[i].body, 0);
        one.command.origin.actor = str_from(stored[i].actor);
        plan(&one, stored[i].record);
        assert_true(one.is_planned);
        struct buf quoted = {0};
        given_text(stored[i].stored, &quoted);
        assert_string_equal(one.change.body.ptr, quoted.ptr);
        assert_event(&one, stored[i].record, stored[i].stored);
        buf_free(&quoted);
        drop(&one);
    }
}

static void every_mistake_of_a_body_is_named_at_once(void **state)
{
    (void)state;
    static const struct {
        enum command_kind kind;
        enum given_record record;
        const char *body;
        unsigned mistakes;
    } rows[] = {
        {COMMAND_CREATE, NO_RECORD, "{}", 1},
        {COMMAND_CREATE, NO_RECORD, "{'title':'','note':5,'due':'soon','x':1}", 4},
        {COMMAND_CREATE, NO_RECORD, "[]", 1},
        {COMMAND_CREATE, NO_RECORD, "null", 1},
        {COMMAND_CREATE, NO_RECORD, "{'title':'t','id':'" ID "'}", 1},
        {COMMAND_CREATE, NO_RECORD, "{'title':'t','version':1}", 1},
        {COMMAND_REPLACE, LIVE, "{}", 1},
        {COMMAND_REPLACE, LIVE, "{'title':null,'created_by':'me'}", 2},
        {COMMAND_PATCH, LIVE, "{'title':null}", 1},
        {COMMAND_PATCH, LIVE, "{'title':'','x':1}", 2},
        {COMMAND_PATCH, LIVE, "[]", 1},
        {COMMAND_PATCH, LIVE, "'title'", 1},
        {COMMAND_PATCH, LIVE, "null", 1},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct attempt one = attempt(rows[i].kind, rows[i].body, 0);
        plan(&one, rows[i].record);
        assert_int_equal(one.problem.status, STATUS_INVALID);
        if (one.problem.mistake_count != rows[i].mistakes)
            fail_msg("%s: %s", rows[i].body, one.problem.mistakes.ptr);
        drop(&one);
    }
}

static void a_patch_must_be_an_object(void **state)
{
    (void)state;
    struct attempt one = attempt(COMMAND_PATCH, "[1]", 0);
    plan(&one, LIVE);
    assert_mistakes(&one, "{'pointer':'','detail':'a patch must be an object'}");
    drop(&one);
}

/* A stale If-Match is said before the body's mistakes, which may be of that version only. */
static void a_condition_comes_before_the_body(void **state)
{
    (void)state;
    struct attempt one = attempt(COMMAND_REPLACE, "{}", 2);
    plan(&one, LIVE);
    assert_int_equal(one.problem.status, STATUS_PRECONDITION_FAILED);
    assert_int_equal(one.problem.mistake_count, 0);
    drop(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_of_what_is_there_decides),
        cmocka_unit_test(a_refusal_says_which_version_there_is),
        cmocka_unit_test(what_is_stored_is_what_is_published),
        cmocka_unit_test(every_mistake_of_a_body_is_named_at_once),
        cmocka_unit_test(a_patch_must_be_an_object),
        cmocka_unit_test(a_condition_comes_before_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
