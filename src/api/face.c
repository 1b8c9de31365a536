#include "proa/api/face.h"

#include "face_priv.h"

const struct proa_api_face *proa_api_face(enum proa_surface surface)
{
    switch (surface) {
    case PROA_SURFACE_ANTHROPIC:
        return &proa_api_face_anthropic;
    case PROA_SURFACE_AI_SDK:
        return &proa_api_face_aisdk;
    case PROA_SURFACE_RESPONSES:
        return &proa_api_face_responses;
    case PROA_SURFACE_OPENAI:
        break;
    }
    return &proa_api_face_openai;
}

struct proa_chat_sink proa_api_writer_sink(struct proa_api_writer *w, size_t first)
{
    return w->sink(w, first);
}

bool proa_api_writer_end(struct proa_api_writer *w, const struct proa_usage *usage,
                         struct proa_slice gateway)
{
    return w->end(w, usage, gateway);
}

uint64_t proa_api_writer_sequence(const struct proa_api_writer *w)
{
    return w && w->sequence ? w->sequence(w) : 0;
}

void proa_api_writer_destroy(struct proa_api_writer *w)
{
    if (w) {
        w->destroy(w);
    }
}
