/*
 * An answer's items, sent back as a request's: what its provider said, thought and called must be
 * there again as it was, whatever the order of its events. And a stream that breaks, wherever it
 * does, must end as its readers can tell.
 */
#include "proa/api/responses_answer.h"
#include "proa/api/responses_history.h"
#include "proa/api/responses_request.h"
#include "proa/core/prng.h"

#include "../../fuzz/response_check.h"
#include "chat_dump.h"

static const struct proa_usage NOTHING = {.known = 0};

/* ---- what was said, by the events ------------------------------------------------------------ */

/* The message that a client's history would have of an answer: written beside the answer itself, in
 * the words of chat_dump.h. */
struct said {
    struct proa_buf parts;
    enum proa_chat_event_kind open; /* TEXT, REFUSAL, REASONING; else START */
    struct proa_buf text;
};

static void flush(struct said *s, const char *end)
{
    static const char *const kinds[] = {[PROA_CHAT_TEXT] = "text",
                                        [PROA_CHAT_REFUSAL] = "refusal",
                                        [PROA_CHAT_REASONING] = "reasoning"};
    if (s->open != PROA_CHAT_START) {
        (void)proa_buf_append_printf(&s->parts, "[%s text=%" PROA_SLICE_FMT "%s]", kinds[s->open],
                                     PROA_SLICE_ARG(proa_buf_slice(&s->text)), end);
    }
    s->open = PROA_CHAT_START;
    proa_buf_clear(&s->text);
}

static void say(struct said *s, const struct proa_chat_event *e)
{
    switch (e->kind) {
    case PROA_CHAT_TEXT:
    case PROA_CHAT_REFUSAL:
    case PROA_CHAT_REASONING:
        if (s->open != e->kind) {
            flush(s, "");
        }
        s->open = e->kind;
        (void)proa_buf_append(&s->text, e->text);
        break;
    case PROA_CHAT_SIGNATURE:
        flush(s, " signature=SIG");
        break;
    case PROA_CHAT_REDACTED:
        flush(s, "");
        PROA_BUF_LIT(&s->parts, "[reasoning redacted=RED]");
        break;
    case PROA_CHAT_TOOL_START:
        flush(s, "");
        (void)proa_buf_append_printf(&s->parts, "[call id=%" PROA_SLICE_FMT " name=f arguments={}]",
                                     PROA_SLICE_ARG(e->id));
        break;
    default:
        break;
    }
}

/* ---- any answer ------------------------------------------------------------------------------ */

enum { EVENTS_MAX = 64 };

struct script {
    struct proa_chat_event events[EVENTS_MAX];
    char ids[EVENTS_MAX][8];
    size_t n;
};

static void add(struct script *s, struct proa_chat_event event)
{
    s->events[s->n++] = event;
}

/* An answer in the order that proa/chat/event.h promises. */
static void make_script(struct proa_prng *p, struct script *s)
{
    static const struct proa_slice texts[] = {PROA_SLICE_INIT("a"), PROA_SLICE_INIT("\\u00e4\\n"),
                                              PROA_SLICE_INIT("\\\"q\\\""), PROA_SLICE_INIT("{}")};
    uint32_t tools = 0;
    const uint64_t steps = 1 + proa_prng_below(p, 10);
    s->n = 0;
    add(s, (struct proa_chat_event){.kind = PROA_CHAT_START, .model = PROA_SLICE("m")});
    for (uint64_t i = 0; i < steps; i++) {
        const struct proa_slice text = texts[proa_prng_below(p, 4)];
        const uint64_t kind = proa_prng_below(p, 5);
        if (kind < 2) {
            add(s, (struct proa_chat_event){.kind = kind == 0 ? PROA_CHAT_TEXT : PROA_CHAT_REFUSAL,
                                            .text = text});
        } else if (kind == 2) {
            add(s, (struct proa_chat_event){.kind = PROA_CHAT_REASONING, .text = text});
            add(s, (struct proa_chat_event){.kind = PROA_CHAT_REASONING, .text = text});
            add(s,
                (struct proa_chat_event){.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE("SIG")});
        } else if (kind == 3) {
            add(s, (struct proa_chat_event){.kind = PROA_CHAT_REDACTED, .text = PROA_SLICE("RED")});
        } else {
            char *id = s->ids[tools];
            (void)snprintf(id, sizeof s->ids[0], "c%u", (unsigned)tools);
            add(s, (struct proa_chat_event){.kind = PROA_CHAT_TOOL_START,
                                            .tool = tools,
                                            .id = proa_slice_cstr(id),
                                            .name = PROA_SLICE("f")});
            add(s, (struct proa_chat_event){
                       .kind = PROA_CHAT_TOOL_PIECE, .tool = tools, .text = PROA_SLICE("{")});
            add(s, (struct proa_chat_event){
                       .kind = PROA_CHAT_TOOL_PIECE, .tool = tools, .text = PROA_SLICE("}")});
            add(s, (struct proa_chat_event){.kind = PROA_CHAT_TOOL_END, .tool = tools});
            tools++;
        }
    }
    add(s, (struct proa_chat_event){.kind = PROA_CHAT_FINISH,
                                    .finish = tools > 0 ? PROA_CHAT_FINISH_TOOLS
                                                        : PROA_CHAT_FINISH_STOP});
}

