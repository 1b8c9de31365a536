/*
 * Round trips through the neutral model: what a client of the OpenAI surface says reads the same
 * after it was written for an OpenAI-shaped provider, and what such a provider answers is what the
 * client gets.
 */
#include "translate_priv.h"

#include "proa/api/openai_answer.h"
#include "proa/api/openai_request.h"
#include "proa/core/prng.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

struct trip {
    struct proa_arena arena;
    struct proa_buf text;
    struct proa_buf scratch;
    struct proa_api_request request;
};

static void begin(struct trip *t)
{
    memset(t, 0, sizeof *t);
    proa_arena_init(&t->arena, NULL);
    proa_buf_init(&t->text, 4096);
    proa_buf_init(&t->scratch, 4096);
}

static void end(struct trip *t)
{
    proa_buf_deinit(&t->text);
    proa_buf_deinit(&t->scratch);
    proa_arena_reset(&t->arena);
}

static void read_body(struct trip *t, struct proa_slice bytes, struct proa_api_openai_chat *out)
{
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    assert_ok(
        proa_api_request_read(PROA_API_CHAT, bytes, &t->scratch, &t->text, &t->request, &error));
    const struct proa_api_openai_body body = {
        .bytes = bytes, .request = &t->request, .arena = &t->arena, .text = &t->text};
    PROA_TEST_CHECK(proa_api_openai_chat_read(&body, out, &error) == PROA_OK, "%.*s: %.*s",
                    (int)bytes.len, bytes.ptr, (int)error.message.len, error.message.ptr);
}

/* Writes it for a provider of this dialect; the body lives as long as `out`. */
static struct proa_slice write_body(struct trip *t, const struct proa_chat_request *chat,
                                    struct proa_encoded *out)
{
    const struct proa_dialect *openai = proa_dialect_find(PROA_SLICE("openai"));
    const struct proa_encode_in in = {.operation = PROA_OP_CHAT,
                                      .base_path = PROA_SLICE("/v1"),
                                      .host_header = PROA_SLICE("h"),
                                      .model = PROA_SLICE("m"),
                                      .chat = chat};
    memset(out, 0, sizeof *out);
    proa_buf_init(&out->body, (size_t)4 * 1024 * 1024);
    assert_ok(openai->encode(&in, &t->arena, out));
    return proa_buf_slice(&out->body);
}

/* ---- requests -------------------------------------------------------------------------------- */

#define SLICES(a, b, member) assert_slice_equal((a)->member, (b)->member)

static void same_parts(const struct proa_chat_part *a, const struct proa_chat_part *b, size_t n)
{
    for (size_t i = 0; i < n; i++, a++, b++) {
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->source, b->source);
        SLICES(a, b, text);
        SLICES(a, b, data);
        SLICES(a, b, media_type);
        SLICES(a, b, filename);
        SLICES(a, b, detail);
        SLICES(a, b, id);
        SLICES(a, b, name);
        SLICES(a, b, arguments);
        assert_int_equal(a->n_parts, b->n_parts);
        same_parts(a->parts, b->parts, a->n_parts);
    }
}

static void same_request(const struct proa_chat_request *a, const struct proa_chat_request *b)
{
    assert_int_equal(a->n_messages, b->n_messages);
    for (size_t i = 0; i < a->n_messages; i++) {
        assert_int_equal(a->messages[i].role, b->messages[i].role);
        assert_int_equal(a->messages[i].n_parts, b->messages[i].n_parts);
        same_parts(a->messages[i].parts, b->messages[i].parts, a->messages[i].n_parts);
    }
    assert_int_equal(a->n_tools, b->n_tools);
    for (size_t i = 0; i < a->n_tools; i++) {
        SLICES(&a->tools[i], &b->tools[i], name);
        SLICES(&a->tools[i], &b->tools[i], description);
        SLICES(&a->tools[i], &b->tools[i], schema);
        assert_int_equal(a->tools[i].strict, b->tools[i].strict);
    }
    assert_int_equal(a->choice, b->choice);
    SLICES(a, b, choice_name);
    assert_int_equal(a->parallel_tools, b->parallel_tools);
    assert_int_equal(a->format, b->format);
    SLICES(a, b, format_name);
    SLICES(a, b, format_schema);
    assert_int_equal(a->format_strict, b->format_strict);
    assert_int_equal(a->max_tokens, b->max_tokens);
    SLICES(a, b, temperature);
    SLICES(a, b, top_p);
    SLICES(a, b, seed);
    assert_int_equal(a->n_stop, b->n_stop);
    for (size_t i = 0; i < a->n_stop; i++) {
        assert_slice_equal(a->stop[i], b->stop[i]);
    }
    assert_int_equal(a->effort, b->effort);
    SLICES(a, b, user);
}

