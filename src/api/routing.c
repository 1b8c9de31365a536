/*
 * The options but credentials (routing_byok.c): one row for each, under its name.
 */
#include "proa/api/routing.h"

#include "kind_priv.h"
#include "routing_priv.h"

#include "proa/core/clock.h"

#include <string.h>

enum { NAME_BYTES_MAX = 256, TAG_BYTES_MAX = 128, USER_BYTES_MAX = 256 };

/* ---- texts ----------------------------------------------------------------------------------- */

enum proa_err proa_routing_plain(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, size_t max,
                                 struct proa_slice *out)
{
    if (item->kind != PROA_JSON_STRING) {
        return proa_read_refuse_kind(r, at, "a string", item->kind);
    }
    const struct proa_slice plain = proa_chat_text_plain(proa_chat_text(item->value), r->arena);
    if (plain.len == 0) {
        return proa_read_refuse(r, at, "is empty.");
    }
    if (plain.len > max) {
        return proa_read_refuse(r, at, "is too long.");
    }
    *out = plain;
    return PROA_OK;
}

/* A string that can be printed and logged as it is; in the arena. */
enum proa_err proa_routing_name(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_slice *out)
{
    const enum proa_err err = proa_routing_plain(r, at, item, NAME_BYTES_MAX, out);
    for (size_t i = 0; err == PROA_OK && i < out->len; i++) {
        const char c = out->ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') {
            return proa_read_refuse(r, at,
                                    "holds a space, a quote, a backslash, a control character or "
                                    "a character outside ASCII.");
        }
    }
    if (err == PROA_OK) {
        *out = proa_arena_dup(r->arena, *out);
    }
    return err;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static enum proa_err
read_list(struct reading *r, const struct place *at, const struct proa_json_item *item, size_t max,
          enum proa_err (*read)(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_slice *out),
          struct proa_routing_names *out)
{
    struct proa_json_cursor c;
    struct proa_json_item element;
    struct proa_slice *items = NULL;
    size_t n = 0;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &element)) {
        if (n == max) {
            return proa_read_refuse(r, at, "holds too many.");
        }
        items = proa_read_more(r, items, n, sizeof items[0]);
        err = read(r, PLACE_AT(at, n), &element, &items[n]);
        n++;
    }
    *out = (struct proa_routing_names){items, n};
    return err;
}

static enum proa_err providers(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing_names *out)
{
    return read_list(r, at, item, PROA_ROUTING_PROVIDERS_MAX, proa_routing_name, out);
}

static enum proa_err read_order(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_routing *out)
{
    return providers(r, at, item, &out->order);
}

static enum proa_err read_only(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing *out)
{
    const enum proa_err err = providers(r, at, item, &out->only);
    return err == PROA_OK && out->only.n == 0
               ? proa_read_refuse(r, at,
                                  "is empty, so nothing would be allowed. Leave it out to "
                                  "allow every provider.")
               : err;
}

static enum proa_err model(struct reading *r, const struct place *at,
                           const struct proa_json_item *item, struct proa_slice *out)
{
    if (item->kind == PROA_JSON_OBJECT) {
        return proa_read_refuse(r, at,
                                "is an object; a fallback model is named by a string. Those with "
                                "conditions are for decision calls only.");
    }
    return proa_routing_name(r, at, item, out);
}

static enum proa_err read_models(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_routing *out)
{
    return read_list(r, at, item, PROA_ROUTING_MODELS_MAX, model, &out->models);
}

static enum proa_err tag(struct reading *r, const struct place *at,
                         const struct proa_json_item *item, struct proa_slice *out)
{
    const enum proa_err err = proa_routing_plain(r, at, item, TAG_BYTES_MAX, out);
    if (err == PROA_OK) {
        *out = proa_arena_dup(r->arena, *out);
    }
    return err;
}

static enum proa_err read_tags(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing *out)
{
    return read_list(r, at, item, PROA_ROUTING_TAGS_MAX, tag, &out->tags);
}

/* ---- words and switches ---------------------------------------------------------------------- */

static enum proa_err read_user(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing *out)
{
    const enum proa_err err = proa_routing_plain(r, at, item, USER_BYTES_MAX, &out->user);
    if (err == PROA_OK) {
        out->user = proa_arena_dup(r->arena, out->user);
    }
    return err;
}