static const struct proa_api_response_cfg STREAM = {.stream = true,
                                                    .id = PROA_SLICE_INIT("r1"),
                                                    .generation = PROA_SLICE_INIT("gen_1"),
                                                    .model = PROA_SLICE_INIT("m")};

/* The first `n` events; what they write is appended to `out`. */
static struct proa_api_response *play(const struct script *s, size_t n, struct proa_buf *out,
                                      struct proa_arena *arena)
{
    struct proa_api_response *r = proa_api_response_create(&STREAM, out, arena);
    const struct proa_chat_sink sink = proa_api_response_sink(r);
    for (size_t i = 0; i < n; i++) {
        sink.event(sink.ctx, &s->events[i]);
    }
    return r;
}

/* ---- there and back -------------------------------------------------------------------------- */

static void assert_comes_back(struct proa_slice body, struct proa_slice earlier,
                              const struct said *said, struct proa_arena *arena)
{
    const struct proa_api_request request = {.n_cuts = 0};
    struct proa_api_asked asked;
    struct proa_api_error error;
    struct proa_buf text;
    struct proa_buf expected;
    struct dump dump;
    proa_buf_init(&text, 1024);
    proa_buf_init(&expected, SIZE_MAX);
    proa_buf_init(&dump.out, SIZE_MAX);
    const struct proa_api_body in = {.kind = PROA_API_RESPONSES,
                                     .bytes = body,
                                     .request = &request,
                                     .arena = arena,
                                     .text = &text,
                                     .earlier = &earlier,
                                     .n_earlier = earlier.len > 0};
    assert_ok(proa_api_responses_read(&in, &asked, &error));
    put_chat(&dump, &asked.chat);
    (void)proa_buf_append_printf(
        &expected, "user[text text=q]\nassistant%" PROA_SLICE_FMT "\nuser[text text=go on]\n",
        PROA_SLICE_ARG(proa_buf_slice(&said->parts)));
    assert_slice_equal(proa_buf_slice(&dump.out), proa_buf_slice(&expected));
    proa_buf_deinit(&dump.out);
    proa_buf_deinit(&expected);
    proa_buf_deinit(&text);
}

#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"

/* The three ways in which a client goes on: with the items, by the answer's id, by the items' ids.
 */
static void go_on(struct proa_slice output, const struct said *said, struct proa_arena *arena)
{
    struct proa_buf body;
    struct proa_buf kept;
    struct proa_buf whole;
    proa_buf_init(&body, SIZE_MAX);
    proa_buf_init(&kept, SIZE_MAX);
    proa_buf_init(&whole, SIZE_MAX);
    (void)proa_buf_append_printf(
        &body, "{\"input\":[" USER("q") ",%" PROA_SLICE_FMT "," USER("go on") "]}",
        (int)output.len - 2, output.ptr + 1);
    assert_comes_back(proa_buf_slice(&body), PROA_SLICE_NONE, said, arena);

    assert_ok(proa_api_history_keep(PROA_SLICE("{\"input\":\"q\"}"), output, &kept));
    assert_comes_back(PROA_SLICE("{\"previous_response_id\":\"gen_1\",\"input\":\"go on\"}"),
                      proa_buf_slice(&kept), said, arena);

    struct proa_slice item;
    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "{\"input\":[" USER("q"));
    for (size_t i = 0; proa_json_at(output, i, &item) == PROA_JSON_OBJECT; i++) {
        const struct proa_slice id = need(item, "id", PROA_JSON_STRING);
        (void)proa_buf_append_printf(
            &body, ",{\"type\":\"item_reference\",\"id\":%" PROA_SLICE_FMT "}", PROA_SLICE_ARG(id));
    }
    PROA_BUF_LIT(&body, "," USER("go on") "]}");
    struct proa_slice ids[4];
    assert_int_equal(proa_api_history_references(proa_buf_slice(&body), ids, 4), 1);
    assert_slice_lit(ids[0], "gen_1");
    const struct proa_api_history_kept turn = {ids[0], proa_buf_slice(&kept)};
    assert_ok(proa_api_history_resolve(proa_buf_slice(&body), &turn, 1, arena, &whole));
    assert_comes_back(proa_buf_slice(&whole), PROA_SLICE_NONE, said, arena);
    proa_buf_deinit(&whole);
    proa_buf_deinit(&kept);
    proa_buf_deinit(&body);
}

