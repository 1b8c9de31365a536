#include "proa/api/models.h"

#include "models_priv.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"

/* ---- what types and features mean ------------------------------------------------------------ */

/* Images and sound go into a language model that can take them. */
static const struct type_row {
    struct proa_slice type;
    struct proa_slice in;
    struct proa_slice out;
    uint8_t specification; /* the oldest of the AI SDK that has such models; 0 = none here */
} TYPES[] = {
    {PROA_SLICE_INIT("language"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("text"), 2},
    {PROA_SLICE_INIT("embedding"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("embedding"), 2},
    {PROA_SLICE_INIT("reranking"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("ranking"), 3},
    {PROA_SLICE_INIT("image"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("image"), 2},
    {PROA_SLICE_INIT("speech"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("audio"), 3},
    {PROA_SLICE_INIT("transcription"), PROA_SLICE_INIT("audio"), PROA_SLICE_INIT("text"), 3},
    {PROA_SLICE_INIT("video"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("video"), 0},
    {PROA_SLICE_INIT("realtime"), PROA_SLICE_INIT("text"), PROA_SLICE_INIT("text"), 0},
};

static const struct feature_row {
    const char *tag;        /* NULL = none */
    const char *modality;   /* that it adds to what goes in */
    const char *parameters; /* that it is asked for with; separated by blanks */
} FEATURES[PROA_API_FEATURES] = {
    [PROA_API_FEATURE_TOOLS] = {"tool-use", NULL, "tools tool_choice"},
    [PROA_API_FEATURE_VISION] = {"vision", "image", NULL},
    [PROA_API_FEATURE_REASONING] = {"reasoning", NULL, "reasoning reasoning_effort"},
    [PROA_API_FEATURE_JSON_SCHEMA] = {"structured-output", NULL, "response_format"},
    [PROA_API_FEATURE_CACHING] = {"caching", NULL, NULL},
    [PROA_API_FEATURE_AUDIO] = {"audio", "audio", NULL},
};

enum { SPECIFICATION_NEWEST = 4 };

static const struct type_row *row_of(struct proa_slice type)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TYPES); i++) {
        if (proa_slice_eq(type, TYPES[i].type)) {
            return &TYPES[i];
        }
    }
    return NULL;
}

static bool is_language(const struct proa_api_model *model)
{
    return proa_slice_eq(model->type, TYPES[0].type);
}

static bool has(unsigned features, size_t feature)
{
    return (features >> feature & 1U) != 0;
}

bool proa_models_modalities(const struct proa_api_model *model, struct model_modalities *out)
{
    const struct type_row *row = row_of(model->type);
    *out = (struct model_modalities){.n_in = 0};
    if (!row) {
        return false;
    }
    out->in[out->n_in++] = row->in;
    out->out[out->n_out++] = row->out;
    for (size_t i = 0; i < PROA_API_FEATURES && is_language(model); i++) {
        if (has(model->features, i) && FEATURES[i].modality && out->n_in < MODEL_MODALITIES_MAX) {
            out->in[out->n_in++] = proa_slice_cstr(FEATURES[i].modality);
        }
    }
    return true;
}

struct proa_slice proa_models_name(const struct proa_api_model *model)
{
    return model->name.len > 0 ? model->name : model->id;
}

/* ---- members --------------------------------------------------------------------------------- */

void proa_models_strings(struct proa_json_writer *w, const char *key,
                         const struct proa_slice *items, size_t n)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < n; i++) {
        proa_json_writer_string(w, items[i]);
    }
    proa_json_writer_end_array(w);
}

void proa_models_prices(struct proa_json_writer *w, const struct proa_api_prices *prices,
                        const char *const keys[PROA_API_PRICES])
{
    proa_json_writer_key(w, PROA_SLICE("pricing"));
    proa_json_writer_begin_object(w);
    for (size_t i = 0; i < PROA_API_PRICES; i++) {
        char text[PROA_FMT_PICO_BYTES];
        if (has(prices->known, i)) {
            proa_json_writer_member_string(
                w, keys[i], proa_slice_make(text, proa_fmt_pico(text, prices->pico[i])));
        }
    }
    proa_json_writer_end_object(w);
}

void proa_models_tags(struct proa_json_writer *w, unsigned features)
{
    proa_json_writer_key(w, PROA_SLICE("tags"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < PROA_API_FEATURES; i++) {
        if (has(features, i) && FEATURES[i].tag) {
            proa_json_writer_string(w, proa_slice_cstr(FEATURES[i].tag));
        }
    }
    proa_json_writer_end_array(w);
}

void proa_models_parameters(struct proa_json_writer *w, unsigned features)
{
    proa_json_writer_key(w, PROA_SLICE("supported_parameters"));
    proa_json_writer_begin_array(w);
    proa_json_writer_string(w, PROA_SLICE("max_tokens"));
    for (size_t i = 0; i < PROA_API_FEATURES; i++) {
        struct proa_slice rest = has(features, i) && FEATURES[i].parameters
                                     ? proa_slice_cstr(FEATURES[i].parameters)
                                     : PROA_SLICE_NONE;
        while (rest.len > 0) {
            proa_json_writer_string(w, proa_slice_split(rest, ' ', &rest));
        }
    }
    proa_json_writer_end_array(w);
}

static void write_modalities(struct proa_json_writer *w, const struct proa_api_model *model)
{
    struct model_modalities m;
    if (proa_models_modalities(model, &m)) {
        proa_json_writer_key(w, PROA_SLICE("modalities"));
        proa_json_writer_begin_object(w);
        proa_models_strings(w, "input", m.in, m.n_in);
        proa_models_strings(w, "output", m.out, m.n_out);
        proa_json_writer_end_object(w);
    }
}

static void write_specifications(struct proa_json_writer *w, const struct proa_api_model *model)
{
    const struct type_row *row = row_of(model->type);
    proa_json_writer_key(w, PROA_SLICE("supported_specifications"));
    proa_json_writer_begin_array(w);
    for (unsigned v = row ? row->specification : 0; v > 0 && v <= SPECIFICATION_NEWEST; v++) {
        const char literal[] = {'v', (char)('0' + v)};
        proa_json_writer_string(w, proa_slice_make(literal, sizeof literal));
    }
    proa_json_writer_end_array(w);
}

/* Seconds as Anthropic's list has them. */
static void write_created_at(struct proa_json_writer *w, uint64_t created)
{
    char text[24];
    proa_civil_rfc3339(created * 1000, text);
    proa_json_writer_member_string(w, "created_at", proa_slice_make(text, sizeof text));
}

static void write_known(struct proa_json_writer *w, const char *key, uint64_t value)
{
    if (value > 0) {
        proa_json_writer_member_u64(w, key, value);
    }
}

static void write_one(struct proa_json_writer *w, const struct proa_api_model *model)
{
    static const char *const PRICES[PROA_API_PRICES] = {
        [PROA_API_PRICE_INPUT] = "input",
        [PROA_API_PRICE_OUTPUT] = "output",
        [PROA_API_PRICE_CACHE_READ] = "input_cache_read",
        [PROA_API_PRICE_CACHE_WRITE] = "input_cache_write",
    };
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "id", model->id);
    proa_json_writer_member_string(w, "object", PROA_SLICE("model"));
    proa_json_writer_member_u64(w, "created", model->created);
    write_created_at(w, model->created);
    write_known(w, "released", model->created);
    proa_json_writer_member_string(w, "owned_by", model->owned_by);
    proa_json_writer_member_string(w, "name", proa_models_name(model));
    proa_json_writer_member_string(w, "display_name", proa_models_name(model));
    if (model->type.len > 0) {
        proa_json_writer_member_string(w, "type", model->type);
    }
    proa_models_prices(w, &model->prices, PRICES);
    write_known(w, "context_window", model->context);
    write_known(w, "max_tokens", model->max_output);
    proa_models_tags(w, model->features);
    write_modalities(w, model);
    write_specifications(w, model);
    if (is_language(model)) {
        proa_models_parameters(w, model->features);
    }
    proa_json_writer_end_object(w);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void write_id(struct proa_json_writer *w, const char *key, struct proa_slice id)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    if (id.len > 0) {
        proa_json_writer_string(w, id);
    } else {
        proa_json_writer_null(w);
    }
}

static enum proa_err finish(const struct proa_json_writer *w, size_t from)
{
    if (proa_json_writer_ok(w)) {
        return PROA_OK;
    }
    w->buf->len = from;
    return PROA_ERR_LIMIT;
}

enum proa_err proa_api_models_write(const struct proa_api_model *models, size_t n,
                                    struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "object", PROA_SLICE("list"));
    proa_json_writer_key(&w, PROA_SLICE("data"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < n; i++) {
        write_one(&w, &models[i]);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_member_bool(&w, "has_more", false);
    write_id(&w, "first_id", n > 0 ? models[0].id : PROA_SLICE_NONE);
    write_id(&w, "last_id", n > 0 ? models[n - 1].id : PROA_SLICE_NONE);
    proa_json_writer_end_object(&w);
    return finish(&w, from);
}

enum proa_err proa_api_model_write(const struct proa_api_model *model, struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    write_one(&w, model);
    return finish(&w, from);
}
