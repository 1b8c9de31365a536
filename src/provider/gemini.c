#include "dialects_priv.h"
#include "gemini_priv.h"

static bool offers(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    switch (op) {
    case PROA_OP_CHAT:
    case PROA_OP_COMPLETION:
        return !proa_gemini_embeds(model);
    case PROA_OP_EMBEDDING:
        return proa_gemini_embeds(model);
    case PROA_OP_MODERATION:
    case PROA_OP_RERANK:
    case PROA_OP_COUNT_TOKENS:
    case PROA_OP_RESPONSES:
    case PROA_OP_IMAGE:
    case PROA_OP_IMAGE_EDIT:
    case PROA_OP_SPEECH:
    case PROA_OP_TRANSCRIPTION:
    case PROA_OP_TRANSLATION:
        break;
    }
    return false;
}

static const struct proa_decode_ops DECODE = {
    .framing = PROA_FRAMING_SSE,
    .own_bytes = sizeof(struct gemini_decode),
    .limits = &proa_sse_limits_pictures,
    .event = proa_gemini_event,
    .whole = proa_gemini_whole,
};

const struct proa_dialect proa_dialect_gemini = {
    .name = "gemini",
    .stream_type = PROA_SLICE_INIT("text/event-stream"),
    .scheme = PROA_AUTH_X_GOOG_KEY,
    .decode = &DECODE,
    .passes = proa_dialect_never_passes,
    .offers = offers,
    .inputs_max = proa_gemini_inputs_max,
    .encode = proa_gemini_encode,
    .classify = proa_gemini_classify,
};
