#include "proa/api/aisdk_delta.h"

#include "proa/json/cursor.h"

enum kind { KIND_OTHER = 0, KIND_BESIDE, KIND_TEXT, KIND_END };

/* Every part that a stream can have and that is not something else than the one text. */
static const struct {
    struct proa_slice type; /* as it stands, quotes included */
    enum kind kind;
} KINDS[] = {
    {PROA_SLICE_INIT("\"text-delta\""), KIND_TEXT},
    {PROA_SLICE_INIT("\"text-start\""), KIND_BESIDE},
    {PROA_SLICE_INIT("\"stream-start\""), KIND_BESIDE},
    {PROA_SLICE_INIT("\"response-metadata\""), KIND_BESIDE},
    {PROA_SLICE_INIT("\"text-end\""), KIND_END},
    {PROA_SLICE_INIT("\"finish\""), KIND_END},
};

static enum kind kind_of(struct proa_slice type)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(KINDS); i++) {
        if (proa_slice_eq(type, KINDS[i].type)) {
            return KINDS[i].kind;
        }
    }
    return KIND_OTHER;
}

/* A second text has an id of its own, and neither of them is the whole answer. */
static bool is_first(struct proa_slice data)
{
    struct proa_slice id;
    return proa_json_get(data, PROA_SLICE("id"), &id) == PROA_JSON_STRING &&
           proa_slice_eq(id, PROA_SLICE("\"0\""));
}

void proa_api_aisdk_read_delta(struct proa_slice data, struct proa_delta *out)
{
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_slice text = PROA_SLICE_NONE;
    *out = (struct proa_delta){.finished = false};
    if (proa_json_get(data, PROA_SLICE("type"), &type) != PROA_JSON_STRING) {
        return;
    }
    const enum kind kind = kind_of(type);
    out->finished = kind == KIND_END;
    out->other = kind == KIND_OTHER;
    if (kind == KIND_TEXT) {
        out->other = !is_first(data);
        if (proa_json_get(data, PROA_SLICE("delta"), &text) == PROA_JSON_STRING) {
            out->text = text;
        }
    }
}
