/*
 * Going on with an answer that broke off: what the exchange keeps for it, and how the second answer
 * is joined to the first. When and where that is tried is the engine's to decide.
 */
#include "exchange_priv.h"

#include "proa/core/alloc.h"
#include "proa/json/cursor.h"

enum { TEXT_MAX = 256 * 1024, SPLICED_MAX = 4 * 1024 * 1024 + 64 * 1024 };

/* Members that make an answer more than one run of text. */
enum { RESPONSE_FORMAT = 0, AI_SDK_FORMAT, N, PLAIN_MEMBERS };

static const struct proa_json_want WANTS[] = {
    [RESPONSE_FORMAT] = {PROA_SLICE_INIT("response_format"), 0},
    [AI_SDK_FORMAT] = {PROA_SLICE_INIT("responseFormat"), 0},
    [N] = {PROA_SLICE_INIT("n"), 0},
    [PLAIN_MEMBERS] = {PROA_SLICE_INIT("tools"), 0},
    {PROA_SLICE_INIT("tool_choice"), 0},
    {PROA_SLICE_INIT("functions"), 0},
    {PROA_SLICE_INIT("function_call"), 0},
    {PROA_SLICE_INIT("logprobs"), 0},
    {PROA_SLICE_INIT("top_logprobs"), 0},
    {PROA_SLICE_INIT("modalities"), 0},
    {PROA_SLICE_INIT("audio"), 0},
    {PROA_SLICE_INIT("echo"), 0},
    {PROA_SLICE_INIT("best_of"), 0},
};

static bool is_unset(const struct proa_json_member *m)
{
    return m->kind == PROA_JSON_ABSENT || m->kind == PROA_JSON_NULL || m->kind == PROA_JSON_FALSE;
}

/* Is the answer's format free, as far as this member says? */
static bool is_free(struct proa_slice body, const struct proa_json_member *m)
{
    struct proa_slice type = PROA_SLICE_NONE;
    (void)proa_json_get(proa_json_member_value(body, m), PROA_SLICE("type"), &type);
    return is_unset(m) || proa_slice_eq(type, PROA_SLICE("\"text\""));
}

static bool asks_for_text(struct proa_slice body)
{
    const struct proa_json_scan_cfg cfg = {.wants = WANTS, .n_wants = PROA_ARRAY_LEN(WANTS)};
    struct proa_json_member members[PROA_ARRAY_LEN(WANTS)];
    struct proa_json_info info;
    if (proa_json_scan(body, &cfg, members, &info) != PROA_OK) {
        return false;
    }
    bool text = true;
    for (size_t i = PLAIN_MEMBERS; i < PROA_ARRAY_LEN(WANTS); i++) {
        text = text && is_unset(&members[i]);
    }
    return text && is_free(body, &members[RESPONSE_FORMAT]) &&
           is_free(body, &members[AI_SDK_FORMAT]) &&
           (is_unset(&members[N]) ||
            proa_slice_eq(proa_json_member_value(body, &members[N]), PROA_SLICE("1")));
}

/* Reads the client's streams: in the words of a dialect, or of the surface alone. */
static proa_read_delta_fn *reader_of(const struct proa_exchange *x)
{
    return x->face->read_delta ? x->face->read_delta : x->dialect ? x->dialect->read_delta : NULL;
}

void proa_rescue_prepare(struct proa_exchange *x)
{
    const bool streams_text = x->operation == PROA_OP_CHAT || x->operation == PROA_OP_COMPLETION;
    if (x->resolved.route->policy->midstream != PROA_MIDSTREAM_RESUME || !x->stream ||
        !streams_text || !reader_of(x) || !asks_for_text(proa_buf_slice(&x->body))) {
        return;
    }
    x->seam = PROA_NEW(struct proa_seam);
    proa_seam_init(x->seam, reader_of(x), TEXT_MAX);
}

void proa_rescue_drop(struct proa_exchange *x)
{
    if (x->seam) {
        proa_seam_deinit(x->seam);
        proa_free(x->seam);
        x->seam = NULL;
        proa_exchange_give_budget(x->host, x->seam_budgeted);
        x->seam_budgeted = 0;
    }
}

bool proa_rescue_is_possible(const struct proa_exchange *x)
{
    return x->seam && !x->seam->broken && !x->seam->finished;
}

struct proa_slice proa_rescue_text(const struct proa_exchange *x)
{
    return proa_buf_slice(&x->seam->text);
}

/* The answer cannot be gone on with: a stream does not keep for nothing what a rescue would need.
 */
static void give_up(struct proa_exchange *x)
{
    proa_seam_give_up(x->seam);
    proa_exchange_forget_body(x);
}

/* Accounts for what the seam has come to keep; false when the byte budget is spent. */
static bool keep_account(struct proa_exchange *x)
{
    const uint64_t kept = proa_seam_bytes(x->seam);
    if (kept > x->seam_budgeted) {
        if (!proa_exchange_take_budget(x->host, kept - x->seam_budgeted)) {
            return false;
        }
    } else {
        proa_exchange_give_budget(x->host, x->seam_budgeted - kept);
    }
    x->seam_budgeted = kept;
    return true;
}

void proa_rescue_note(struct proa_exchange *x, const struct iovec *iov, size_t n)
{
    if (!proa_rescue_is_possible(x)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        proa_seam_note(x->seam, proa_slice_make(iov[i].iov_base, iov[i].iov_len));
    }
    if (!proa_rescue_is_possible(x) || !keep_account(x)) {
        give_up(x);
        (void)keep_account(x); /* it can only have become less */
    }
}

bool proa_rescue_begin(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    if (!x->seam || !proa_seam_holds(x->seam)) {
        return false;
    }
    const bool prefill = a->purpose == PROA_PURPOSE_RESCUE_PREFILL;
    /* In the client's words, whoever's it is. */
    proa_seam_begin(x->seam, prefill ? PROA_SEAM_PREFILL : PROA_SEAM_SPLICE);
    proa_buf_init(&a->spliced, SPLICED_MAX);
    return true;
}

static enum proa_class class_of(enum proa_seam_result result)
{
    switch (result) {
    case PROA_SEAM_OK:
        return PROA_CLASS_OK;
    case PROA_SEAM_DIVERGED:
        return PROA_CLASS_DIVERGED;
    case PROA_SEAM_LIMIT:
        break;
    }
    return PROA_CLASS_LOCAL;
}

enum proa_class proa_rescue_gather(struct attempt *a, const struct proa_reader_report *report)
{
    struct proa_seam *seam = a->x->seam;
    proa_buf_clear(&a->spliced);
    if (proa_seam_passes(seam)) {
        return proa_tell_gather(a, report->ready, report->state) ? PROA_CLASS_OK : PROA_CLASS_LOCAL;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(report->ready); i++) {
        const enum proa_seam_result result = proa_seam_take(seam, report->ready[i], &a->spliced);
        if (result != PROA_SEAM_OK) {
            return class_of(result);
        }
    }
    const struct proa_slice ready[2] = {PROA_SLICE_NONE, proa_buf_slice(&a->spliced)};
    return keep_account(a->x) && proa_tell_gather(a, ready, report->state) ? PROA_CLASS_OK
                                                                           : PROA_CLASS_LOCAL;
}
