/*
 * From a whole request to its answer: who asks, what goes wrong, what is said, and the head of it.
 */
#include "mock_priv.h"

#include "proa/core/hash.h"
#include "proa/http/serialize.h"
#include "proa/tls/digest.h"

/* What a caller presents, taken apart. */
struct caller {
    struct proa_slice key; /* without its recipe */
    uint64_t id;           /* what is counted goes by this, not by the key */
    struct proa_mock_recipe recipe;
    const struct mock_known_key *known;
};

struct serving {
    struct client *c;
    struct mock_path path;
    struct mock_request req;
    struct mock_error error; /* status 0 = none */
    struct caller caller;
    uint64_t fail_id; /* what fail-first counts by; 0 = not asked for */
    uint64_t answer_id;
    struct mock_standing standing;
    bool has_standing;
};

/* ---- who ------------------------------------------------------------------------------------- */

static bool fail(struct serving *s, uint16_t status, struct proa_slice code,
                 struct proa_slice message)
{
    s->error = (struct mock_error){.status = status,
                                   .type = proa_mock_error_type(s->c->answer.style, status),
                                   .code = code,
                                   .message = message};
    return false;
}

static void find_known(const struct proa_mock *mock, struct caller *caller)
{
    unsigned char digest[MOCK_DIGEST_BYTES];
    proa_sha256(caller->key, digest);
    for (size_t i = 0; i < mock->n_keys; i++) {
        if (proa_ct_equal(proa_slice_make(digest, sizeof digest),
                          proa_slice_make(mock->keys[i].digest, sizeof digest))) {
            caller->known = &mock->keys[i];
        }
    }
}

