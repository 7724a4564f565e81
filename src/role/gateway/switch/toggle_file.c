#include "role/gateway/switch/toggle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Far above what is ever written: a thousand changes and a few more, of 4 KiB each at most. */
enum { FILE_MAX = 8 << 20, CHUNK = 64 << 10 };

static const char file_name[] = "toggles.jsonl", new_name[] = "toggles.jsonl.new";

static bool read_all(int fd, struct buf *out)
{
    ssize_t count;
    do {
        count = read(fd, buf_reserve(out, CHUNK), CHUNK);
        out->len += count > 0 ? (size_t)count : 0;
    } while (count > 0 && out->len <= FILE_MAX);
    if (count > 0)
        errno = EFBIG;
    return count == 0;
}

bool toggle_file_read(const char *folder, struct buf *out)
{
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1 : openat(at, file_name, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 ? read_all(fd, out) : at >= 0 && errno == ENOENT;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (at >= 0)
        close(at);
    errno = why;
    return is_read;
}

static bool write_all(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t count = write(fd, text.ptr, text.len);
        if (count < 0)
            return false;
        text = (struct str){text.ptr + count, text.len - (size_t)count};
    }
    return fsync(fd) == 0;
}

static bool write_new(int at, struct str text)
{
    int fd = openat(at, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write_all(fd, text);
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && is_written)
        return false;
    errno = why;
    return is_written;
}

bool toggle_file_write(const char *folder, struct str text)
{
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_written = at >= 0 && write_new(at, text) &&
                      renameat(at, new_name, at, file_name) == 0 && fsync(at) == 0;
    int why = errno;
    if (at >= 0)
        close(at);
    errno = why;
    return is_written;
}
