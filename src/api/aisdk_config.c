#include "proa/api/aisdk_config.h"

#include "proa/api/aisdk_request.h"
#include "proa/json/writer.h"

static const char *const PRICES[PROA_API_PRICES] = {
    [PROA_API_PRICE_INPUT] = "input",
    [PROA_API_PRICE_OUTPUT] = "output",
    [PROA_API_PRICE_CACHE_READ] = "input_cache_read",
    [PROA_API_PRICE_CACHE_WRITE] = "input_cache_write",
};

/* The client wants both of the first two, or no prices at all. */
static void put_pricing(struct proa_json_writer *w, const struct proa_api_config_model *m)
{
    const unsigned needed = 1U << PROA_API_PRICE_INPUT | 1U << PROA_API_PRICE_OUTPUT;
    if ((m->priced & needed) != needed) {
        return;
    }
    proa_json_writer_key(w, PROA_SLICE("pricing"));
    proa_json_writer_begin_object(w);
    for (size_t i = 0; i < PROA_API_PRICES; i++) {
        char text[PROA_FMT_PICO_BYTES];
        if ((m->priced >> i & 1U) != 0) {
            proa_json_writer_member_string(w, PRICES[i],
                                           proa_slice_make(text, proa_fmt_pico(text, m->pico[i])));
        }
    }
    proa_json_writer_end_object(w);
}

static void put_model(struct proa_json_writer *w, const struct proa_api_config_model *m,
                      unsigned version)
{
    const char literal[] = {'v', (char)('0' + version)};
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "id", m->id);
    proa_json_writer_member_string(w, "name", m->name.len > 0 ? m->name : m->id);
    put_pricing(w, m);
    proa_json_writer_key(w, PROA_SLICE("specification"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "specificationVersion",
                                   proa_slice_make(literal, sizeof literal));
    proa_json_writer_member_string(w, "provider", m->provider);
    proa_json_writer_member_string(w, "modelId", m->model_id.len > 0 ? m->model_id : m->id);
    proa_json_writer_end_object(w);
    proa_json_writer_member_string(w, "modelType", m->type);
    proa_json_writer_end_object(w);
}

enum proa_err proa_api_aisdk_config_write(const struct proa_api_config_model *models, size_t n,
                                          unsigned version, struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_json_writer w;
    PROA_DASSERT(version >= PROA_API_AISDK_OLDEST && version <= PROA_API_AISDK_NEWEST);
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("models"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < n; i++) {
        put_model(&w, &models[i], version);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    if (proa_json_writer_ok(&w)) {
        return PROA_OK;
    }
    out->len = from;
    return PROA_ERR_LIMIT;
}
