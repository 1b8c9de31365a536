/*
 * The request to an OpenAI-shaped provider: the client's own bytes with the changed members
 * spliced.
 */
#include "openai_priv.h"
#include "openai_quirks_priv.h"
#include "pass_priv.h"
#include "request_head_priv.h"

#include "proa/http/query.h"
#include "proa/provider/site.h"

static const struct proa_slice PATHS[PROA_OPERATIONS] = {
    [PROA_OP_CHAT] = PROA_SLICE_INIT("/chat/completions"),
    [PROA_OP_COMPLETION] = PROA_SLICE_INIT("/completions"),
    [PROA_OP_EMBEDDING] = PROA_SLICE_INIT("/embeddings"),
    [PROA_OP_MODERATION] = PROA_SLICE_INIT("/moderations"),
    [PROA_OP_RERANK] = PROA_SLICE_INIT("/rerank"),
    [PROA_OP_RESPONSES] = PROA_SLICE_INIT("/responses"),
    [PROA_OP_IMAGE] = PROA_SLICE_INIT("/images/generations"),
    [PROA_OP_IMAGE_EDIT] = PROA_SLICE_INIT("/images/edits"),
    [PROA_OP_SPEECH] = PROA_SLICE_INIT("/audio/speech"),
    [PROA_OP_TRANSCRIPTION] = PROA_SLICE_INIT("/audio/transcriptions"),
    [PROA_OP_TRANSLATION] = PROA_SLICE_INIT("/audio/translations"),
};

enum { LIMIT_OLD = 0, LIMIT_NEW }; /* of in->limit_members */

/* The name of the limit that is said and must be another, or -1. Only a request that says one pays
 * for the look-up of what the model takes. */
static int limit_to_rename(const struct proa_encode_in *in)
{
    const struct proa_json_member *m = in->limit_members;
    if (!m || in->operation == PROA_OP_RESPONSES || /* there it has one name */
        (m[LIMIT_OLD].kind == PROA_JSON_NUMBER) == (m[LIMIT_NEW].kind == PROA_JSON_NUMBER)) {
        return -1;
    }
    const int said = m[LIMIT_OLD].kind == PROA_JSON_NUMBER ? LIMIT_OLD : LIMIT_NEW;
    const uint32_t wanted = said == LIMIT_OLD ? OPENAI_MAX_NEW : OPENAI_MAX_OLD;
    return (proa_openai_quirks(in->vendor, in->model)->flags & wanted) != 0 ? said : -1;
}

/* The limit of tokens under the name that this model takes. */
static size_t edit_limit(const struct proa_encode_in *in, struct proa_arena *arena,
                         struct proa_json_edit *edits)
{
    const int said = limit_to_rename(in);
    if (said < 0) {
        return 0;
    }
    const struct proa_json_member *m = &in->limit_members[said];
    edits[0] = (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = *m};
    edits[1] = (struct proa_json_edit){
        .kind = PROA_JSON_INSERT_LAST,
        .bytes = proa_arena_printf(arena, "\"%s\":%" PROA_SLICE_FMT,
                                   said == LIMIT_OLD ? "max_completion_tokens" : "max_tokens",
                                   PROA_SLICE_ARG(proa_json_member_value(in->body, m)))};
    return 2;
}

