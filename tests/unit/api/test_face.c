/* Every surface's table is whole, and its writers write what its readers have read. */
#include "proa/api/face.h"

#include "proa_test.h"

static void test_every_table_is_whole(void **state)
{
    (void)state;
    for (int s = 0; s < PROA_SURFACES; s++) {
        const struct proa_api_face *face = proa_api_face((enum proa_surface)s);
        assert_non_null(face);
        assert_non_null(face->name);
        assert_true(face->look && face->read && face->writer_create && face->media_type);
        for (int o = 0; o < s; o++) {
            assert_string_not_equal(face->name, proa_api_face((enum proa_surface)o)->name);
        }
    }
}

struct asked {
    struct proa_arena arena;
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_api_request request;
    struct proa_api_asked asked;
    struct proa_api_error error;
};

static enum proa_err ask(struct asked *a, enum proa_surface surface, enum proa_endpoint_kind kind,
                         const char *body)
{
    const struct proa_api_face *face = proa_api_face(surface);
    const struct proa_http_headers headers = {.n = 0};
    *a = (struct asked){.error = {.param = PROA_SLICE_NONE}};
    proa_arena_init(&a->arena, NULL);
    proa_buf_init(&a->scratch, 4096);
    proa_buf_init(&a->text, 4096);
    enum proa_err err =
        face->look(&(const struct proa_api_arrived){kind, &headers, proa_slice_cstr(body),
                                                    &a->scratch, &a->text},
                   &a->request, &a->error);
    if (err == PROA_OK) {
        err = face->read(&(const struct proa_api_body){.kind = kind,
                                                       .bytes = proa_slice_cstr(body),
                                                       .request = &a->request,
                                                       .arena = &a->arena,
                                                       .text = &a->text},
                         &a->asked, &a->error);
    }
    return err;
}

static void release(struct asked *a)
{
    proa_buf_deinit(&a->scratch);
    proa_buf_deinit(&a->text);
    proa_arena_reset(&a->arena);
}

static void test_openai_by_endpoint(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *body;
        enum proa_err err;
    } rows[] = {
        {PROA_API_CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
         PROA_OK},
        {PROA_API_CHAT, "{\"model\":\"m\",\"messages\":1}", PROA_ERR_TYPE},
        {PROA_API_COMPLETIONS, "{\"model\":\"m\",\"prompt\":\"a\"}", PROA_OK},
        {PROA_API_EMBEDDINGS, "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}", PROA_OK},
        {PROA_API_RERANK, "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}", PROA_OK},
        {PROA_API_MODERATIONS, "{\"model\":\"m\",\"input\":\"a\"}", PROA_ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct asked a;
        assert_err(ask(&a, PROA_SURFACE_OPENAI, rows[i].kind, rows[i].body), rows[i].err);
        release(&a);
    }
}

static void write_vectors(struct proa_api_writer *w)
{
    const struct proa_chat_event one = {.kind = PROA_CHAT_VECTOR, .raw = PROA_SLICE("[0.5]")};
    /* the second call has the second input */
    const struct proa_chat_sink second = proa_api_writer_sink(w, 1);
    second.event(second.ctx, &one);
    const struct proa_chat_sink first = proa_api_writer_sink(w, 0);
    first.event(first.ctx, &one);
}

static void test_a_writer_by_what_was_asked(void **state)
{
    (void)state;
    struct asked a;
    struct proa_buf out;
    const struct proa_usage usage = {.known = 0};
    assert_ok(ask(&a, PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS,
                  "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}"));
    proa_buf_init(&out, 4096);
    const struct proa_api_writer_cfg cfg = {
        .kind = PROA_API_EMBEDDINGS, .asked = &a.asked, .model = PROA_SLICE("m")};
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_OPENAI)->writer_create(&cfg, &out, &a.arena);
    write_vectors(w);
    assert_true(proa_api_writer_end(w, &usage, PROA_SLICE_NONE));
    assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("\"index\":1")) < out.len);
    proa_api_writer_destroy(w);
    proa_api_writer_destroy(NULL);
    proa_buf_deinit(&out);
    release(&a);
}

static void test_a_response_from_question_to_answer(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"model\":\"m\",\"input\":\"q\",\"temperature\":0.5}",
        "{\"model\":\"m\",\"input\":\"q\",\"temperature\":0.5,\"stream\":true}"};
    const struct proa_api_face *face = proa_api_face(PROA_SURFACE_RESPONSES);
    const struct proa_usage usage = {.known = 0};
    assert_true(face->error_ends && face->tells_gateway);
    assert_int_equal(face->stream_end.len, 0);
    for (size_t i = 0; i < PROA_ARRAY_LEN(bodies); i++) {
        struct asked a;
        struct proa_buf out;
        assert_ok(ask(&a, PROA_SURFACE_RESPONSES, PROA_API_RESPONSES, bodies[i]));
        proa_buf_init(&out, 65536);
        const struct proa_api_writer_cfg cfg = {.kind = PROA_API_RESPONSES,
                                                .stream = a.request.stream,
                                                .asked = &a.asked,
                                                .id = PROA_SLICE("r1"),
                                                .model = PROA_SLICE("m")};
        struct proa_api_writer *w = face->writer_create(&cfg, &out, &a.arena);
        const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
        sink.event(sink.ctx, &(const struct proa_chat_event){.kind = PROA_CHAT_TEXT,
                                                             .text = PROA_SLICE("hello")});
        assert_int_equal(proa_api_writer_sequence(w), i == 0 ? 0 : 5);
        assert_true(proa_api_writer_end(w, &usage, PROA_SLICE_NONE));
        assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("\"text\":\"hello\"")) <
                    out.len);
        assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("\"temperature\":0.5")) <
                    out.len);
        assert_slice_str(face->media_type(PROA_API_RESPONSES, i == 1),
                         i == 1 ? "text/event-stream" : "application/json");
        proa_api_writer_destroy(w);
        proa_buf_deinit(&out);
        release(&a);
    }
    assert_int_equal(proa_api_writer_sequence(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table_is_whole),
        cmocka_unit_test(test_openai_by_endpoint),
        cmocka_unit_test(test_a_writer_by_what_was_asked),
        cmocka_unit_test(test_a_response_from_question_to_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
