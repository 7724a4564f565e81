#include "model/rules.h"

#include "model/pattern.h"
#include "model/validate.h"

/* A B-tree entry holds 2,704 bytes at most: a longer value could never be stored. */
enum { INDEXED_LENGTH_MAX = 500 };

void rules_say(struct rules_reading *reading, const char *field, const char *what)
{
    buf_printf(reading->mistakes, "%s: %s%s%s%s\n", reading->file, field != NULL ? "field " : "",
               field != NULL ? field : "", field != NULL ? ": " : "", what);
}

bool rules_is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static double find_number(const struct json *object, const char *key, double otherwise)
{
    const struct json *found = json_find(object, key);
    bool is_number = found != NULL &&
                     (json_kind(found) == JSON_KIND_INTEGER || json_kind(found) == JSON_KIND_REAL);
    return is_number ? json_number(found) : otherwise;
}

static regex_t *compile_pattern(const struct json *json, const char *name,
                                struct rules_reading *reading)
{
    struct str text = json_find_text(json, "pattern", STR(""));
    if (text.len == 0)
        return NULL;
    char *pattern = mem_copy(text.ptr, text.len);
    regex_t *compiled = mem_new(1, sizeof(*compiled));
    if (!pattern_is_modest(pattern)) {
        rules_say(reading, name,
                  "pattern repeats a repetition, or is too large once they are written out");
        free(compiled);
        compiled = NULL;
    } else if (regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        rules_say(reading, name, "pattern is no POSIX extended regular expression");
        free(compiled);
        compiled = NULL;
    }
    free(pattern);
    return compiled;
}

/* Attributes that would do nothing if misspelt, or of another kind, are the ones worth a list. */
static void refuse_odd_attributes(const struct json *json, const char *name,
                                  struct rules_reading *reading)
{
    enum {
        ANY = ~0,
        TEXT = 1 << JSON_KIND_STRING,
        TRUTH = 1 << JSON_KIND_BOOLEAN,
        WHOLE = 1 << JSON_KIND_INTEGER,
        NUMBER = WHOLE | 1 << JSON_KIND_REAL,
    };
    static const struct {
        const char *name;
        int kinds;
    } known[] = {
        {"name", ANY},     {"type", ANY},     {"default", ANY},     {"doc", ANY},
        {"aliases", ANY},  {"order", ANY},    {"minLength", WHOLE}, {"maxLength", WHOLE},
        {"pattern", TEXT}, {"format", ANY},   {"minimum", NUMBER},  {"maximum", NUMBER},
        {"unique", TRUTH}, {"filter", TRUTH}, {"sort", TRUTH},      {"search", TRUTH},
        {"words", ANY},    {"privacy", TEXT}, {"immutable", TRUTH},
    };
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m)) {
        size_t i = 0;
        while (i < countof(known) && strcmp(known[i].name, m.key) != 0)
            i++;
        if (i < countof(known) && (known[i].kinds & 1 << json_kind(m.value)) != 0)
            continue;
        struct buf what = {0};
        buf_printf(&what,
                   i == countof(known) ? "has the unknown attribute \"%s\""
                                       : "has no such value for \"%s\"",
                   m.key);
        rules_say(reading, name, what.ptr);
        buf_free(&what);
    }
}

/* False where there is no such kind of privacy. */
static bool find_privacy(const struct json *said, enum privacy *out)
{
    static const char *const names[] = {
        [PRIVACY_PSEUDONYM] = "pseudonym",
        [PRIVACY_MASK] = "mask",
        [PRIVACY_YEAR] = "year",
    };
    for (size_t i = PRIVACY_PSEUDONYM; i < countof(names); i++)
        if (str_equal(json_text(said), str_from(names[i]))) {
            *out = (enum privacy)i;
            return true;
        }
    return false;
}

static enum privacy read_privacy(const struct field *field, const struct json *json,
                                 struct rules_reading *reading)
{
    enum privacy privacy = PRIVACY_NONE;
    enum field_type type = field->shape.type;
    const struct json *said = json_find(json, "privacy");
    if (said == NULL || json_kind(said) != JSON_KIND_STRING)
        return PRIVACY_NONE;
    if (!find_privacy(said, &privacy))
        rules_say(reading, field->name, "privacy must be pseudonym, mask or year");
    bool is_dated = type == FIELD_TYPE_DATE || type == FIELD_TYPE_TIMESTAMP;
    if (privacy != PRIVACY_NONE && type != FIELD_TYPE_STRING &&
        !(privacy == PRIVACY_YEAR && is_dated))
        rules_say(reading, field->name, "privacy needs a string; year a string, date or timestamp");
    if (field->is_unique && (privacy == PRIVACY_MASK || privacy == PRIVACY_YEAR))
        rules_say(reading, field->name, "what is masked or cut to its year cannot be unique");
    return privacy;
}