static const char *one_of(struct proa_prng *prng, const char *const *texts, size_t n)
{
    return texts[proa_prng_below(prng, n)];
}

static const char *any_text(struct proa_prng *prng)
{
    static const char *const texts[] = {"a",
                                        "two words",
                                        "\\\"q\\\" \\\\",
                                        "\\u00e9\\n\\t",
                                        "\xe6\x97\xa5\xe6\x9c\xac",
                                        "{\\\"a\\\":1}",
                                        "\\ud83d\\ude00"};
    return one_of(prng, texts, PROA_ARRAY_LEN(texts));
}

static void add_user(struct proa_prng *prng, struct proa_buf *out)
{
    static const char *const parts[] = {
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://a/b?c=d\",\"detail\":\"low\"}}",
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA+/\"}}",
        "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\",\"format\":\"wav\"}}",
        "{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,AAAA\","
        "\"filename\":\"a.pdf\"}}",
        "{\"type\":\"text\",\"text\":\"more\"}"};
    (void)proa_buf_append_printf(out,
                                 "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                                 "\"%s\"}",
                                 any_text(prng));
    for (size_t i = proa_prng_below(prng, 3); i > 0; i--) {
        (void)proa_buf_append_printf(out, ",%s", one_of(prng, parts, PROA_ARRAY_LEN(parts)));
    }
    PROA_BUF_LIT(out, "]}");
}

static void add_calls(struct proa_prng *prng, struct proa_buf *out, unsigned *n_calls)
{
    static const char *const arguments[] = {"{}", "{\\\"a\\\":\\\"\\\\n\\\"}",
                                            "{ \\\"b\\\" : [1] }", "{\\\"broken"};
    const unsigned n = 1 + (unsigned)proa_prng_below(prng, 3);
    (void)proa_buf_append_printf(out, "{\"role\":\"assistant\",\"content\":%s,\"tool_calls\":[",
                                 proa_prng_below(prng, 2) == 0 ? "null" : "\"I look\"");
    for (unsigned i = 0; i < n; i++) {
        (void)proa_buf_append_printf(
            out,
            "%s{\"id\":\"c%u\",\"type\":\"function\",\"function\":{\"name\":\"f%u\","
            "\"arguments\":\"%s\"}}",
            i > 0 ? "," : "", *n_calls + i, i, one_of(prng, arguments, PROA_ARRAY_LEN(arguments)));
    }
    PROA_BUF_LIT(out, "]}");
    for (unsigned i = n; i > 0; i--) {
        (void)proa_buf_append_printf(
            out, ",{\"role\":\"tool\",\"tool_call_id\":\"c%u\",\"content\":\"%s\"}",
            *n_calls + i - 1, any_text(prng));
    }
    *n_calls += n;
}

static void add_settings(struct proa_prng *prng, struct proa_buf *out)
{
    static const char *const settings[] = {
        ",\"max_tokens\":7",
        ",\"temperature\":0.70,\"top_p\":1e-1",
        ",\"seed\":-3,\"stop\":[\"a\",\"\\n\"]",
        ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f0\",\"description\":\"d\","
        "\"parameters\":{\"type\":\"object\"},\"strict\":true}}],\"tool_choice\":{\"type\":"
        "\"function\",\"function\":{\"name\":\"f0\"}},\"parallel_tool_calls\":false",
        ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
        "{\"type\":\"object\"},\"strict\":true}}",
        ",\"response_format\":{\"type\":\"json_object\"}",
        ",\"reasoning_effort\":\"low\",\"user\":\"u\"",
        ""};
    PROA_BUF_LIT(out, ",\"model\":\"m\"");
    (void)proa_buf_append_cstr(out, one_of(prng, settings, PROA_ARRAY_LEN(settings)));
}