/* The gateway's option, where the client says nothing of its own and the provider has tiers. */
static size_t edit_tier(const struct proa_encode_in *in, struct proa_arena *arena,
                        struct proa_json_edit *edits)
{
    const bool has = in->operation == PROA_OP_CHAT || in->operation == PROA_OP_RESPONSES;
    if (PROA_LIKELY(in->service_tier.len == 0) || !has ||
        (proa_openai_quirks(in->vendor, in->model)->refused & OPENAI_FIELD(SERVICE_TIER)) != 0 ||
        proa_json_get(in->body, PROA_SLICE("service_tier"), NULL) != PROA_JSON_ABSENT) {
        return 0;
    }
    edits[0] = (struct proa_json_edit){
        .kind = PROA_JSON_INSERT_LAST,
        .bytes = proa_arena_printf(arena, "\"service_tier\":\"%" PROA_SLICE_FMT "\"",
                                   PROA_SLICE_ARG(in->service_tier))};
    return 1;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* `/deployments/NAME` before the path and the version behind it, where Azure's classic paths are
 * meant; a version that is no date only goes behind it. */
static struct proa_slice path_of(const struct proa_encode_in *in, struct proa_arena *arena)
{
    const struct proa_slice path = PATHS[in->operation];
    if (!in->site || in->site->api_version.len == 0) {
        return path;
    }
    const size_t room = 3 * (in->model.len + in->site->api_version.len) + 64;
    struct proa_buf b = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    if (proa_site_is_classic(in->site)) {
        PROA_BUF_LIT(&b, "/deployments/");
        (void)proa_http_percent_encode(&b, in->model);
    }
    (void)proa_buf_append(&b, path);
    PROA_BUF_LIT(&b, "?api-version=");
    (void)proa_http_percent_encode(&b, in->site->api_version);
    return proa_buf_slice(&b);
}

static struct proa_request_head head_of(const struct proa_encode_in *in, struct proa_slice type,
                                        struct proa_arena *arena)
{
    struct proa_request_head head = {.path = path_of(in, arena)};
    if (PROA_UNLIKELY(proa_operation_is_media(in->operation))) {
        head.accept = PROA_SLICE("*/*"); /* sound, subtitles, events or JSON, as was asked for */
        head.type = type;
    }
    return head;
}

/* The beginning of the answer, as this provider wants it. */
static enum proa_err add_prefill(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_pass *pass)
{
    if (in->prefill_form == PROA_PREFILL_CONTINUE) {
        pass->edits[pass->n_edits++] = (struct proa_json_edit){
            .kind = PROA_JSON_INSERT_LAST,
            .bytes = PROA_SLICE("\"continue_final_message\":true,\"add_generation_prompt\":false")};
    }
    return proa_pass_prefill(in, arena, in->prefill,
                             in->prefill_form == PROA_PREFILL_PREFIX ? ",\"prefix\":true" : "",
                             pass);
}

/* Only a request that says something of the kind pays for the look at what the provider takes. */
static bool must_translate(const struct proa_encode_in *in)
{
    if (PROA_LIKELY(!in->own_words && in->provider_options.len == 0)) {
        return false;
    }
    return proa_openai_is_meant(in, in->provider_options) ||
           (in->own_words &&
            (proa_openai_quirks(in->vendor, in->model)->flags & OPENAI_NO_OWN_WORDS) != 0);
}

/* The client's own bytes, changed where they must be. */
static enum proa_err pass_body(const struct proa_encode_in *in, struct proa_arena *arena,
                               struct proa_encoded *out)
{
    if (PROA_UNLIKELY(in->form)) {
        return proa_pass_form(in, out);
    }
    PROA_UNINIT struct proa_pass pass;
    if (in->operation == PROA_OP_CHAT && must_translate(in)) {
        return PROA_ERR_UNSUPPORTED;
    }
    pass.n_edits = edit_limit(in, arena, pass.edits);
    pass.n_edits += edit_tier(in, arena, &pass.edits[pass.n_edits]);
    pass.keeps_model = false;
    pass.prefill = PROA_SLICE_NONE;
    const enum proa_err err = in->prefill.len > 0 ? add_prefill(in, arena, &pass) : PROA_OK;
    return err == PROA_OK ? proa_pass_body(in, &pass, arena, out) : err;
}

static enum proa_err write_body(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_encoded *out, struct proa_slice *type)
{
    return in->chat     ? proa_openai_write_chat(in, arena, out)
           : in->embed  ? proa_openai_write_embed(in, arena, out)
           : in->rerank ? proa_openai_write_rerank(in, arena, out)
                        : proa_openai_write_media(in, arena, out, type);
}

/* One of what the neutral model has. */
static bool is_translated(const struct proa_encode_in *in)
{
    return in->chat || in->embed || in->rerank || in->image || in->speech || in->transcription;
}

enum proa_err proa_openai_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    const bool translated = is_translated(in);
    struct proa_slice type = in->content_type;
    out->n_iov = 0;
    if (in->operation == PROA_OP_RESPONSES && proa_site_is_classic(in->site)) {
        return PROA_ERR_UNSUPPORTED; /* Azure's paths by deployment do not have it */
    }
    if ((size_t)in->operation >= PROA_OPERATIONS || PATHS[in->operation].len == 0) {
        return PROA_ERR_ARG;
    }
    enum proa_err err = translated ? write_body(in, arena, out, &type) : pass_body(in, arena, out);
    if (err == PROA_OK) {
        const struct proa_request_head head = head_of(in, type, arena);
        err = translated && out->n_iov == 0 ? proa_request_finish(in, &head, arena, out)
                                            : proa_request_head_write(in, &head, arena, out);
    }
    out->n_iov = err == PROA_OK ? out->n_iov : 0;
    return err;
}
