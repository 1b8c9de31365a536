/*
 * Errors as each provider writes them: envelopes for what the mock refuses itself, and recorded
 * bodies for what a recipe asks for by name.
 *
 * Pure. Recorded errors are rows of a table with static text.
 */
#ifndef PROA_MOCK_ERRORS_PRIV_H
#define PROA_MOCK_ERRORS_PRIV_H

#include "request_priv.h"

#include "proa/core/buf.h"

enum mock_error_style {
    MOCK_STYLE_OPENAI = 0,   /* {"error":{message,type,param,code}} */
    MOCK_STYLE_AZURE,        /* {"error":{code,message}} */
    MOCK_STYLE_ANTHROPIC,    /* {"type":"error","error":{type,message},"request_id"} */
    MOCK_STYLE_GOOGLE,       /* {"error":{code,message,status}} */
    MOCK_STYLE_GOOGLE_ARRAY, /* the same in an array */
    MOCK_STYLE_AWS,          /* {"message"}, type in a header */
    MOCK_STYLE_MISTRAL,      /* {"object":"error",message,type,param,code,raw_status_code} */
    MOCK_STYLE_COHERE,       /* {"id","message"} */
    MOCK_STYLE_NUMBERED,     /* {"error":{message,type,param,code: the status}} */
    MOCK_STYLE_ROUTER,       /* {"error":{code: the status,message}} */
    MOCK_STYLE_OAUTH,        /* {"error","error_description"} */
    MOCK_STYLE_AWS_QUERY     /* XML */
};

/* Appends the body of an error. */
void proa_mock_error_write(struct proa_buf *out, enum mock_error_style style,
                           const struct mock_error *error);
/* What a style's envelope calls a status where a refusal does not say. */
struct proa_slice proa_mock_error_type(enum mock_error_style style, uint16_t status);

/* The value of a recipe's setting for a name that some profile has, and back. */
bool proa_mock_error_name_find(struct proa_slice name, uint64_t *out);
struct proa_slice proa_mock_error_name(uint64_t value);

#endif
