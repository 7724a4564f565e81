#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/gateway/caller/client_address.h"

static struct client_address address_of(const char *text)
{
    struct client_address address = {{0}};
    if (!client_address_parse(str_from(text), &address))
        fail_msg("%s is no address", text);
    return address;
}

static void assert_address(const struct client_address *address, const char *expected)
{
    struct buf text = {0};
    client_address_append(address, &text);
    assert_string_equal(text.ptr, expected);
    buf_free(&text);
}

static void an_address_is_read_as_proxies_write_it(void **state)
{
    static const struct {
        const char *text, *meant;
    } rows[] = {
        {"10.0.0.7", "10.0.0.7"},
        {"255.255.255.255", "255.255.255.255"},
        {"0.0.0.0", "0.0.0.0"},
        {"10.0.0.7:80", "10.0.0.7"},
        {"10.0.0.7:65535", "10.0.0.7"},
        {"::1", "::1"},
        {"[::1]", "::1"},
        {"[::1]:80", "::1"},
        {"fd00::7", "fd00::7"},
        {"FD00:0:0::0007", "fd00::7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
        {"::ffff:10.0.0.7", "10.0.0.7"},
        {"[::ffff:0a00:0007]:1", "10.0.0.7"},
        {"::", "::"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct client_address address = address_of(rows[i].text);
        assert_address(&address, rows[i].meant);
    }
}

static void what_is_no_address_is_none(void **state)
{
    static const struct str rows[] = {
        STR(""),
        STR("unknown"),
        STR("_hidden"),
        STR("10.0.0"),
        STR("10.0.0.256"),
        STR("010.0.0.7"),
        STR("10.0.0.7 "),
        STR(" 10.0.0.7"),
        STR("10.0.0.7:"),
        STR("10.0.0.7:x"),
        STR("10.0.0.7:65536"),
        STR("10.0.0.7:80:80"),
        STR("10.0.0.7/8"),
        STR("10.0.0.7\0"),
        STR("[10.0.0.7]"),
        STR("[10.0.0.7]:80"),
        STR("[::1"),
        STR("::1]"),
        STR("[::1]80"),
        STR("[::1]:"),
        STR("[::1]:-1"),
        STR("fd00::1::1"),
        STR("fe80::1%eth0"),
        STR("[]"),
        STR("[]:80"),
        STR("[fd00::7]:x"),
        STR(":80"),
        STR(":"),
        STR("12345::"),
        STR("1:2:3:4:5:6:7"),
        STR("a.example"),
        STR("0x7f.1"),
        STR("2130706433"),
        STR("::ffff:10.0.0.7:80:1111:2222:3333:4444:5555:6666:7777:8888"),
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct client_address address;
        if (client_address_parse(rows[i], &address))
            fail_msg("%s is taken for an address", rows[i].ptr);
    }
}

static struct trusted_proxies trust(const char *list)
{
    struct trusted_proxies proxies;
    struct buf mistake = {0};
    if (!trusted_proxies_parse(list, &proxies, &mistake))
        fail_msg("%s: %s", list, mistake.ptr);
    return proxies;
}

static void a_network_holds_its_own_addresses_and_no_others(void **state)
{
    static const struct {
        const char *list, *address;
        bool is_in;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1/32", "192.0.2.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "8.8.8.8", false},
        {"::ffff:10.0.0.0/104", "10.1.1.1", true},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fc00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"::1", "127.0.0.1", false},
        {"192.0.2.1 ,\t10.0.0.0/8, fd00::/8", "fd12::1", true},
        {"192.0.2.1, 10.0.0.0/8, fd00::/8", "10.2.3.4", true},
        {NULL, "127.0.0.1", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct trusted_proxies proxies = trust(rows[i].list);
        struct client_address address = address_of(rows[i].address);
        if (trusted_proxies_has(&proxies, &address) != rows[i].is_in)
            fail_msg("%s and %s", rows[i].list, rows[i].address);
    }
}

static void a_mistake_in_the_list_is_named(void **state)
{
    static const struct {
        const char *list, *named;
    } rows[] = {
        {"nada", "\"nada\""},
        {"10.0.0.0/8,", "\"\""},
        {"10.0.0.0/8 fd00::/8", "\"10.0.0.0/8 fd00::/8\""},
        {"10.0.0.0/33", "\"10.0.0.0/33\""},
        {"10.0.0.0/-1", "\"10.0.0.0/-1\""},
        {"10.0.0.0/", "\"10.0.0.0/\""},
        {"10.0.0.0/8/8", "\"10.0.0.0/8/8\""},
        {"10.0.0.0/255.0.0.0", "255.0.0.0"},
        {"10.0.0.1/8", "\"10.0.0.1/8\""},
        {"fd00::/129", "\"fd00::/129\""},
        {"fd00::1/64", "\"fd00::1/64\""},
        {"10.0.0.1:80", "\"10.0.0.1:80\""},
        {"10.0.0.1, [::1]", "\"[::1]\""},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct trusted_proxies proxies;
        struct buf mistake = {0};
        assert_false(trusted_proxies_parse(rows[i].list, &proxies, &mistake));
        if (strstr(mistake.ptr, rows[i].named) == NULL)
            fail_msg("%s: %s", rows[i].list, mistake.ptr);
        buf_free(&mistake);
    }
}

static void a_list_may_be_full_but_not_fuller(void **state)
{
    struct buf list = {0}, mistake = {0};
    struct trusted_proxies proxies;
    (void)state;
    for (int i = 0; i < TRUSTED_PROXIES_MAX; i++)
        buf_printf(&list, "%s10.0.0.%d", i == 0 ? "" : ",", i);
    assert_true(trusted_proxies_parse(list.ptr, &proxies, &mistake));
    buf_append_text(&list, ",10.0.1.0");
    assert_false(trusted_proxies_parse(list.ptr, &proxies, &mistake));
    assert_non_null(strstr(mistake.ptr, "64"));
    buf_free(&list);
    buf_free(&mistake);
}

static void the_client_is_the_last_that_is_no_trusted_proxy(void **state)
{
    static const struct {
        const char *peer, *forwarded_for, *client;
    } rows[] = {
        {"192.0.2.9", "", "192.0.2.9"},
        {"192.0.2.9", "1.1.1.1", "192.0.2.9"}, /* anybody can say so */
        {"192.0.2.9", "1.1.1.1, 10.0.0.1", "192.0.2.9"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1", "1.1.1.1"},
        {"10.0.0.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"}, /* the first is the client's own invention */
        {"10.0.0.1", "9.9.9.9,1.1.1.1,10.0.0.2", "1.1.1.1"},
        {"10.0.0.1", "10.0.0.9, 1.1.1.1 ,\t10.0.0.2", "1.1.1.1"},
        {"10.0.0.1", "1.1.1.1:4711", "1.1.1.1"},
        {"10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"},
        {"10.0.0.1", "2001:db8::1, fd00::5", "2001:db8::1"},
        {"fd00::1", "::ffff:1.1.1.1", "1.1.1.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"}, /* all of them trusted */
        {"10.0.0.1", "1.1.1.1, nada", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1, nada, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "nada, 1.1.1.1", "1.1.1.1"},
        {"10.0.0.1", "1.1.1.1,", "10.0.0.1"},
        {"10.0.0.1", ",", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1 2.2.2.2", "10.0.0.1"},
    };
    struct trusted_proxies proxies = trust("10.0.0.0/8,fd00::/8");
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct client_address peer = address_of(rows[i].peer);
        struct client_address client =
            client_address_find(&proxies, &peer, str_from(rows[i].forwarded_for));
        assert_address(&client, rows[i].client);
    }
}

static void a_customer_of_ipv6_has_64_bits_and_one_of_ipv4_all(void **state)
{
    static const struct {
        const char *one, *other;
        bool are_same;
    } rows[] = {
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::", true},
        {"2001:db8:1:2::", "2001:db8:1:3::", false},
        {"10.0.0.1", "10.0.0.2", false},
        {"10.0.0.1", "::ffff:10.0.0.1", true},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct client_address one = address_of(rows[i].one), other = address_of(rows[i].other);
        one = client_address_site(&one);
        other = client_address_site(&other);
        assert_int_equal(memcmp(&one, &other, sizeof(one)) == 0, rows[i].are_same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_as_proxies_write_it),
        cmocka_unit_test(what_is_no_address_is_none),
        cmocka_unit_test(a_network_holds_its_own_addresses_and_no_others),
        cmocka_unit_test(a_mistake_in_the_list_is_named),
        cmocka_unit_test(a_list_may_be_full_but_not_fuller),
        cmocka_unit_test(the_client_is_the_last_that_is_no_trusted_proxy),
        cmocka_unit_test(a_customer_of_ipv6_has_64_bits_and_one_of_ipv4_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
