#include "role/gateway/forward/question.h"

#include "role/gateway/passing.h"
#include "role/http/read_after_cookie.h"

/* HEAD is asked as GET: the length must be known, and h2o leaves the body out. */
static struct str method_of(const struct http_request *request)
{
    static const struct str methods[] = {STR("GET"), STR("POST"), STR("PUT"), STR("PATCH"),
                                         STR("DELETE")};
    for (size_t i = 0; i < countof(methods); i++)
        if (str_equal(request->method, methods[i]))
            return methods[i];
    return methods[0];
}

void question_init(struct question *question, const struct http_request *request, struct str target)
{
    enum { USUAL_HEADERS = 480 };
    struct buf *text = &question->text;
    *question = (struct question){
        .method = method_of(request), .target_len = target.len, .body_len = request->body.len};
    buf_reserve(text, target.len + request->body.len + USUAL_HEADERS);
    buf_append_str(text, target);
    buf_append_str(text, request->body);
    passing_write_request(request, text);
}

void question_give_key(struct question *question, const struct http_request *request)
{
    if (http_request_header(request, STR("idempotency-key")).ptr != NULL)
        return;
    struct uuid uuid = uuid_new();
    uuid_format(&uuid, question->our_key);
    buf_printf(&question->text, "idempotency-key: %s\r\n", question->our_key);
}

void question_take_seen(struct question *question, struct http_request *request,
                        const struct service *service, bool has_cookie)
{
    struct str value = http_request_header(request, STR("read-after"));
    struct buf kept = {0};
    if (value.ptr == NULL && has_cookie) {
        read_after_cookie_take(request, service, &kept);
        value = buf_str(&kept);
    }
    question->is_fresh = value.ptr != NULL;
    if (question->is_fresh)
        buf_printf(&question->text, "read-after: " STR_FMT "\r\n", STR_ARG(value));
    buf_free(&kept);
}

void question_free(struct question *question)
{
    buf_free(&question->text);
}
