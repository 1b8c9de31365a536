#include "proa/obs/access.h"

#include "line_priv.h"

#include "proa/core/buf.h"

/*
 * The fields in the order of the line, once for all formats: STR(key, member), NUM(key, member,
 * given?), MS, BOOL and COST likewise. Text before numbers that depend on the answer, so that lines
 * of one route look alike up to there.
 */
#define ACCESS_FIELDS(STR, NUM, MS, BOOL, COST)                                                    \
    STR("request_id", request_id)                                                                  \
    STR("trace_id", trace_id)                                                                      \
    STR("span_id", span_id)                                                                        \
    STR("route", route)                                                                            \
    STR("policy_revision", revision)                                                               \
    STR("http.request.method", method)                                                             \
    STR("url.path", path)                                                                          \
    NUM("http.response.status_code", status, a->status)                                            \
    STR("error.type", error)                                                                       \
    MS("duration_ms", duration_ns, true)                                                           \
    MS("overhead_ms", overhead_ns, true)                                                           \
    MS("ttft_ms", ttft_ns, a->has &PROA_ACCESS_TTFT)                                               \
    MS("queue_ms", queue_ns, a->has &PROA_ACCESS_QUEUE)                                            \
    BOOL("stream", stream)                                                                         \
    STR("gen_ai.provider.name", provider)                                                          \
    STR("gen_ai.request.model", model)                                                             \
    STR("gen_ai.response.model", answered_by)                                                      \
    NUM("gen_ai.usage.input_tokens", input_tokens, a->has &PROA_ACCESS_INPUT_TOKENS)               \
    NUM("gen_ai.usage.output_tokens", output_tokens, a->has &PROA_ACCESS_OUTPUT_TOKENS)            \
    NUM("gen_ai.usage.cache_read.input_tokens", cache_read_tokens,                                 \
        a->has &PROA_ACCESS_CACHE_READ_TOKENS)                                                     \
    COST("cost_usd", cost_pico_usd, a->has &PROA_ACCESS_COST)                                      \
    STR("cache", cache)                                                                            \
    STR("client.app", app)                                                                         \
    STR("user.id", user)                                                                           \
    STR("tags", tags)                                                                              \
    STR("finish_reason", finish)                                                                   \
    STR("warnings", warnings)

#define IGNORE2(key, member)
#define IGNORE3(key, member, given)

/* Keys, numbers and brackets of a line, and of one attempt, without any text value. */
enum { LINE_FIXED = 1536, ATTEMPT_FIXED = 320 };

/* Constant n: the key becomes immediate stores. */
static inline char *json_str(char *p, const char *key, size_t n, struct proa_slice value)
{
    if (value.len == 0) {
        return p;
    }
    p = proa_line_put(p, key, n);
    p = proa_line_escape(p, value);
    *p++ = '"';
    return p;
}

static inline char *json_num(char *p, const char *key, size_t n, uint64_t value, bool given)
{
    return given ? proa_line_u64(proa_line_put(p, key, n), value) : p;
}

static inline char *json_ms(char *p, const char *key, size_t n, uint64_t ns, bool given)
{
    return given ? proa_line_ms(proa_line_put(p, key, n), ns) : p;
}

static inline char *json_cost(char *p, const char *key, size_t n, uint64_t pico, bool given)
{
    if (given) {
        p = proa_line_put(p, key, n);
        p += proa_fmt_pico(p, pico);
    }
    return p;
}

#define KEY(text)                     "" text, sizeof(text) - 1
#define JSON_STR(key, member)         p = json_str(p, KEY(",\"" key "\":\""), a->member);
#define JSON_NUM(key, member, given)  p = json_num(p, KEY(",\"" key "\":"), a->member, given);
#define JSON_MS(key, member, given)   p = json_ms(p, KEY(",\"" key "\":"), a->member, given);
#define JSON_BOOL(key, member)        p = a->member ? PROA_LINE_LIT(p, ",\"" key "\":true") : p;
#define JSON_COST(key, member, given) p = json_cost(p, KEY(",\"" key "\":"), a->member, given);

static char *json_attempts(char *p, const struct proa_access *a, uint32_t n)
{
    p = PROA_LINE_LIT(p, ",\"attempts\":[");
    for (uint32_t i = 0; i < n; i++) {
        const struct proa_access_attempt *t = &a->attempts[i];
        p = PROA_LINE_LIT(p, "{\"n\":");
        p = proa_line_u64(p, i + 1);
        p = json_str(p, KEY(",\"provider\":\""), t->provider);
        p = json_str(p, KEY(",\"model\":\""), t->model);
        p = json_num(p, KEY(",\"status\":"), t->status, t->status);
        p = json_str(p, KEY(",\"error\":\""), t->error);
        p = json_ms(p, KEY(",\"ms\":"), t->ns, true);
        p = PROA_LINE_LIT(p, "},");
    }
    p[-1] = ']';
    return p;
}

