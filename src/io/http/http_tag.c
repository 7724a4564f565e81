#include "io/http/http_tag.h"

/* Cuts the first tag, with its quotes, off the list; a comma may stand in a tag. Empty for
 * something else. */
static struct str cut_tag(struct str *list)
{
    if (str_starts_with(*list, STR("W/")))
        *list = (struct str){list->ptr + 2, list->len - 2};
    const char *end = NULL;
    if (list->len > 1 && list->ptr[0] == '"')
        end = memchr(list->ptr + 1, '"', list->len - 1);
    if (end == NULL)
        return STR("");
    struct str tag = {list->ptr, (size_t)(end - list->ptr) + 1};
    *list = (struct str){end + 1, list->len - tag.len};
    return tag;
}

bool http_tag_is_among(struct str list, struct str tag)
{
    list = str_trim(list);
    if (str_equal(list, STR("*")))
        return true;
    while (list.len > 0) {
        struct str member = cut_tag(&list);
        bool is_last_or_parted = str_trim(str_cut(&list, ',')).len == 0;
        if (member.len == 0 || !is_last_or_parted)
            return false;
        if (str_equal(member, tag))
            return true;
        list = str_trim(list);
    }
    return false;
}