static void what_was_said_comes_back(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 1);
    for (int round = 0; round < 300; round++) {
        struct script script;
        struct said said = {.open = PROA_CHAT_START};
        struct proa_arena arena;
        struct proa_buf out;
        struct proa_api_history_answer answer;
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, SIZE_MAX);
        proa_buf_init(&said.parts, SIZE_MAX);
        proa_buf_init(&said.text, SIZE_MAX);
        make_script(&p, &script);
        struct proa_api_response *r = play(&script, script.n, &out, &arena);
        proa_api_response_end(r, &NOTHING, PROA_SLICE_NONE);
        for (size_t i = 0; i < script.n; i++) {
            say(&said, &script.events[i]);
        }
        flush(&said, "");
        assert_true(proa_api_history_answer(proa_buf_slice(&out), &answer));
        go_on(answer.output, &said, &arena);
        proa_api_response_destroy(r);
        proa_buf_deinit(&said.text);
        proa_buf_deinit(&said.parts);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

/* ---- broken off ------------------------------------------------------------------------------ */

/* The numbers go on, the last event is the failed Response of the same id, and nothing of it is
 * taken for an answer that a conversation could go on from. */
static void assert_broken_stream(struct proa_slice all, size_t n_events)
{
    struct proa_api_history_answer answer;
    size_t n = 0;
    struct proa_slice data = PROA_SLICE_NONE;
    assert_false(proa_api_history_answer(all, &answer));
    while (all.len > 0) {
        struct proa_slice rest;
        const struct proa_slice name = proa_slice_from(proa_slice_split(all, '\n', &rest), 7);
        data = proa_slice_from(proa_slice_split(rest, '\n', &rest), 6);
        check_object(data);
        assert_int_equal(need_u64(data, "sequence_number"), n);
        assert_slice_equal(proa_chat_text(need(data, "type", PROA_JSON_STRING)), name);
        if (n == n_events) {
            assert_slice_lit(name, "error");
            (void)need(data, "error", PROA_JSON_OBJECT);
            (void)need(data, "message", PROA_JSON_STRING);
        }
        n++;
        all = proa_slice_from(rest, 1);
    }
    assert_int_equal(n, n_events + 2);
    const struct proa_slice response = need(data, "response", PROA_JSON_OBJECT);
    assert_slice_lit(need(response, "id", PROA_JSON_STRING), "\"gen_1\"");
    assert_slice_lit(need(response, "status", PROA_JSON_STRING), "\"failed\"");
    (void)need(need(response, "error", PROA_JSON_OBJECT), "code", PROA_JSON_STRING);
}

static void a_stream_that_breaks_anywhere(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 2);
    for (int round = 0; round < 40; round++) {
        struct script script;
        make_script(&p, &script);
        for (size_t cut = 1; cut < script.n; cut++) {
            struct proa_arena arena;
            struct proa_buf out;
            proa_arena_init(&arena, NULL);
            proa_buf_init(&out, SIZE_MAX);
            struct proa_api_response *r = play(&script, cut, &out, &arena);
            const uint64_t n = proa_api_response_sequence(r);
            const struct proa_api_error error = {.code = PROA_API_ERR_INTERRUPTED,
                                                 .message = PROA_SLICE("it broke"),
                                                 .generation = PROA_SLICE("gen_1"),
                                                 .model = PROA_SLICE("m"),
                                                 .sequence = n};
            assert_ok(proa_api_error_event(PROA_SURFACE_RESPONSES, &error, &out));
            assert_broken_stream(proa_buf_slice(&out), n);
            proa_api_response_destroy(r);
            proa_buf_deinit(&out);
            proa_arena_reset(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_comes_back),
        cmocka_unit_test(a_stream_that_breaks_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
