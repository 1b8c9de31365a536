#include "resp_priv.h"

#include "proa/core/alloc.h"

#include <hiredis/hiredis.h>

enum { AROUND_BYTES = 64 }; /* a string's length and ends */

struct resp {
    redisReader *reader;
    size_t max_bytes;
    struct proa_buf bytes; /* of the last reply */
    enum resp_kind kind;
    bool odd; /* it was none of ours */
};

/* ---- what the reader makes of it: it is told where the bytes are, and keeps nothing ------------
 */

static struct resp *owner(const redisReadTask *task)
{
    return task->privdata;
}

static void *on_string(const redisReadTask *task, char *ptr, size_t len)
{
    struct resp *r = owner(task);
    r->kind = task->type == REDIS_REPLY_STRING   ? RESP_BYTES
              : task->type == REDIS_REPLY_STATUS ? RESP_STATUS
                                                 : RESP_ERROR;
    r->odd = r->kind == RESP_ERROR && task->type != REDIS_REPLY_ERROR;
    r->odd = proa_buf_append(&r->bytes, proa_slice_make(ptr, len)) != PROA_OK || r->odd;
    return r;
}

static void *on_number(const redisReadTask *task, long long value)
{
    (void)value; /* no command of ours is answered by one */
    owner(task)->kind = RESP_NUMBER;
    return owner(task);
}

static void *on_nil(const redisReadTask *task)
{
    owner(task)->kind = RESP_NIL;
    return owner(task);
}

/* NULL: "out of memory", which ends the reading. */
#if HIREDIS_MAJOR >= 1
static void *on_array(const redisReadTask *task, size_t n)
{
    (void)task;
    (void)n;
    return NULL;
}

static void *on_double(const redisReadTask *task, double value, char *ptr, size_t len)
{
    (void)task;
    (void)value;
    (void)ptr;
    (void)len;
    return NULL;
}

static void *on_bool(const redisReadTask *task, int value)
{
    (void)task;
    (void)value;
    return NULL;
}
#else
static void *on_array(const redisReadTask *task, int n)
{
    (void)task;
    (void)n;
    return NULL;
}
#endif

static void on_free(void *object)
{
    (void)object; /* the owner itself */
}

/* The library takes it by a pointer that is not const, and writes nothing there. */
static redisReplyObjectFunctions *functions(void)
{
    static const redisReplyObjectFunctions f = {
        .createString = on_string,
        .createArray = on_array,
        .createInteger = on_number,
        .createNil = on_nil,
        .freeObject = on_free,
#if HIREDIS_MAJOR >= 1
        .createDouble = on_double,
        .createBool = on_bool,
#endif
    };
    return (redisReplyObjectFunctions *)(uintptr_t)&f;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct resp *proa_resp_create(size_t max_bytes)
{
    struct resp *r = PROA_NEW(struct resp);
    r->reader = redisReaderCreateWithFunctions(functions());
    PROA_ASSERT(r->reader);
    r->reader->privdata = r;
    r->max_bytes = max_bytes;
    proa_buf_init(&r->bytes, max_bytes);
    return r;
}

void proa_resp_destroy(struct resp *r)
{
    if (r) {
        redisReaderFree(r->reader);
        proa_buf_deinit(&r->bytes);
        proa_free(r);
    }
}

/* Of what is not whole. */
static bool is_too_long(const struct resp *r)
{
    return r->reader->len - r->reader->pos > r->max_bytes + AROUND_BYTES;
}

enum proa_err proa_resp_feed(struct resp *r, struct proa_slice bytes)
{
    if (is_too_long(r)) {
        return PROA_ERR_LIMIT;
    }
    return redisReaderFeed(r->reader, bytes.ptr, bytes.len) == REDIS_OK ? PROA_OK
                                                                        : PROA_ERR_PROTOCOL;
}

enum proa_err proa_resp_next(struct resp *r, bool *found, enum resp_kind *kind,
                             struct proa_buf **out)
{
    void *reply = NULL;
    proa_buf_trim(&r->bytes, (size_t)64 * 1024);
    proa_buf_clear(&r->bytes);
    r->odd = false;
    if (redisReaderGetReply(r->reader, &reply) != REDIS_OK || r->odd) {
        return PROA_ERR_PROTOCOL;
    }
    *found = reply != NULL;
    *kind = r->kind;
    *out = &r->bytes;
    return !reply && is_too_long(r) ? PROA_ERR_LIMIT : PROA_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct resp_command proa_resp_format(const struct proa_slice *args, size_t n)
{
    const char *ptr[RESP_ARGS_MAX];
    size_t len[RESP_ARGS_MAX];
    struct resp_command c = {0};
    PROA_ASSERT(n <= RESP_ARGS_MAX);
    for (size_t i = 0; i < n; i++) {
        ptr[i] = args[i].len > 0 ? args[i].ptr : "";
        len[i] = args[i].len;
    }
    const long long total = redisFormatCommandArgv(&c.ptr, (int)n, ptr, len);
    PROA_ASSERT(total > 0);
    c.len = (size_t)total;
    return c;
}

void proa_resp_release(struct resp_command *command)
{
    redisFreeCommand(command->ptr);
    command->ptr = NULL;
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *proa_resp_library(void)
{
    return TEXT(HIREDIS_MAJOR) "." TEXT(HIREDIS_MINOR) "." TEXT(HIREDIS_PATCH);
}