static enum proa_err read_sort(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing *out)
{
    static const struct proa_slice words[] = {
        [PROA_SORT_NONE] = PROA_SLICE_INIT("none"), /* as if it was not there */
        [PROA_SORT_COST] = PROA_SLICE_INIT("cost"),
        [PROA_SORT_TTFT] = PROA_SLICE_INIT("ttft"),
        [PROA_SORT_TPS] = PROA_SLICE_INIT("tps"),
    };
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, item, &text);
    if (err != PROA_OK) {
        return err;
    }
    const size_t i = proa_read_word(text, words, PROA_ARRAY_LEN(words));
    if (i == PROA_SORT_NONE || i == PROA_ARRAY_LEN(words)) {
        return proa_read_refuse_word(r, at, text, "\"cost\", \"ttft\", \"tps\"");
    }
    out->sort = (enum proa_routing_sort)i;
    return PROA_OK;
}

static enum proa_err read_switch(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, bool *out)
{
    enum proa_chat_flag flag = PROA_CHAT_UNSAID;
    const enum proa_err err = proa_read_flag(r, at, item, &flag);
    *out = flag == PROA_CHAT_YES;
    return err;
}

static enum proa_err read_retention(struct reading *r, const struct place *at,
                                    const struct proa_json_item *item, struct proa_routing *out)
{
    return read_switch(r, at, item, &out->zero_data_retention);
}

static enum proa_err read_training(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_routing *out)
{
    return read_switch(r, at, item, &out->disallow_prompt_training);
}

static enum proa_err capability(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_slice *out)
{
    static const struct proa_slice words[] = {
        PROA_SLICE_INIT("implicit-caching"), PROA_SLICE_INIT("reasoning"),
        PROA_SLICE_INIT("structured-output"), PROA_SLICE_INIT("tool-use"),
        PROA_SLICE_INIT("vision")}; /* in the order of their bits */
    const enum proa_err err = proa_routing_plain(r, at, item, NAME_BYTES_MAX, out);
    if (err != PROA_OK) {
        return err;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(words); i++) {
        if (proa_slice_eq(*out, words[i])) {
            *out = words[i];
            return PROA_OK;
        }
    }
    /* Likewise of what numbers a provider computes with. */
    if (proa_slice_starts(*out, PROA_SLICE("quantization:")) ||
        proa_slice_starts(*out, PROA_SLICE("!quantization:"))) {
        return proa_read_refuse(r, at,
                                "cannot be kept to: Proa does not know in which quantization "
                                "providers run a model. Name the providers that may be used in "
                                "\"only\".");
    }
    return proa_read_refuse_word(r, at, proa_chat_text(item->value),
                                 "\"implicit-caching\", \"reasoning\", \"structured-output\", "
                                 "\"tool-use\", \"vision\"");
}

static enum proa_err read_has(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_routing *out)
{
    static const struct {
        struct proa_slice word;
        unsigned bit;
    } bits[] = {
        {PROA_SLICE_INIT("implicit-caching"), PROA_HAS_IMPLICIT_CACHING},
        {PROA_SLICE_INIT("reasoning"), PROA_HAS_REASONING},
        {PROA_SLICE_INIT("structured-output"), PROA_HAS_STRUCTURED_OUTPUT},
        {PROA_SLICE_INIT("tool-use"), PROA_HAS_TOOL_USE},
        {PROA_SLICE_INIT("vision"), PROA_HAS_VISION},
    };
    struct proa_routing_names said;
    const enum proa_err err = read_list(r, at, item, PROA_ROUTING_PROVIDERS_MAX, capability, &said);
    for (size_t i = 0; err == PROA_OK && i < said.n; i++) {
        for (size_t k = 0; k < PROA_ARRAY_LEN(bits); k++) {
            out->has |= proa_slice_eq(said.items[i], bits[k].word) ? bits[k].bit : 0;
        }
    }
    return err;
}

/* A promise of where a provider has its seat would be broken in silence if it was passed over. */
static enum proa_err refuse_headquarters(struct reading *r, const struct place *at,
                                         const struct proa_json_item *item,
                                         struct proa_routing *out)
{
    (void)item;
    (void)out;
    return proa_read_refuse(r, at,
                            "cannot be kept to: Proa does not know where providers have "
                            "their seat. Name the providers that may be used in \"only\".");
}

/* ---- what goes on to the provider ------------------------------------------------------------ */