/* A plus sign that no recipe follows is a part of the key. */
static bool identify(struct serving *s)
{
    const struct proa_mock *mock = s->c->mock;
    struct caller *caller = &s->caller;
    struct proa_slice key;
    struct mock_caller_key presented = {.path = &s->path,
                                        .profile = proa_mock_profile_of(&s->path),
                                        .head = &s->c->head,
                                        .body = proa_buf_slice(&s->c->body),
                                        .desk = &mock->desk,
                                        .arena = &s->c->arena,
                                        .error = &s->error};
    if (!proa_mock_key_check(&presented, &key)) {
        return false;
    }
    const size_t plus = proa_slice_find(key, '+');
    caller->key = key;
    if (plus < key.len &&
        proa_mock_recipe_parse(proa_slice_from(key, plus + 1), &caller->recipe, NULL) == PROA_OK) {
        caller->key = proa_slice_head(key, plus);
    }
    caller->id = proa_hash64(key, mock->quota.counters.seed ^ (uint64_t)s->path.profile);
    if (mock->n_keys == 0 || (s->path.route && (s->path.route->flags & MOCK_ROUTE_NO_KEY))) {
        return true;
    }
    if (key.len == 0) {
        return fail(s, 401, PROA_SLICE_NONE,
                    PROA_SLICE("You didn't provide an API key. You need to provide your API key in "
                               "an Authorization header using Bearer auth (i.e. Authorization: "
                               "Bearer YOUR_KEY)."));
    }
    find_known(mock, caller);
    return caller->known || fail(s, 401, PROA_SLICE("invalid_api_key"),
                                 PROA_SLICE("Incorrect API key provided. The mock knows only the "
                                            "keys it was started with."));
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static bool has_fail_first(const struct proa_mock_recipe *recipe)
{
    for (uint32_t i = 0; i < recipe->n; i++) {
        if (recipe->steps[i].setting == PROA_MOCK_FAIL_FIRST) {
            return true;
        }
    }
    return false;
}

/* `where` tells recipes apart that one key meets at different places. */
static void add_recipe(struct serving *s, const struct proa_mock_recipe *recipe,
                       struct proa_slice where)
{
    proa_mock_plan_add(&s->c->plan, recipe, &s->c->mock->prng);
    if (has_fail_first(recipe)) {
        s->fail_id = proa_hash64(where, s->caller.id) | 1;
    }
}

static void add_text(struct serving *s, struct proa_slice text, const char *where, uint16_t status)
{
    struct proa_mock_recipe recipe;
    struct proa_mock_recipe_fault fault = {.at = 0};
    if (text.len == 0) {
        return;
    }
    if (proa_mock_recipe_parse(text, &recipe, &fault) == PROA_OK) {
        add_recipe(s, &recipe, text);
        return;
    }
    (void)fail(s, status, PROA_SLICE("invalid_recipe"),
               proa_arena_printf(&s->c->arena, "The recipe in the %s is wrong at byte %zu: %s.",
                                 where, fault.at, fault.message));
}

/* Ahead of the body: what the mock, the path, the key and the header ask for. */
static void plan_request(struct serving *s)
{
    const struct proa_mock *mock = s->c->mock;
    const struct proa_http_header *header =
        proa_http_header_find_name(&s->c->head.headers, PROA_SLICE("x-mock"));
    add_recipe(s, &mock->faults, PROA_SLICE_NONE);
    add_text(s, s->path.recipe, "path", 404);
    if (s->caller.known) {
        add_recipe(s, &s->caller.known->recipe, PROA_SLICE_NONE);
    }
    add_recipe(s, &s->caller.recipe, PROA_SLICE_NONE);
    add_text(s, s->req.recipe, "model name", 400);
    if (header) {
        add_text(s, header->value, "header x-mock", 400);
    }
}

/* After the failures that fail-first asks for, only what shapes an answer is left of the plan. */
static void apply_fail_first(struct serving *s)
{
    static const uint64_t shapes = UINT64_C(1) << PROA_MOCK_WORDS | UINT64_C(1) << PROA_MOCK_SIZE |
                                   UINT64_C(1) << PROA_MOCK_CALLS | UINT64_C(1) << PROA_MOCK_LIMIT |
                                   UINT64_C(1) << PROA_MOCK_GAP | UINT64_C(1) << PROA_MOCK_THINK |
                                   UINT64_C(1) << PROA_MOCK_CACHED |
                                   UINT64_C(1) << PROA_MOCK_MIRROR | UINT64_C(1) << PROA_MOCK_ODD |
                                   UINT64_C(1) << PROA_MOCK_EXPIRES;
    struct proa_mock_plan *plan = &s->c->plan;
    if (!proa_mock_plan_has(plan, PROA_MOCK_FAIL_FIRST)) {
        return;
    }
    struct mock_counter *counter = proa_mock_quota_counter(&s->c->mock->quota, s->fail_id);
    if (counter->n_failures >= plan->values[PROA_MOCK_FAIL_FIRST]) {
        plan->set &= shapes;
        return;
    }
    counter->n_failures++;
    if ((plan->set & ~shapes) == UINT64_C(1) << PROA_MOCK_FAIL_FIRST) {
        plan->set |= UINT64_C(1) << PROA_MOCK_STATUS;
        plan->values[PROA_MOCK_STATUS] = 503;
    }
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* JSON, or a form with files where the route takes one. */
static bool is_type(const struct serving *s, struct proa_slice type)
{
    const unsigned flags = s->path.route->flags;
    const bool json = proa_http_media_type_is(type, PROA_SLICE("application/json"));
    if ((flags & MOCK_ROUTE_FORM) == 0) {
        return json;
    }
    return proa_http_media_type_is(type, PROA_SLICE("multipart/form-data")) ||
           (json && (flags & MOCK_ROUTE_JSON) != 0);
}

static bool read_request(struct serving *s)
{
    struct client *c = s->c;
    const struct mock_caller caller = {.head = &c->head, .desk = &c->mock->desk};
    const struct proa_slice type =
        proa_http_header_value(&c->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    if (c->head.method == PROA_HTTP_POST && s->path.endpoint != MOCK_TOKEN && !is_type(s, type)) {
        return fail(s, 415, PROA_SLICE("unsupported_content_type"),
                    PROA_SLICE("Unsupported content type: send 'application/json'."));
    }
    return proa_mock_request_parse(&s->path, &caller, proa_buf_slice(&c->body), &c->arena, &s->req,
                                   &s->error);
}

static void say(struct serving *s)
{
    struct client *c = s->c;
    const struct mock_author author = {
        .text = proa_buf_slice(&c->mock->text),
        .id = s->answer_id,
        .created = proa_loop_wall_ms(c->mock->loop) / 1000,
        .desk = &c->mock->desk,
    };
    const bool broken = proa_mock_plan_has(&c->plan, PROA_MOCK_STATUS) ||
                        proa_mock_plan_has(&c->plan, PROA_MOCK_OK_ERROR);
    if (s->error.status != 0 && broken) {
        proa_mock_answer_fault(&c->answer, &c->plan);
    } else if (s->error.status != 0) {
        proa_mock_answer_error(&c->answer, &s->error);
    } else {
        proa_mock_answer_make(&c->answer, &s->req, &c->plan, &author, &c->arena);
    }
}

static bool is_counted(const struct serving *s)
{
    return s->error.status == 0 && s->req.endpoint != MOCK_MODELS &&
           s->req.endpoint != MOCK_MODEL && s->req.endpoint != MOCK_TOKEN;
}

/* A key that used up its limit gets 429 instead of what it asked for. */
static void charge(struct serving *s)
{
    struct client *c = s->c;
    struct proa_mock *mock = c->mock;
    struct mock_limits limits = mock->limits;
    limits.requests = proa_mock_plan_get(&c->plan, PROA_MOCK_LIMIT, limits.requests);
    s->has_standing = true;
    proa_mock_quota_charge(proa_mock_quota_counter(&mock->quota, s->caller.id), &limits,
                           c->answer.tokens, proa_loop_now(mock->loop), &s->standing);
    if (!s->standing.refused || proa_mock_plan_has(&c->plan, PROA_MOCK_STATUS)) {
        return;
    }
    const uint64_t wait_ms = s->standing.wait_ns / PROA_NS_PER_MS + 1;
    const bool requests = s->standing.left_requests == 0;
    const struct mock_error error = {
        .status = 429,
        .type = c->answer.style == MOCK_STYLE_OPENAI
                    ? (requests ? PROA_SLICE("requests") : PROA_SLICE("tokens"))
                    : proa_mock_error_type(c->answer.style, 429),
        .code = PROA_SLICE("rate_limit_exceeded"),
        .message = proa_arena_printf(
            &c->arena, "Rate limit reached for %s per min. Please try again in %llums.",
            requests ? "requests" : "tokens", (unsigned long long)wait_ms)};
    proa_mock_answer_error(&c->answer, &error);
    c->plan = (struct proa_mock_plan){.set = 0};
    c->plan.set = UINT64_C(1) << PROA_MOCK_RETRY_AFTER | UINT64_C(1) << PROA_MOCK_RETRY_AFTER_MS;
    c->plan.values[PROA_MOCK_RETRY_AFTER] = (wait_ms + 999) / 1000;
    c->plan.values[PROA_MOCK_RETRY_AFTER_MS] = wait_ms;
}

/* ---- head ------------------------------------------------------------------------------------ */

static void put_count(struct proa_buf *out, const char *name, uint64_t value)
{
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, ": ");
    (void)proa_buf_append_u64(out, value);
    PROA_BUF_LIT(out, "\r\n");
}

static void put_date(struct proa_buf *out, const char *name, uint64_t unix_s)
{
    char date[29];
    proa_civil_http_date(unix_s, date);
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, ": ");
    (void)proa_buf_append(out, proa_slice_make(date, sizeof date));
    PROA_BUF_LIT(out, "\r\n");
}

static void put_rates(const struct serving *s, struct proa_buf *out)
{
    const struct proa_mock_plan *plan = &s->c->plan;
    struct mock_standing at = s->standing;
    if (!s->has_standing || s->c->answer.status == 404) {
        return;
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_RESET)) {
        at.left_requests = 0;
        at.reset_requests_ns = plan->values[PROA_MOCK_RESET];
    }
    proa_mock_rates_put(out, s->c->answer.profile->rates, &at, s->c->answer.tokens,
                        proa_loop_wall_ms(s->c->mock->loop));
}

