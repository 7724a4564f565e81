/* Any bytes as what Redis answers, read as they are from a connection: no entry, or an event whose
 * XADD reads back as the same. The same bytes are tried as the values of a row of the outbox. */
#include "cqrs/replication/event_row.h"

enum { FEW = 100 }; /* bytes of what event_write_xadd keeps in its scratch */

/* There is room made for as many items as an array says that it has. */
static bool is_modest(struct str bytes)
{
    size_t digits = 0;
    bool is_array = false;
    for (size_t i = 0; i < bytes.len && digits < 4; i++) {
        bool is_digit = bytes.ptr[i] >= '0' && bytes.ptr[i] <= '9';
        digits = is_array && is_digit ? digits + 1 : 0;
        is_array = bytes.ptr[i] == '*' || (is_array && is_digit);
    }
    return digits < 4;
}

static void append_bulk(struct buf *out, struct str text)
{
    buf_printf(out, "$%zu\r\n", text.len);
    buf_append_str(out, text);
    buf_append_text(out, "\r\n");
}

static void check_written(const struct event_entry *entry)
{
    struct buf scratch = {0}, bytes = {0};
    struct str words[EVENT_WORDS_MAX];
    struct event_entry again;
    size_t count = event_write_xadd(entry, &scratch, words);
    assert(count >= 4 && count <= EVENT_WORDS_MAX && count % 2 == 0);
    buf_append_text(&bytes, "*2\r\n");
    append_bulk(&bytes, words[3]);
    buf_printf(&bytes, "*%zu\r\n", count - 4);
    for (size_t i = 4; i < count; i++)
        append_bulk(&bytes, words[i]);
    struct redis_reply *reply = redis_reply_parse(buf_str(&bytes));
    bool is_read = reply != NULL && event_from_entry(reply, &again);
    assert(is_read && str_equal(again.event.id, entry->event.id));
    assert(str_equal(again.event.service, entry->event.service));
    assert(str_equal(again.event.collection, entry->event.collection));
    assert(str_equal(again.event.fingerprint, entry->event.fingerprint));
    assert(str_equal(again.event.data, entry->event.data) && str_equal(again.epoch, entry->epoch));
    assert(position_compare(again.position, entry->position) == 0);
    assert(position_compare(again.prev, entry->prev) == 0);
    redis_reply_free(&reply);
    buf_free(&scratch);
    buf_free(&bytes);
}

static void check_entry(struct str bytes)
{
    struct event_entry entry;
    struct redis_reply *reply = is_modest(bytes) ? redis_reply_parse(bytes) : NULL;
    if (reply == NULL)
        return;
    if (event_from_entry(reply, &entry) && entry.event.service.len < FEW &&
        entry.event.collection.len < FEW && entry.event.fingerprint.len < FEW)
        check_written(&entry);
    redis_reply_free(&reply);
}

/* Two ids, and what is cut at newlines: the values of these columns. */
static void check_row(struct str bytes)
{
    static const char *const names[] = {"id", "subject", "data", "service", "fingerprint", "time"};
    enum { ID_SIZE = sizeof(struct uuid) };
    struct pg_log_row row = {.column_count = countof(names)};
    struct event_row_texts texts;
    struct event event;
    for (size_t i = 0; i < countof(names); i++) {
        row.columns[i].name = str_from(names[i]);
        if (i < 2 && bytes.len >= ID_SIZE) {
            row.columns[i].value = (struct str){bytes.ptr, ID_SIZE};
            bytes = (struct str){bytes.ptr + ID_SIZE, bytes.len - ID_SIZE};
        } else
            row.columns[i].value = str_cut(&bytes, '\n');
    }
    if (event_row_read(&row, &texts, &event)) {
        int64_t ms;
        bool is_time = clock_parse(event.time, &ms);
        assert(is_time && event.time.len < sizeof(texts.time));
        assert(event.id.ptr == texts.id && event.subject.ptr == texts.subject);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    check_entry(bytes);
    check_row(bytes);
    return 0;
}
