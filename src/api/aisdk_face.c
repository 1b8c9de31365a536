/*
 * The AI SDK's gateway protocol: which of its readers and writers serves which endpoint.
 */
#include "aisdk_write_priv.h"

#include "proa/api/aisdk_delta.h"
#include "proa/api/aisdk_request.h"

static struct proa_api_writer *writer_create(const struct proa_api_writer_cfg *cfg,
                                             struct proa_buf *out, struct proa_arena *arena)
{
    const bool media = cfg->kind == PROA_API_IMAGES || cfg->kind == PROA_API_SPEECH ||
                       cfg->kind == PROA_API_TRANSCRIPTIONS;
    return cfg->kind == PROA_API_EMBEDDINGS ? proa_aisdk_vectors_create(cfg, out, arena)
           : cfg->kind == PROA_API_RERANK   ? proa_aisdk_ranking_create(cfg, out, arena)
           : media                          ? proa_aisdk_media_create(cfg, out, arena)
                                            : proa_aisdk_answer_create(cfg, out, arena);
}

static struct proa_slice media_type(enum proa_endpoint_kind kind, bool stream)
{
    return stream && kind == PROA_API_CHAT ? PROA_SLICE("text/event-stream")
                                           : PROA_SLICE("application/json");
}

const struct proa_api_face proa_api_face_aisdk = {
    .name = "ai-sdk",
    .dialect = NULL,
    .look = proa_api_aisdk_look,
    .read = proa_api_aisdk_read,
    .writer_create = writer_create,
    .read_delta = proa_api_aisdk_read_delta,
    .media_type = media_type,
    .error_ends = true,
    .tells_gateway = true,
    .looks_at_headers = true,
};