static void put_retry(const struct client *c, struct proa_buf *out)
{
    const struct proa_mock_plan *plan = &c->plan;
    if (proa_mock_plan_has(plan, PROA_MOCK_RETRY_AFTER)) {
        put_count(out, "retry-after", plan->values[PROA_MOCK_RETRY_AFTER]);
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_RETRY_AFTER_MS)) {
        put_count(out, "retry-after-ms", plan->values[PROA_MOCK_RETRY_AFTER_MS]);
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_HTTP_DATE)) {
        put_date(out, "retry-after",
                 proa_loop_wall_ms(c->mock->loop) / 1000 + plan->values[PROA_MOCK_HTTP_DATE]);
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_SHOULD_RETRY)) {
        (void)proa_buf_append_cstr(out, plan->values[PROA_MOCK_SHOULD_RETRY]
                                            ? "x-should-retry: true\r\n"
                                            : "x-should-retry: false\r\n");
    }
}

/* 204 and 304 have no body, whatever their headers say (RFC 9110 6.4.1). */
static bool may_have_body(uint16_t status)
{
    return status != 204 && status != 304;
}

/* Then it is not known how many bytes will come ahead of the answer. */
static bool waits_in_lines(const struct client *c)
{
    return !c->answer.is_stream && proa_mock_plan_has(&c->plan, PROA_MOCK_KEEPALIVE) &&
           c->answer.profile->plain_silence.len > 0;
}