static void read_values(struct field *field, const struct json *json, struct rules_reading *reading)
{
    const struct json *words = json_find(json, "words");
    field->otherwise = json_find(json, "default");
    field->min_length = json_find_integer(json, "minLength", 0);
    field->max_length = json_find_integer(json, "maxLength", INT64_MAX);
    field->minimum = find_number(json, "minimum", -__builtin_inf());
    field->maximum = find_number(json, "maximum", __builtin_inf());
    field->pattern = compile_pattern(json, field->name, reading);
    field->is_email = str_equal(json_find_text(json, "format", STR("")), STR("email"));
    field->is_unique = json_find_truth(json, "unique", false);
    field->is_filter = json_find_truth(json, "filter", false);
    field->is_sort = json_find_truth(json, "sort", false);
    field->is_search = json_find_truth(json, "search", false);
    field->is_immutable = json_find_truth(json, "immutable", false);
    field->privacy = read_privacy(field, json, reading);
    if (words != NULL && json_kind(words) == JSON_KIND_ARRAY && json_count(words) == 2) {
        field->words_least = json_integer_of(json_item(words, 0));
        field->words_most = json_integer_of(json_item(words, 1));
    }
    if (json_find(json, "format") != NULL && !field->is_email)
        rules_say(reading, field->name, "format must be \"email\"");
    if (words != NULL && (field->words_least < 1 || field->words_most < field->words_least))
        rules_say(reading, field->name, "words must be [least, most], from 1 up");
}

static bool is_string_rule(const char *name)
{
    static const char *const rules[] = {"minLength", "maxLength", "pattern", "format", "words"};
    return rules_is_among(name, rules, countof(rules));
}

static bool is_number_rule(const char *name)
{
    static const char *const rules[] = {"minimum", "maximum"};
    return rules_is_among(name, rules, countof(rules));
}

/* A rule that another type would need does nothing. */
static void refuse_vain_rules(const struct field *field, const struct json *json,
                              struct rules_reading *reading)
{
    enum field_type type = field->shape.type;
    bool is_number = type == FIELD_TYPE_INT || type == FIELD_TYPE_LONG || type == FIELD_TYPE_DOUBLE;
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m)) {
        if (is_string_rule(m.key) && type != FIELD_TYPE_STRING)
            rules_say(reading, field->name,
                      "minLength, maxLength, pattern, format and words are "
                      "for strings");
        if (is_number_rule(m.key) && !is_number)
            rules_say(reading, field->name, "minimum and maximum are for numbers");
    }
}

static void refuse_others(const struct json *object, const char *const *known, size_t count,
                          const char *name, struct rules_reading *reading)
{
    for (struct json_member m = json_first(object); m.key != NULL; m = json_next(object, m))
        if (!rules_is_among(m.key, known, count))
            rules_say(reading, name,
                      "rules and privacy stand on the field itself, not inside its type or record");
}

static void check_inner_default(const struct json *field, const char *name,
                                struct rules_reading *reading)
{
    const struct json *otherwise = json_find(field, "default"), *type = json_find(field, "type");
    struct problem problem = {0};
    struct json *value = NULL;
    if (otherwise != NULL && type != NULL)
        value = validate_value(type, otherwise, &problem);
    if (problem_is_set(&problem))
        rules_say(reading, name, "a default inside it is not of its type");
    if (value != NULL)
        json_free(&value);
    problem_free(&problem);
}

/* Rules are a collection's own fields'; inside a type, a record or an array they would silently do
 * nothing. */
static void refuse_inner_rules(const struct json *avro, const char *name,
                               struct rules_reading *reading)
{
    static const char *const of_field[] = {"name", "type", "default", "doc", "aliases", "order"};
    static const char *const of_type[] = {"type",    "logicalType", "items",     "name", "fields",
                                          "symbols", "default",     "namespace", "doc",  "aliases"};
    struct field_shape shape;
    if (avro == NULL || !schema_shape(avro, &shape))
        return;
    if (json_kind(shape.avro) == JSON_KIND_OBJECT)
        refuse_others(shape.avro, of_type, countof(of_type), name, reading);
    if (shape.type == FIELD_TYPE_ARRAY)
        refuse_inner_rules(json_find(shape.avro, "items"), name, reading);
    const struct json *fields =
        shape.type == FIELD_TYPE_RECORD ? json_find(shape.avro, "fields") : NULL;
    for (size_t i = 0; fields != NULL && i < json_count(fields); i++) {
        refuse_others(json_item(fields, i), of_field, countof(of_field), name, reading);
        check_inner_default(json_item(fields, i), name, reading);
        refuse_inner_rules(json_find(json_item(fields, i), "type"), name, reading);
    }
}

static void check_index(const struct field *field, struct rules_reading *reading)
{
    if (!field->is_filter && !field->is_sort && !field->is_unique)
        return;
    if (field->shape.type == FIELD_TYPE_STRING && field->max_length > INDEXED_LENGTH_MAX)
        rules_say(reading, field->name, "filter, sort and unique need a maxLength of 500 or less");
    if (field->shape.type >= FIELD_TYPE_ARRAY)
        rules_say(reading, field->name,
                  "an array or a record can be neither filter, sort nor unique");
}

static bool is_of_strings(const struct field_shape *shape)
{
    struct field_shape items;
    if (shape->type != FIELD_TYPE_ARRAY)
        return shape->type == FIELD_TYPE_STRING;
    const struct json *inside = json_find(shape->avro, "items");
    return inside != NULL && schema_shape(inside, &items) && items.type == FIELD_TYPE_STRING;
}

static void check_queries(const struct field *field, struct rules_reading *reading)
{
    if (field->is_sort && field->shape.type == FIELD_TYPE_BOOLEAN)
        rules_say(reading, field->name, "a boolean is nothing to sort by");
    if (field->is_search && !is_of_strings(&field->shape))
        rules_say(reading, field->name, "search is for strings and arrays of strings");
}

void rules_read(struct field *field, const struct json *json, struct rules_reading *reading)
{
    refuse_odd_attributes(json, field->name, reading);
    refuse_vain_rules(field, json, reading);
    read_values(field, json, reading);
    refuse_inner_rules(json_find(json, "type"), field->name, reading);
    check_index(field, reading);
    check_queries(field, reading);
}
