#include "proa/api/offers.h"

#include "models_priv.h"

/* ---- the model ------------------------------------------------------------------------------- */

/* "text+image->text" */
static void append_joined(struct proa_buf *b, const struct proa_slice *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(b, i > 0 ? "+" : "");
        (void)proa_buf_append(b, items[i]);
    }
}

static void null_member(struct proa_json_writer *w, const char *key)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_null(w);
}

static void write_architecture(struct proa_json_writer *w, const struct proa_api_model *model)
{
    struct model_modalities m;
    proa_json_writer_key(w, PROA_SLICE("architecture"));
    proa_json_writer_begin_object(w);
    null_member(w, "tokenizer");
    null_member(w, "instruct_type");
    if (proa_models_modalities(model, &m)) {
        char room[128];
        struct proa_buf text = {.ptr = room, .cap = sizeof room, .max = sizeof room};
        append_joined(&text, m.in, m.n_in);
        PROA_BUF_LIT(&text, "->");
        append_joined(&text, m.out, m.n_out);
        proa_json_writer_member_string(w, "modality", proa_buf_slice(&text));
    } else {
        null_member(w, "modality");
    }
    proa_models_strings(w, "input_modalities", m.in, m.n_in);
    proa_models_strings(w, "output_modalities", m.out, m.n_out);
    proa_json_writer_end_object(w);
}

/* ---- who offers it --------------------------------------------------------------------------- */

static void write_known(struct proa_json_writer *w, const char *key, uint64_t value)
{
    if (value > 0) {
        proa_json_writer_member_u64(w, key, value);
    } else {
        null_member(w, key);
    }
}

/* In thousandths; 0 = not known. */
static void write_milli(struct proa_json_writer *w, const char *key, uint64_t milli)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    if (milli > 0 && milli <= INT64_MAX / 1000) {
        proa_json_writer_micro(w, (int64_t)(milli * 1000));
    } else {
        proa_json_writer_null(w);
    }
}

static void write_pair(struct proa_json_writer *w, const char *key, uint64_t p50_milli,
                       uint64_t p95_milli)
{
    if (p50_milli == 0) {
        null_member(w, key);
        return;
    }
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_begin_object(w);
    write_milli(w, "p50", p50_milli);
    write_milli(w, "p95", p95_milli);
    proa_json_writer_end_object(w);
}

/* In per cent. */
static void write_uptime(struct proa_json_writer *w, const struct proa_api_offer *o)
{
    const uint64_t calls = (uint64_t)o->answered + o->failed;
    proa_json_writer_key(w, PROA_SLICE("uptime_last_15m"));
    if (calls > 0) {
        proa_json_writer_micro(w, (int64_t)(o->answered * UINT64_C(10000) / calls * 10000));
    } else {
        proa_json_writer_null(w);
    }
    null_member(w, "uptime_last_1h");
    null_member(w, "uptime_last_1d");
}

/* "anthropic | claude-sonnet-5" */
static void write_title(struct proa_json_writer *w, const struct proa_api_offer *o)
{
    struct proa_buf title;
    proa_buf_init(&title, 1024);
    (void)proa_buf_append(&title, o->provider);
    PROA_BUF_LIT(&title, " | ");
    (void)proa_buf_append(&title, o->model_id);
    proa_json_writer_member_string(w, "name", proa_buf_slice(&title));
    proa_buf_deinit(&title);
}

static void write_offer(struct proa_json_writer *w, const struct proa_api_model *model,
                        const struct proa_api_offer *o)
{
    static const char *const PRICES[PROA_API_PRICES] = {
        [PROA_API_PRICE_INPUT] = "prompt",
        [PROA_API_PRICE_OUTPUT] = "completion",
        [PROA_API_PRICE_CACHE_READ] = "input_cache_read",
        [PROA_API_PRICE_CACHE_WRITE] = "input_cache_write",
    };
    proa_json_writer_begin_object(w);
    write_title(w, o);
    proa_json_writer_member_string(w, "model_name", o->model_id);
    proa_json_writer_member_string(w, "provider_name", o->provider);
    write_known(w, "context_length", o->context);
    write_known(w, "max_completion_tokens", o->max_output);
    null_member(w, "max_prompt_tokens");
    null_member(w, "quantization");
    proa_models_tags(w, model->features);
    proa_models_parameters(w, model->features);
    proa_models_prices(w, &o->prices, PRICES);
    proa_json_writer_key(w, PROA_SLICE("status"));
    proa_json_writer_i64(w, o->status);
    write_uptime(w, o);
    write_pair(w, "latency_last_1h", o->first_p50_ns / 1000, o->first_p95_ns / 1000);
    write_pair(w, "throughput_last_1h", o->pace_p50_milli, o->pace_p95_milli);
    null_member(w, "supports_implicit_caching");
    proa_json_writer_end_object(w);
}

enum proa_err proa_api_offers_write(const struct proa_api_model *model,
                                    const struct proa_api_offer *offers, size_t n,
                                    struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("data"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "id", model->id);
    proa_json_writer_member_string(&w, "name", proa_models_name(model));
    proa_json_writer_member_u64(&w, "created", model->created);
    write_architecture(&w, model);
    proa_json_writer_key(&w, PROA_SLICE("endpoints"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < n; i++) {
        write_offer(&w, model, &offers[i]);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    proa_json_writer_end_object(&w);
    if (proa_json_writer_ok(&w)) {
        return PROA_OK;
    }
    out->len = from;
    return PROA_ERR_LIMIT;
}
