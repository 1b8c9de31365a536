/*
 * Requests of the OpenAI surface, read into the neutral model: for targets whose provider speaks
 * another dialect. What is only passed on never comes here.
 *
 * Pure. What is read stands in the arena and borrows from the body: it lives as long as the
 * shorter-lived of the two. Members that the model does not know are kept as extras; what stands
 * where it cannot be understood is refused, with the place in `error->param` and a message that is
 * made in `text`, as proa_api_request_read() does it.
 */
#ifndef PROA_API_OPENAI_REQUEST_H
#define PROA_API_OPENAI_REQUEST_H

#include "proa/api/request.h"
#include "proa/chat/inputs.h"
#include "proa/chat/request.h"
#include "proa/core/arena.h"

/* A request's body, as proa_api_request_read() has looked at it. */
struct proa_api_openai_body {
    struct proa_slice bytes;
    const struct proa_api_request *request;
    struct proa_arena *arena;
    struct proa_buf *text; /* of the refusal's message; 1 KiB is enough */
};

struct proa_api_openai_chat {
    struct proa_chat_request chat;
    bool include_usage; /* stream_options: a last chunk with the usage */
    bool own_words;     /* a part or message says something in words that are the gateway's own */
    bool functions;     /* the form before tools: an answer with `function_call` is waited for */
};

/* ERR_TYPE, ERR_SYNTAX: refused, see `error`; *out is undefined then. Likewise for all of them. */
enum proa_err proa_api_openai_chat_read(const struct proa_api_openai_body *body,
                                        struct proa_api_openai_chat *out,
                                        struct proa_api_error *error) PROA_MUST_CHECK;
/* A legacy completion, as a chat of which the prompt is the only message. */
enum proa_err proa_api_openai_completion_read(const struct proa_api_openai_body *body,
                                              struct proa_api_openai_chat *out,
                                              struct proa_api_error *error) PROA_MUST_CHECK;
enum proa_err proa_api_openai_embed_read(const struct proa_api_openai_body *body,
                                         struct proa_chat_embed *out,
                                         struct proa_api_error *error) PROA_MUST_CHECK;
enum proa_err proa_api_openai_rerank_read(const struct proa_api_openai_body *body,
                                          struct proa_chat_rerank *out,
                                          struct proa_api_error *error) PROA_MUST_CHECK;

#endif
