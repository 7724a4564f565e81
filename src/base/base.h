/* What every file of ours may use without asking. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef NDEBUG
#error "asserts guard production too: build without NDEBUG"
#endif

#define countof(array) (sizeof(array) / sizeof((array)[0]))
#define must_check     __attribute__((warn_unused_result))
/* Counted from 1; `args` is 0 where a va_list is passed on. */
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/* The struct that holds `member` at `ptr`. */
#define container_of(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

/* A span or an instant in milliseconds, on the monotonic clock unless the name says wall. */
typedef int64_t msec_t;

/* Heap memory, zeroed; aborts when there is none, since every queue and buffer is bounded. */
static inline void *mem_new(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL)
        abort();
    return memory;
}

/* The same, not zeroed, for what is made and freed with every request: malloc keeps pieces at hand
 * that calloc does not look for. */
static inline void *mem_room(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        abort();
    return memory;
}

/* Zeroed, for what threads share: members with CACHE_LINE's alignment have lines of their own. */
enum { CACHE_LINE = 64 };
static inline void *mem_new_shared(size_t size)
{
    size_t whole = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *memory = aligned_alloc(CACHE_LINE, whole);
    if (memory == NULL)
        abort();
    return memset(memory, 0, whole);
}

/* A NUL-terminated copy of `len` bytes; the caller frees it. */
static inline char *mem_copy(const char *bytes, size_t len)
{
    char *copy = (char *)mem_new(len + 1, 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

#endif
