#include "proa/obs/log.h"

#include "line_priv.h"

static const struct proa_slice levels[] = {PROA_SLICE_INIT("error"), PROA_SLICE_INIT("warn"),
                                           PROA_SLICE_INIT("info"), PROA_SLICE_INIT("debug"),
                                           PROA_SLICE_INIT("trace")};

struct proa_slice proa_log_level_name(enum proa_log_level level)
{
    return levels[(size_t)level < PROA_ARRAY_LEN(levels) ? level : PROA_LOG_INFO];
}

/* Takes what the cursor wrote into the buffer; NULL when there was no room. */
static void commit(struct proa_log_record *r, const char *end)
{
    r->out->len = (size_t)(end - r->out->ptr);
}

void proa_log_begin(struct proa_log_record *r, struct proa_buf *out, enum proa_log_format format,
                    enum proa_log_level level, uint64_t unix_ms, const char *event)
{
    *r = (struct proa_log_record){.out = out, .format = format};
    struct proa_slice message = proa_slice_cstr(event);
    char *p = proa_buf_reserve(out, PROA_LINE_HEAD + PROA_LINE_VALUE_MAX(message.len));
    if (p) {
        commit(r,
               proa_line_head(p, format, level, (struct proa_line_time){unix_ms, NULL}, message));
    }
}

/* Separator and key, with room for value_max more bytes; NULL at the buffer's maximum. */
static char *put_key(struct proa_log_record *r, const char *key, size_t value_max)
{
    struct proa_slice k = proa_slice_make(key, strlen(key));
    char *p = proa_buf_reserve(r->out, k.len + PROA_LINE_KEY + value_max);
    if (!p) {
        return NULL;
    }
    if (r->format == PROA_LOG_JSON) {
        p = PROA_LINE_LIT(p, ",\"");
        p = proa_line_put(p, k.ptr, k.len);
        return PROA_LINE_LIT(p, "\":");
    }
    *p++ = ' ';
    p = proa_line_put(p, k.ptr, k.len);
    *p++ = '=';
    return p;
}

void proa_log_str(struct proa_log_record *r, const char *key, struct proa_slice value)
{
    char *p = put_key(r, key, PROA_LINE_VALUE_MAX(value.len));
    if (!p) {
        return;
    }
    if (r->format == PROA_LOG_JSON) {
        *p++ = '"';
        p = proa_line_escape(p, value);
        *p++ = '"';
    } else {
        p = proa_line_plain(p, value);
    }
    commit(r, p);
}

void proa_log_cstr(struct proa_log_record *r, const char *key, const char *value)
{
    proa_log_str(r, key, proa_slice_cstr(value));
}

void proa_log_u64(struct proa_log_record *r, const char *key, uint64_t value)
{
    char *p = put_key(r, key, PROA_LINE_NUMBER);
    if (p) {
        commit(r, proa_line_u64(p, value));
    }
}

void proa_log_ms(struct proa_log_record *r, const char *key, uint64_t ns)
{
    char *p = put_key(r, key, PROA_LINE_NUMBER);
    if (p) {
        commit(r, proa_line_ms(p, ns));
    }
}

void proa_log_bool(struct proa_log_record *r, const char *key, bool value)
{
    char *p = put_key(r, key, PROA_LINE_NUMBER);
    if (p) {
        commit(r, value ? PROA_LINE_LIT(p, "true") : PROA_LINE_LIT(p, "false"));
    }
}

enum proa_err proa_log_end(struct proa_log_record *r)
{
    if (r->format == PROA_LOG_JSON) {
        (void)proa_buf_append_byte(r->out, '}');
    }
    (void)proa_buf_append_byte(r->out, '\n');
    return proa_buf_ok(r->out) ? PROA_OK : PROA_ERR_LIMIT;
}

void proa_logger_init(struct proa_logger *l, enum proa_log_format format, enum proa_log_level level,
                      proa_log_sink_fn *sink, void *ctx)
{
    *l = (struct proa_logger){.sink = sink, .ctx = ctx, .format = format, .level = level};
    proa_buf_init(&l->line, PROA_LOG_LINE_BYTES);
}

void proa_logger_deinit(struct proa_logger *l)
{
    if (l) {
        proa_buf_deinit(&l->line);
        l->sink = NULL;
    }
}

bool proa_logger_begin(struct proa_logger *l, struct proa_log_record *r, enum proa_log_level level,
                       uint64_t unix_ms, const char *event)
{
    if (!proa_logger_wants(l, level)) {
        return false;
    }
    PROA_ASSERT(!l->busy); /* two records in one buffer would write over each other */
    l->busy = true;
    proa_buf_clear(&l->line);
    proa_log_begin(r, &l->line, l->format, level, unix_ms, event);
    return true;
}

void proa_logger_end(struct proa_logger *l, struct proa_log_record *r)
{
    PROA_ASSERT(l->busy);
    l->busy = false;
    if (proa_log_end(r) != PROA_OK) {
        l->n_dropped++;
        return;
    }
    l->sink(l->ctx, proa_buf_slice(&l->line), false);
}