static enum proa_err read_tier(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_routing *out)
{
    static const struct proa_slice words[] = {PROA_SLICE_INIT("flex"), PROA_SLICE_INIT("priority")};
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, item, &text);
    const size_t i = proa_read_word(text, words, PROA_ARRAY_LEN(words));
    if (err == PROA_OK && i == PROA_ARRAY_LEN(words)) {
        return proa_read_refuse_word(r, at, text, "\"flex\", \"priority\"");
    }
    out->service_tier = err == PROA_OK ? words[i] : PROA_SLICE_NONE;
    return err;
}

static enum proa_err read_caching(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct proa_routing *out)
{
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, item, &text);
    out->cache = err == PROA_OK && proa_chat_text_eq(text, PROA_SLICE("auto"));
    return err == PROA_OK && !out->cache ? proa_read_refuse_word(r, at, text, "\"auto\"") : err;
}

/* ---- times ----------------------------------------------------------------------------------- */

struct times {
    struct proa_routing_timeout *items;
    size_t n;
};

static enum proa_err read_time(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct times *out)
{
    uint64_t ms = 0;
    if (item->kind != PROA_JSON_NUMBER || proa_json_number_u64(item->value, &ms) != PROA_OK ||
        ms < PROA_ROUTING_TIMEOUT_MIN_MS || ms > PROA_ROUTING_TIMEOUT_MAX_MS) {
        return proa_read_refuse(r, at,
                                "must be a whole number of milliseconds from 1000 to 789000.");
    }
    if (out->n == PROA_ROUTING_PROVIDERS_MAX) {
        return proa_read_refuse(r, at->up, "holds too many.");
    }
    out->items = proa_read_more(r, out->items, out->n, sizeof out->items[0]);
    out->items[out->n++] = (struct proa_routing_timeout){
        .provider = proa_arena_dup(r->arena, at->name), .first_token_ns = ms * PROA_NS_PER_MS};
    return PROA_OK;
}

enum proa_err proa_routing_key(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_slice *out)
{
    const struct proa_slice plain = proa_chat_text_plain(proa_chat_text(item->key), r->arena);
    if (plain.len == 0 || plain.len > NAME_BYTES_MAX) {
        return proa_read_refuse(r, at, "holds a name that is empty or too long.");
    }
    *out = plain;
    return PROA_OK;
}

/* {"openai": 5000}, as it stands under any of the kinds of credentials that clients tell apart. */
static enum proa_err read_times_of(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct times *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        struct place here = {.up = at};
        err = proa_routing_key(r, at, &m, &here.name);
        err = err == PROA_OK && m.kind != PROA_JSON_NULL ? read_time(r, &here, &m, out) : err;
    }
    return err;
}

static enum proa_err read_timeouts(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_routing *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    struct times times = {NULL, 0};
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        struct place here = {.up = at};
        err = proa_routing_key(r, at, &m, &here.name);
        if (err == PROA_OK && m.kind != PROA_JSON_NULL) {
            err = m.kind == PROA_JSON_OBJECT ? read_times_of(r, &here, &m, &times)
                                             : read_time(r, &here, &m, &times);
        }
    }
    out->timeouts = times.items;
    out->n_timeouts = times.n;
    return err;
}

/* ---- the table ------------------------------------------------------------------------------- */

struct row {
    struct proa_slice key;
    enum proa_err (*read)(struct reading *r, const struct place *at,
                          const struct proa_json_item *item, struct proa_routing *out);
};

static const struct row GATEWAY[] = {
    {PROA_SLICE_INIT("order"), read_order},
    {PROA_SLICE_INIT("only"), read_only},
    {PROA_SLICE_INIT("models"), read_models},
    {PROA_SLICE_INIT("sort"), read_sort},
    {PROA_SLICE_INIT("providerTimeouts"), read_timeouts},
    {PROA_SLICE_INIT("byok"), proa_routing_byok_read},
    {PROA_SLICE_INIT("user"), read_user},
    {PROA_SLICE_INIT("tags"), read_tags},
    {PROA_SLICE_INIT("has"), read_has},
    {PROA_SLICE_INIT("zeroDataRetention"), read_retention},
    {PROA_SLICE_INIT("disallowPromptTraining"), read_training},
    {PROA_SLICE_INIT("headquarters"), refuse_headquarters},
    {PROA_SLICE_INIT("serviceTier"), read_tier},
    {PROA_SLICE_INIT("caching"), read_caching},
};