static void add_conversation(struct proa_prng *prng, struct proa_buf *out)
{
    unsigned n_calls = 0;
    PROA_BUF_LIT(out, "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},");
    add_user(prng, out);
    for (size_t i = proa_prng_below(prng, 8); i > 0; i--) {
        PROA_BUF_LIT(out, ",");
        switch (proa_prng_below(prng, 3)) {
        case 0:
            add_user(prng, out);
            break;
        case 1:
            (void)proa_buf_append_printf(out, "{\"role\":\"assistant\",\"content\":\"%s\"}",
                                         any_text(prng));
            break;
        default:
            add_calls(prng, out, &n_calls);
            break;
        }
    }
    PROA_BUF_LIT(out, "]");
    add_settings(prng, out);
    PROA_BUF_LIT(out, "}");
}

static void what_is_asked_reads_the_same_once_more(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct trip first;
        struct trip second;
        struct proa_prng prng;
        struct proa_buf json;
        struct proa_encoded encoded;
        struct proa_api_openai_chat said;
        struct proa_api_openai_chat again;
        begin(&first);
        begin(&second);
        proa_prng_seed(&prng, seed);
        proa_buf_init(&json, SIZE_MAX);
        add_conversation(&prng, &json);
        read_body(&first, proa_buf_slice(&json), &said);
        read_body(&second, write_body(&first, &said.chat, &encoded), &again);
        same_request(&said.chat, &again.chat);
        proa_buf_deinit(&encoded.body);
        proa_buf_deinit(&json);
        end(&first);
        end(&second);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void what_is_answered_is_what_the_client_gets(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "{\"id\":\"i\",\"object\":\"chat.completion\",\"created\":5,\"model\":\"m\",\"choices\":["
        "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a \\\"b\\\"\","
        "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{"
        "\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,"
        "\"prompt_tokens_details\":{\"cached_tokens\":1},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}",
        "{\"id\":\"i\",\"object\":\"chat.completion\",\"created\":5,\"model\":\"m\",\"choices\":["
        "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
        "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{"
        "\"name\":\"g\",\"arguments\":\"{}\"}}]},\"logprobs\":null,"
        "\"finish_reason\":\"tool_calls\"},{\"index\":1,\"message\":{\"role\":\"assistant\","
        "\"content\":\"x\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"length\"}]}",
    };
    static const struct proa_answer_head head = {.status = 200};
    PROA_TEST_ROWS(answer, answers)
    {
        struct trip t;
        struct proa_buf out;
        struct proa_failure failure;
        const struct proa_api_answer_cfg cfg = {.id = PROA_SLICE("r"), .model = PROA_SLICE("m")};
        begin(&t);
        proa_buf_init(&out, SIZE_MAX);
        struct proa_api_answer *a = proa_api_answer_create(&cfg, &out, &t.arena);
        const struct proa_chat_sink sink = proa_api_answer_sink(a);
        struct proa_decoder *d = proa_decoder_create(proa_dialect_find(PROA_SLICE("openai")),
                                                     PROA_OP_CHAT, &head, &sink, &t.arena);
        assert_true(proa_decoder_whole(d, proa_slice_cstr(*answer), &failure));
        proa_api_answer_end(a, proa_decoder_usage(d), PROA_SLICE_NONE);
        assert_slice_str(proa_buf_slice(&out), *answer);
        proa_decoder_destroy(d);
        proa_api_answer_destroy(a);
        proa_buf_deinit(&out);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_reads_the_same_once_more),
        cmocka_unit_test(what_is_answered_is_what_the_client_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