static void put_framing(struct client *c, struct proa_buf *out)
{
    c->framing = FRAME_LENGTH;
    if (!may_have_body(c->answer.status)) {
        proa_buf_clear(&c->answer.body);
    } else if (!c->answer.is_stream && !waits_in_lines(c)) {
        put_count(out, "content-length", c->answer.body.len);
    } else if (c->head.minor_version > 0) {
        c->framing = FRAME_CHUNKED;
        PROA_BUF_LIT(out, "transfer-encoding: chunked\r\n");
    } else {
        c->framing = FRAME_CLOSE;
        c->close_after = true;
    }
    if (c->close_after) {
        PROA_BUF_LIT(out, "connection: close\r\n");
    } else if (c->head.minor_version == 0) {
        PROA_BUF_LIT(out, "connection: keep-alive\r\n");
    }
}

/* AWS says in the head which error it is. */
static void put_lines(const struct client *c, struct proa_buf *out)
{
    const struct mock_answer *a = &c->answer;
    (void)proa_buf_append(out, a->lines);
    if (a->style == MOCK_STYLE_AWS && a->error_type.len > 0 && a->lines.len == 0) {
        PROA_BUF_LIT(out, "x-amzn-errortype: ");
        (void)proa_buf_append(out, a->error_type);
        PROA_BUF_LIT(out, ":http://internal.amazon.com/coral/com.amazon.bedrock/\r\n");
    }
}

static void write_head(const struct serving *s)
{
    struct client *c = s->c;
    struct proa_buf *out = &c->answer_head;
    proa_buf_clear(out);
    c->close_after = c->close_after || !c->keep_alive;
    const enum proa_err err = proa_http_write_status_line(out, c->answer.status);
    PROA_DASSERT(err == PROA_OK); /* recipes and faults hold statuses that exist */
    (void)err;
    put_date(out, "date", proa_loop_wall_ms(c->mock->loop) / 1000);
    PROA_BUF_LIT(out, "content-type: ");
    (void)proa_buf_append(out, c->answer.content_type);
    PROA_BUF_LIT(out, "\r\n");
    (void)proa_buf_append(out, c->answer.profile->headers);
    (void)proa_buf_append(out, c->answer.profile->id_header);
    (void)proa_buf_append_hex(out, s->answer_id);
    PROA_BUF_LIT(out, "\r\n");
    put_lines(c, out);
    if (c->answer.is_stream) {
        PROA_BUF_LIT(out, "cache-control: no-cache\r\n");
    }
    if (c->answer.status == 405) {
        const bool get = s->path.endpoint == MOCK_MODELS || s->path.endpoint == MOCK_MODEL ||
                         s->path.profile == MOCK_AWS;
        (void)proa_buf_append_cstr(out, get ? "allow: GET, HEAD\r\n" : "allow: POST\r\n");
    }
    put_rates(s, out);
    put_retry(c, out);
    put_framing(c, out);
    PROA_BUF_LIT(out, "\r\n");
}

void proa_mock_serve(struct client *c)
{
    struct serving s = {.c = c, .answer_id = proa_prng_next(&c->mock->prng)};
    c->plan.set = 0;
    c->mock->desk.now_ms = proa_loop_wall_ms(c->mock->loop);
    const bool served =
        proa_mock_path_parse(c->head.method, c->head.path, &c->arena, &s.path, &s.error);
    s.path.query = c->head.query;
    proa_mock_answer_for(&c->answer, &s.path);
    if (served && identify(&s)) {
        (void)read_request(&s);
        plan_request(&s);
        apply_fail_first(&s);
    }
    say(&s);
    if (is_counted(&s)) {
        charge(&s);
    }
    write_head(&s);
}

void proa_mock_serve_fault(struct client *c, enum proa_http_fault fault)
{
    const struct proa_http_fault_info *info = proa_http_fault_info(fault);
    proa_mock_answer_for(&c->answer, NULL);
    struct serving s = {.c = c, .answer_id = proa_prng_next(&c->mock->prng)};
    (void)fail(&s, (uint16_t)info->status, info->code, info->text);
    c->plan.set = 0;
    c->head = (struct proa_http_head){.minor_version = 1};
    c->keep_alive = false;
    proa_mock_answer_error(&c->answer, &s.error);
    write_head(&s);
}
