#include "model/openapi/ecma_pattern.h"

#include <ctype.h>

/* Where they part:  [[:digit:]]   a class here, other characters there
 *                   [\]           a backslash here, an escape there
 *                   a+?           nothing or some a here, at least one a there
 *                   ) ] } alone   themselves here, a mistake there */

static bool is_among(char c, const char *characters)
{
    return c != '\0' && strchr(characters, c) != NULL;
}

/* The length of "[...]"; 0 where it could mean something else. */
static size_t bracket(struct str text)
{
    size_t first = text.len > 1 && text.ptr[1] == '^' ? 2 : 1, at = first;
    while (at < text.len && text.ptr[at] != ']' && !is_among(text.ptr[at], "[\\"))
        at++;
    return at > first && at < text.len && text.ptr[at] == ']' ? at + 1 : 0;
}

/* The length of "{2}", "{2,}" or "{2,5}"; 0 for anything else. */
static size_t bounds(struct str text)
{
    size_t at = 1;
    while (at < text.len && (isdigit((unsigned char)text.ptr[at]) || text.ptr[at] == ','))
        at++;
    return at > 1 && text.ptr[1] != ',' && at < text.len && text.ptr[at] == '}' ? at + 1 : 0;
}

/* The length of what `text` begins with; 0 where it could mean something else. */
static size_t piece(struct str text)
{
    char c = text.ptr[0];
    if (c == '[')
        return bracket(text);
    if (c == '{')
        return bounds(text);
    if (c == '\\')
        return text.len > 1 && is_among(text.ptr[1], "^$\\.*+?()[]{}|/") ? 2 : 0;
    return c == ']' || c == '}' ? 0 : 1;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isascii((unsigned char)text.ptr[i]))
            return false;
    return true;
}

bool ecma_pattern_says_same(struct str posix)
{
    bool can_repeat = false; /* there is something before for a quantifier to repeat */
    int depth = 0;
    if (!is_ascii(posix)) /* bytes here, characters there */
        return false;
    while (posix.len > 0) {
        char c = posix.ptr[0];
        bool is_quantifier = is_among(c, "*+?{");
        size_t length = piece(posix);
        depth += (c == '(') - (c == ')');
        if (length == 0 || depth < 0 || (is_quantifier && !can_repeat))
            return false;
        can_repeat = !is_quantifier && !is_among(c, "(|^$");
        posix = (struct str){posix.ptr + length, posix.len - length};
    }
    return true;
}
