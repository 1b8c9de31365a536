#include "proa/api/models.h"

#include "proa/json/writer.h"

static void write_one(struct proa_json_writer *w, const struct proa_api_model *model)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "id", model->id);
    proa_json_writer_member_string(w, "object", PROA_SLICE("model"));
    proa_json_writer_member_u64(w, "created", model->created);
    proa_json_writer_member_string(w, "owned_by", model->owned_by);
    proa_json_writer_end_object(w);
}

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