/* Of `provider`; the rest of what it may hold is another gateway's. */
static const struct row PROVIDER[] = {
    {PROA_SLICE_INIT("order"), read_order},
    {PROA_SLICE_INIT("only"), read_only},
    {PROA_SLICE_INIT("sort"), read_sort},
};

static enum proa_err read_rows(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, const struct row *rows, size_t n,
                               struct proa_routing *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        for (size_t i = 0; i < n; i++) {
            if (m.kind != PROA_JSON_NULL && proa_json_key_is(&m, rows[i].key)) {
                const struct place here = {.up = at, .name = rows[i].key};
                err = rows[i].read(r, &here, &m, out);
                break;
            }
        }
    }
    return err == PROA_OK && c.err != PROA_OK ? proa_read_refuse_json(r) : err;
}

static enum proa_err read_provider(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_routing *out)
{
    return read_rows(r, at, item, PROVIDER, PROA_ARRAY_LEN(PROVIDER), out);
}

/* ---- where they stand ------------------------------------------------------------------------ */

static struct proa_json_item item_of(const struct proa_json_member *m, struct proa_slice body)
{
    return (struct proa_json_item){.value = proa_json_member_value(body, m), .kind = m->kind};
}

/* Is it the gateway's, and not a field of the provider's that has the name by chance? */
static bool is_ours(const struct proa_api_request *request, const struct proa_json_member *m)
{
    for (size_t i = 0; i < request->n_cuts; i++) {
        if (request->cuts[i].member.key_at == m->key_at) {
            return m->kind != PROA_JSON_ABSENT && m->kind != PROA_JSON_NULL;
        }
    }
    return false;
}

static enum proa_err read_short(struct reading *r, const struct proa_api_request *request,
                                struct proa_slice body, struct proa_routing *out)
{
    static const struct {
        enum proa_api_member member;
        struct row row;
    } rows[] = {
        {PROA_API_M_MODELS, {PROA_SLICE_INIT("models"), read_models}},
        {PROA_API_M_PROVIDER, {PROA_SLICE_INIT("provider"), read_provider}},
        {PROA_API_M_ORDER, {PROA_SLICE_INIT("order"), read_order}},
        {PROA_API_M_ONLY, {PROA_SLICE_INIT("only"), read_only}},
        {PROA_API_M_SORT, {PROA_SLICE_INIT("sort"), read_sort}},
        {PROA_API_M_BYOK, {PROA_SLICE_INIT("byok"), proa_routing_byok_read}},
    };
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_json_member *m = &request->members[rows[i].member];
        if (is_ours(request, m)) {
            const struct place at = {.name = rows[i].row.key};
            const struct proa_json_item item = item_of(m, body);
            err = rows[i].row.read(r, &at, &item, out);
        }
    }
    return err;
}

static enum proa_err read_gateway(struct reading *r, const struct proa_json_member *options,
                                  struct proa_slice body, struct proa_routing *out)
{
    const struct place top = {.name = PROA_SLICE("providerOptions")};
    const struct place at = {.up = &top, .name = PROA_SLICE("gateway")};
    struct proa_json_item gateway = {.key = PROA_SLICE_NONE};
    if (options->kind == PROA_JSON_ABSENT || options->kind == PROA_JSON_NULL) {
        return PROA_OK;
    }
    if (options->kind != PROA_JSON_OBJECT) {
        return proa_read_refuse_kind(r, &top, "an object", options->kind);
    }
    gateway.kind = proa_json_get(proa_json_member_value(body, options), at.name, &gateway.value);
    return proa_read_is_null(&gateway)
               ? PROA_OK
               : read_rows(r, &at, &gateway, GATEWAY, PROA_ARRAY_LEN(GATEWAY), out);
}

enum proa_err proa_api_routing_read(const struct proa_api_request *request, struct proa_slice body,
                                    struct proa_arena *arena, struct proa_buf *text,
                                    struct proa_routing *out, struct proa_api_error *error)
{
    struct reading r = {.arena = arena, .text = text, .error = error};
    memset(out, 0, sizeof *out);
    const enum proa_err err = read_short(&r, request, body, out);
    return err == PROA_OK
               ? read_gateway(&r, &request->members[PROA_API_M_PROVIDER_OPTIONS], body, out)
               : err;
}