static char *json_line(char *p, const struct proa_access *a, uint32_t n)
{
    ACCESS_FIELDS(JSON_STR, JSON_NUM, JSON_MS, JSON_BOOL, JSON_COST)
    if (n > 0) {
        p = json_attempts(p, a, n);
    }
    return PROA_LINE_LIT(p, "}\n");
}

static inline char *plain_str(char *p, const char *key, size_t n, struct proa_slice value)
{
    return value.len ? proa_line_plain(proa_line_put(p, key, n), value) : p;
}

#define PLAIN_STR(key, member)         p = plain_str(p, KEY(" " key "="), a->member);
#define PLAIN_NUM(key, member, given)  p = json_num(p, KEY(" " key "="), a->member, given);
#define PLAIN_MS(key, member, given)   p = json_ms(p, KEY(" " key "="), a->member, given);
#define PLAIN_BOOL(key, member)        p = a->member ? PROA_LINE_LIT(p, " " key "=true") : p;
#define PLAIN_COST(key, member, given) p = json_cost(p, KEY(" " key "="), a->member, given);

/* " attempts.0.provider=": the shape that `log` gives to an array of objects. */
static char *plain_key(char *p, uint32_t i, const char *key)
{
    p = PROA_LINE_LIT(p, " attempts.");
    p = proa_line_u64(p, i);
    *p++ = '.';
    p = proa_line_put(p, key, strlen(key));
    *p++ = '=';
    return p;
}

static char *plain_attempt(char *p, const struct proa_access_attempt *t, uint32_t i)
{
    p = proa_line_u64(plain_key(p, i, "n"), i + 1);
    if (t->provider.len > 0) {
        p = proa_line_plain(plain_key(p, i, "provider"), t->provider);
    }
    if (t->model.len > 0) {
        p = proa_line_plain(plain_key(p, i, "model"), t->model);
    }
    if (t->status > 0) {
        p = proa_line_u64(plain_key(p, i, "status"), t->status);
    }
    if (t->error.len > 0) {
        p = proa_line_plain(plain_key(p, i, "error"), t->error);
    }
    return proa_line_ms(plain_key(p, i, "ms"), t->ns);
}

static char *plain_line(char *p, const struct proa_access *a, uint32_t n)
{
    ACCESS_FIELDS(PLAIN_STR, PLAIN_NUM, PLAIN_MS, PLAIN_BOOL, PLAIN_COST)
    for (uint32_t i = 0; i < n; i++) {
        p = plain_attempt(p, &a->attempts[i], i);
    }
    *p++ = '\n';
    return p;
}

#define ROOM_STR(key, member) room += PROA_LINE_VALUE_MAX(a->member.len);

/* Upper bound of the line's length. */
static size_t line_room(const struct proa_access *a, uint32_t n)
{
    size_t room = PROA_LINE_HEAD + LINE_FIXED + PROA_LINE_VALUE_MAX(a->message.len);
    ACCESS_FIELDS(ROOM_STR, IGNORE3, IGNORE3, IGNORE2, IGNORE3)
    for (uint32_t i = 0; i < n; i++) {
        room += ATTEMPT_FIXED + PROA_LINE_VALUE_MAX(a->attempts[i].provider.len) +
                PROA_LINE_VALUE_MAX(a->attempts[i].model.len) +
                PROA_LINE_VALUE_MAX(a->attempts[i].error.len);
    }
    return room;
}

static enum proa_err write_line(const struct proa_access *a, enum proa_log_format format,
                                struct proa_civil_stamp *stamp, struct proa_buf *out)
{
    uint32_t n =
        a->n_attempts < PROA_ACCESS_ATTEMPTS_MAX ? a->n_attempts : PROA_ACCESS_ATTEMPTS_MAX;
    char *p = proa_buf_reserve(out, line_room(a, n));
    if (!p) {
        return PROA_ERR_LIMIT;
    }
    p = proa_line_head(p, format, a->level, (struct proa_line_time){a->unix_ms, stamp},
                       a->message.len ? a->message : PROA_SLICE("request"));
    p = format == PROA_LOG_JSON ? json_line(p, a, n) : plain_line(p, a, n);
    out->len = (size_t)(p - out->ptr);
    return PROA_OK;
}

enum proa_err proa_access_write(const struct proa_access *a, enum proa_log_format format,
                                struct proa_buf *out)
{
    return write_line(a, format, NULL, out);
}

void proa_access_log(struct proa_logger *l, const struct proa_access *a)
{
    if (!proa_logger_wants(l, a->level)) {
        return;
    }
    PROA_ASSERT(!l->busy);
    proa_buf_clear(&l->line);
    if (write_line(a, l->format, &l->stamp, &l->line) != PROA_OK) {
        l->n_dropped++;
        return;
    }
    l->sink(l->ctx, proa_buf_slice(&l->line), true);
}
