/*
 * The ends of events and of streams, and the faults that are events themselves, on each wire.
 */
#include "frames_priv.h"
#include "speech_priv.h"

#include "proa/core/alloc.h"
#include "proa/json/cursor.h"

static void note_end(struct mock_answer *a)
{
    if (a->n_events == a->cap) {
        a->cap = a->cap ? a->cap * 2 : 32;
        a->ends = proa_realloc(a->ends, a->cap * sizeof *a->ends);
    }
    a->ends[a->n_events++] = a->body.len;
    a->event_at = a->body.len;
}

static void drop_event(struct mock_answer *a)
{
    a->body.len = a->event_at;
}

static void put_separator(struct mock_answer *a)
{
    if (a->wire == MOCK_WIRE_ARRAY) {
        (void)proa_buf_append_cstr(&a->body, a->n_events > 0 ? ",\n" : "[");
    }
}

/* ---- an error as an event -------------------------------------------------------------------- */

/* "ThrottlingException" is called "throttlingException" in a stream. */
static void put_exception(struct mock_answer *a, const struct mock_error *error,
                          struct proa_slice body)
{
    char name[64];
    const struct proa_slice type = proa_slice_head(
        error->type.len > 0 ? error->type : PROA_SLICE("InternalServerException"), sizeof name);
    memcpy(name, type.ptr, type.len);
    name[0] = (char)(name[0] | 0x20);
    proa_mock_frame_exception(&a->body, proa_slice_make(name, type.len), body);
}

/* Cohere ends a stream that breaks with the event that ends all others. */
static void put_dashed(struct mock_answer *a, struct proa_slice body)
{
    struct proa_slice message = PROA_SLICE("\"internal server error\"");
    (void)proa_json_get(body, PROA_SLICE("message"), &message);
    PROA_BUF_LIT(&a->body, "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{"
                           "\"finish_reason\":\"ERROR\",\"error\":");
    (void)proa_buf_append(&a->body, message);
    PROA_BUF_LIT(&a->body, "}}\n\n");
}

/* A number, and the error in an object of its own; the rarer shape is a response that failed. */
static void put_numbered(struct mock_answer *a, const struct proa_mock_plan *plan,
                         struct proa_slice body)
{
    struct proa_slice error = PROA_SLICE("{}");
    const bool odd = proa_mock_plan_has(plan, PROA_MOCK_ODD);
    (void)proa_json_get(body, PROA_SLICE("error"), &error);
    (void)proa_buf_append_cstr(&a->body,
                               odd ? "event: response.failed\ndata: {\"type\":\"response.failed\","
                                   : "event: error\ndata: {\"type\":\"error\",");
    PROA_BUF_LIT(&a->body, "\"sequence_number\":");
    (void)proa_buf_append_u64(&a->body, a->n_events);
    (void)proa_buf_append_cstr(
        &a->body,
        odd ? ",\"response\":{\"object\":\"response\",\"status\":\"failed\",\"output\":[],"
              "\"error\":"
            : ",\"error\":");
    (void)proa_buf_append(&a->body, error);
    (void)proa_buf_append_cstr(&a->body, odd ? "}}\n\n" : "}\n\n");
}

static void end_with_error(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    const struct mock_error error = proa_mock_planned_error(a, plan);
    struct proa_buf body;
    proa_buf_init(&body, MOCK_ANSWER_MAX);
    proa_mock_error_write(&body, a->style, &error);
    drop_event(a);
    put_separator(a);
    switch (a->wire) {
    case MOCK_WIRE_FRAMES:
        put_exception(a, &error, proa_buf_slice(&body));
        break;
    case MOCK_WIRE_DASHED:
        put_dashed(a, proa_buf_slice(&body));
        break;
    case MOCK_WIRE_NUMBERED:
        put_numbered(a, plan, proa_buf_slice(&body));
        break;
    case MOCK_WIRE_ARRAY:
        (void)proa_buf_append(&a->body, proa_buf_slice(&body));
        PROA_BUF_LIT(&a->body, "]");
        break;
    case MOCK_WIRE_NAMED:
    case MOCK_WIRE_LLAMA:
    case MOCK_WIRE_DATA:
        (void)proa_buf_append_cstr(&a->body,
                                   a->wire == MOCK_WIRE_NAMED
                                       ? "event: error\ndata: "
                                       : (a->wire == MOCK_WIRE_LLAMA ? "error: " : "data: "));
        (void)proa_buf_append(&a->body, proa_buf_slice(&body));
        PROA_BUF_LIT(&a->body, "\n\n");
        break;
    }
    proa_buf_deinit(&body);
    note_end(a);
    a->has_ended = true;
}

/* ---- other faults ---------------------------------------------------------------------------- */

static void put_malformed(struct mock_answer *a)
{
    drop_event(a);
    put_separator(a);
    switch (a->wire) {
    case MOCK_WIRE_FRAMES:
        proa_mock_frame_event(&a->body, PROA_SLICE("contentBlockDelta"),
                              PROA_SLICE("{\"contentBlockIndex\":0,\"delta\":{"));
        break;
    case MOCK_WIRE_NAMED:
        PROA_BUF_LIT(&a->body, "event: content_block_delta\ndata: {\"type\":"
                               "\"content_block_delta\",\"index\":0,\"delta\":{\n\n");
        break;
    case MOCK_WIRE_NUMBERED:
        PROA_BUF_LIT(&a->body, "event: response.output_text.delta\ndata: {\"type\":"
                               "\"response.output_text.delta\",\"delta\":\n\n");
        break;
    case MOCK_WIRE_DASHED:
        PROA_BUF_LIT(&a->body, "event: content-delta\ndata: {\"type\":\"content-delta\",{\n\n");
        break;
    case MOCK_WIRE_ARRAY:
        PROA_BUF_LIT(&a->body, "{\"candidates\":[{");
        break;
    case MOCK_WIRE_LLAMA:
    case MOCK_WIRE_DATA:
        PROA_BUF_LIT(&a->body, "data: {\"id\":\"chatcmpl-\",\"choices\":[{\n\n");
        break;
    }
}

/* After how many events the error comes; UINT64_MAX = never. */
static uint64_t error_after(const struct proa_mock_plan *plan)
{
    return proa_mock_plan_has(plan, PROA_MOCK_ERROR_FIRST)
               ? 0
               : proa_mock_plan_get(plan, PROA_MOCK_ERROR_AFTER, UINT64_MAX);
}

void proa_mock_event_end(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    if (a->has_ended) {
        drop_event(a);
        return;
    }
    if (a->n_events >= error_after(plan)) {
        end_with_error(a, plan);
        return;
    }
    if (a->n_events + 1 == proa_mock_plan_get(plan, PROA_MOCK_MALFORMED, 0)) {
        put_malformed(a);
    }
    if (a->wire == MOCK_WIRE_FRAMES && a->body.len > 0 &&
        a->n_events + 1 == proa_mock_plan_get(plan, PROA_MOCK_BAD_CRC, 0)) {
        a->body.ptr[a->body.len - 1] = (char)(a->body.ptr[a->body.len - 1] ^ 1);
    }
    note_end(a);
}

void proa_mock_events_finish(struct mock_answer *a, const struct proa_mock_plan *plan,
                             struct proa_slice terminator)
{
    if (!a->has_ended && error_after(plan) != UINT64_MAX) {
        end_with_error(a, plan);
    } else if (!a->has_ended && terminator.len > 0 && !proa_mock_ends_open(plan)) {
        (void)proa_buf_append(&a->body, terminator);
        proa_mock_event_end(a, plan);
    }
}
