#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void bench_reply_reset(struct bench_reply *r)
{
    r->state = BENCH_REPLY_HEAD;
    r->status = 0;
    r->keep_alive = true;
    r->left = 0;
    r->body_bytes = 0;
    r->held = 0;
}

static bool field_is(const char *line, size_t len, const char *name, const char **value)
{
    size_t name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0) {
        return false;
    }
    *value = line + name_len + 1;
    while (**value == ' ') {
        (*value)++;
    }
    return true;
}

/* The head ends in an empty line, so every line in it ends in "\r\n" inside the buffer. */
static void read_head(struct bench_reply *r, const char *head, size_t len)
{
    if (len < 16 || memcmp(head, "HTTP/1.", 7) != 0) {
        r->state = BENCH_REPLY_ERROR;
        return;
    }
    r->status = (unsigned)strtoul(head + 9, NULL, 10);
    r->keep_alive = head[7] == '1';
    r->state = BENCH_REPLY_CLOSE;
    const char *end = head + len;
    for (const char *line = memchr(head, '\n', len); line != NULL && line + 1 < end;) {
        line++;
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t n = next == NULL ? 0 : (size_t)(next - line);
        const char *value = NULL;
        if (field_is(line, n, "content-length", &value)) {
            r->left = strtoull(value, NULL, 10);
            r->state = r->left == 0 ? BENCH_REPLY_DONE : BENCH_REPLY_LENGTH;
        } else if (field_is(line, n, "transfer-encoding", &value)) {
            r->state = BENCH_REPLY_CHUNK_SIZE;
        } else if (field_is(line, n, "connection", &value)) {
            r->keep_alive = strncasecmp(value, "close", 5) != 0;
        }
        line = next;
    }
    if (r->status == 204 || r->status == 304) {
        r->state = BENCH_REPLY_DONE;
    } else if (r->status / 100 == 1) {
        bench_reply_reset(r);
    }
}

/* Collects up to and including `mark`. Returns the whole text when it is complete, else NULL. */
static const char *collect(struct bench_reply *r, const char *mark, const char *data, size_t len,
                           size_t *used)
{
    size_t mark_len = strlen(mark);
    if (r->held == 0) {
        const char *found = memmem(data, len, mark, mark_len);
        if (found != NULL) {
            *used = (size_t)(found - data) + mark_len;
            return data;
        }
    }
    size_t before = r->held;
    size_t room = sizeof(r->hold) - 1 - before;
    size_t take = len < room ? len : room;
    memcpy(r->hold + before, data, take);
    size_t from = before >= mark_len ? before - mark_len + 1 : 0;
    const char *found = memmem(r->hold + from, before + take - from, mark, mark_len);
    if (found == NULL) {
        r->held = before + take;
        *used = take;
        if (take == room) {
            r->state = BENCH_REPLY_ERROR;
        }
        return NULL;
    }
    size_t whole = (size_t)(found - r->hold) + mark_len;
    r->held = whole;
    *used = whole - before;
    return r->hold;
}

static size_t feed_head(struct bench_reply *r, const char *data, size_t len)
{
    size_t used = 0;
    const char *text = collect(r, "\r\n\r\n", data, len, &used);
    if (text != NULL) {
        size_t whole = text == r->hold ? r->held : used;
        r->held = 0;
        read_head(r, text, whole);
    }
    return used;
}

static size_t feed_line(struct bench_reply *r, const char *data, size_t len)
{
    size_t used = 0;
    const char *text = collect(r, "\n", data, len, &used);
    if (text == NULL) {
        return used;
    }
    size_t whole = text == r->hold ? r->held : used;
    r->held = 0;
    if (r->state == BENCH_REPLY_CHUNK_END) {
        r->state = whole == 2 ? BENCH_REPLY_CHUNK_SIZE : BENCH_REPLY_ERROR;
    } else if (r->state == BENCH_REPLY_TRAILER) {
        r->state = whole == 2 ? BENCH_REPLY_DONE : BENCH_REPLY_TRAILER;
    } else {
        char *end = NULL;
        r->left = strtoull(text, &end, 16);
        if (end == text) {
            r->state = BENCH_REPLY_ERROR;
        } else {
            r->state = r->left == 0 ? BENCH_REPLY_TRAILER : BENCH_REPLY_CHUNK_DATA;
        }
    }
    return used;
}

static size_t feed_body(struct bench_reply *r, const char *data, size_t len)
{
    size_t take = len;
    if (r->state != BENCH_REPLY_CLOSE) {
        take = len < r->left ? len : (size_t)r->left;
        r->left -= take;
    }
    r->body_bytes += take;
    if (r->on_body != NULL) {
        r->on_body(r->ctx, data, take);
    }
    if (r->left == 0 && r->state == BENCH_REPLY_LENGTH) {
        r->state = BENCH_REPLY_DONE;
    } else if (r->left == 0 && r->state == BENCH_REPLY_CHUNK_DATA) {
        r->state = BENCH_REPLY_CHUNK_END;
    }
    return take;
}

size_t bench_reply_feed(struct bench_reply *r, const char *data, size_t len)
{
    size_t at = 0;
    while (at < len) {
        switch (r->state) {
        case BENCH_REPLY_HEAD:
            at += feed_head(r, data + at, len - at);
            break;
        case BENCH_REPLY_CHUNK_SIZE:
        case BENCH_REPLY_CHUNK_END:
        case BENCH_REPLY_TRAILER:
            at += feed_line(r, data + at, len - at);
            break;
        case BENCH_REPLY_LENGTH:
        case BENCH_REPLY_CLOSE:
        case BENCH_REPLY_CHUNK_DATA:
            at += feed_body(r, data + at, len - at);
            break;
        case BENCH_REPLY_DONE:
        case BENCH_REPLY_ERROR:
            return at;
        }
    }
    return at;
}

void bench_reply_eof(struct bench_reply *r)
{
    if (r->state == BENCH_REPLY_CLOSE) {
        r->state = BENCH_REPLY_DONE;
        r->keep_alive = false;
    } else if (r->state != BENCH_REPLY_DONE) {
        r->state = BENCH_REPLY_ERROR;
    }
}
