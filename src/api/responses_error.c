/*
 * A Response that has failed, as the last event of a stream. What it was asked for is not known
 * here: it stood in the stream's first events.
 */
#include "error_priv.h"

#include "proa/api/responses_request.h"
#include "proa/json/writer.h"

bool proa_responses_failed(const struct proa_responses_failure *failure, struct proa_buf *out)
{
#define UNSAID(name, key, unsaid) ",\"" key "\":" unsaid
    struct proa_json_writer w;
    PROA_BUF_LIT(out, "event: response.failed\ndata: {\"type\":\"response.failed\","
                      "\"sequence_number\":");
    (void)proa_buf_append_u64(out, failure->sequence);
    PROA_BUF_LIT(out, ",\"response\":");
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "id", failure->id);
    proa_json_writer_member_string(&w, "object", PROA_SLICE("response"));
    proa_json_writer_member_u64(&w, "created_at", 0);
    proa_json_writer_member_string(&w, "status", PROA_SLICE("failed"));
    proa_json_writer_member_string(&w, "model", failure->model);
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "code", failure->code);
    proa_json_writer_member_string(&w, "message", failure->message);
    proa_json_writer_end_object(&w);
    if (failure->gateway.len > 0) {
        proa_json_writer_key(&w, PROA_SLICE("providerMetadata"));
        proa_json_writer_begin_object(&w);
        proa_json_writer_member_raw(&w, "gateway", failure->gateway);
        proa_json_writer_end_object(&w);
    }
    proa_json_writer_member_raw(&w, "incomplete_details",
                                PROA_SLICE("null" PROA_API_ECHO_TABLE(UNSAID)));
    proa_json_writer_member_raw(&w, "output", PROA_SLICE("[]"));
    proa_json_writer_member_raw(&w, "usage", PROA_SLICE("null"));
    proa_json_writer_end_object(&w);
    PROA_BUF_LIT(out, "}\n\n");
#undef UNSAID
    return proa_json_writer_ok(&w);
}
