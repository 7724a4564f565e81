/* An intrusive, doubly linked, circular list: the head is a link too, and a link that is in no
 * list points at itself. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

struct list {
    struct list *prev;
    struct list *next;
};

static inline void list_init(struct list *head)
{
    head->prev = head->next = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Out of whatever list it is in; harmless when it is in none. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* The first link, taken out; NULL when there is none. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *first = head->next;
    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Appends all of `from` to `to`, leaving `from` empty. */
static inline void list_move_all(struct list *to, struct list *from)
{
    while (!list_is_empty(from))
        list_append(to, list_take_first(from));
}

/* A declared name takes no parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define list_each(link, head)                                                                      \
    for (struct list *link = (head)->next; (link) != (head); (link) = (link)->next)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
