/* Any bytes as a list of addresses: whoever is found is an address that reads as it is written, and
 * where nobody is trusted it is the peer. */
#include "role/gateway/caller/client_address.h"

static void check_text(const struct client_address *address)
{
    struct client_address again;
    struct buf text = {0};
    client_address_append(address, &text);
    bool is_address = client_address_parse(buf_str(&text), &again);
    assert(is_address && memcmp(&again, address, sizeof(again)) == 0);
    assert(!trusted_proxies_has(&(struct trusted_proxies){0}, address));
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct client_address peer = {{[15] = 1}}, found;
    struct trusted_proxies proxies;
    struct buf mistake = {0};
    char *list = mem_copy(text.ptr, text.len);
    bool is_list = trusted_proxies_parse(list, &proxies, &mistake);
    assert(is_list == (mistake.len == 0));
    free(list);
    buf_free(&mistake);
    found = client_address_find(&(struct trusted_proxies){0}, &peer, text);
    assert(memcmp(&found, &peer, sizeof(found)) == 0);
    is_list = trusted_proxies_parse("::1,0.0.0.0/1,8000::/1", &proxies, &mistake);
    assert(is_list);
    found = client_address_find(&proxies, &peer, text);
    check_text(&found);
    return 0;
}
