#include "io/http/http_coding.h"

#include <ctype.h>
#include <zlib.h>

/* A weight in thousandths. */
enum { WEIGHT_MOST = 1000, WEIGHT_UNSAID = -1 };

/* "0", "0.5", "1.000": at most three decimals, at most 1. 0 for anything else. */
static int parse_weight(struct str text)
{
    int weight = 0, unit = WEIGHT_MOST;
    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[1] != '.'))
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue;
        if (!isdigit((unsigned char)text.ptr[i]))
            return 0;
        weight += (text.ptr[i] - '0') * unit;
        unit /= 10;
    }
    return weight > WEIGHT_MOST ? 0 : weight;
}

/* Of "gzip;q=0.5", cut behind the name. */
static int weight_of(struct str parameters)
{
    struct str value = str_trim(parameters);
    if (parameters.ptr == NULL)
        return WEIGHT_MOST;
    struct str name = str_cut(&value, '=');
    return str_equal_nocase(name, STR("q")) ? parse_weight(value) : 0;
}

bool http_coding_prefers_gzip(struct str accept_encoding)
{
    int gzip = WEIGHT_UNSAID, identity = WEIGHT_UNSAID, any = WEIGHT_UNSAID;
    while (accept_encoding.len > 0) {
        struct str parameters = str_cut(&accept_encoding, ',');
        struct str name = str_trim(str_cut(&parameters, ';'));
        if (str_equal_nocase(name, STR("gzip")) || str_equal_nocase(name, STR("x-gzip")))
            gzip = weight_of(parameters);
        else if (str_equal_nocase(name, STR("identity")))
            identity = weight_of(parameters);
        else if (str_equal(name, STR("*")))
            any = weight_of(parameters);
    }
    gzip = gzip == WEIGHT_UNSAID ? any : gzip;
    identity = identity == WEIGHT_UNSAID ? any : identity;
    return gzip > 0 && gzip >= identity;
}

bool http_coding_is_worth(size_t bytes)
{
    enum { LEAST = 1024, MOST = 256 * 1024 };
    return bytes >= LEAST && bytes <= MOST;
}

void http_coding_gzip(struct str body, struct buf *out)
{
    enum { WINDOW_BITS = 15, AS_GZIP = 16, MEMORY_LEVEL = 8 };
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)body.ptr, .avail_in = (uInt)body.len};
    /* The fastest level takes two thirds of what the best one would. */
    int status = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS + AS_GZIP,
                              MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    if (status != Z_OK)
        abort(); /* out of memory */
    uLong most = deflateBound(&stream, body.len);
    stream.next_out = (Bytef *)buf_reserve(out, most);
    stream.avail_out = (uInt)most;
    status = deflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END);
    out->len += stream.total_out;
    deflateEnd(&stream);
}
