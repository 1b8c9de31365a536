#include "dialects_priv.h"
#include "openai_priv.h"
#include "openai_quirks_priv.h"

#include "proa/provider/vendor.h"

#include "proa_test.h"

static const struct proa_vendor *vendor(const char *name)
{
    const struct proa_vendor *v = proa_vendor_find(proa_slice_cstr(name));
    assert_non_null(v);
    return v;
}

static void test_the_first_row_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        uint32_t flags; /* among others */
        uint32_t refused;
    } rows[] = {
        {"openai", "o1", OPENAI_MAX_NEW | OPENAI_DEVELOPER, OPENAI_FIELD(TEMPERATURE)},
        {"openai", "o3-mini", OPENAI_MAX_NEW, OPENAI_FIELD(TOP_P)},
        {"openai", "gpt-6-sol", OPENAI_MAX_NEW, OPENAI_FIELD(LOGPROBS)},
        {"azure", "gpt-5-mini", OPENAI_MAX_NEW, OPENAI_FIELD(PENALTIES)},
        {"openai", "gpt-5.1-chat-latest", OPENAI_NO_TOP_K, OPENAI_FIELD(EFFORT)},
        {"openai", "gpt-4.1", OPENAI_NO_TOP_K, OPENAI_FIELD(EFFORT)},
        {"mistral", "codestral-2508", OPENAI_STRICT | OPENAI_IDS_9, OPENAI_FIELD(USER)},
        {"xai", "grok-4-fast-non-reasoning", OPENAI_TRANSLATE, OPENAI_FIELD(EFFORT)},
        {"xai", "grok-4.5", OPENAI_TRANSLATE, OPENAI_FIELD(STOP)},
        {"groq", "openai/gpt-oss-20b", OPENAI_NO_NAMES, OPENAI_FIELD(N)},
        {"deepseek", "deepseek-v4-pro", OPENAI_REASONING_BACK, OPENAI_FIELD(SEED)},
        {"ollama", "llama3", OPENAI_MAX_OLD, 0},
        {"vllm", "anything", 0, 0},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct openai_quirks *q =
            proa_openai_quirks(vendor(rows[i].vendor), proa_slice_cstr(rows[i].model));
        PROA_TEST_CHECK((q->flags & rows[i].flags) == rows[i].flags, "%s", rows[i].model);
        PROA_TEST_CHECK((q->refused & rows[i].refused) == rows[i].refused, "%s", rows[i].model);
    }
    const struct openai_quirks *any = proa_openai_quirks(NULL, PROA_SLICE("gpt-5"));
    assert_int_equal(any->flags, 0);
    assert_int_equal(any->refused, 0);
}

/* A request that goes through untouched must be one that the provider takes untouched, and whose
 * answer is what the client expects. */
static void test_who_passes(void **state)
{
    (void)state;
    static const char *const pass[] = {"openai", "azure", "openrouter", "vllm", "ollama"};
    static const char *const others[] = {"mistral", "groq", "xai", "deepseek", "together"};
    const struct proa_slice model = PROA_SLICE("m");
    assert_true(proa_dialect_openai.passes(NULL, model, PROA_OP_CHAT));
    for (size_t i = 0; i < PROA_ARRAY_LEN(pass); i++) {
        assert_true(proa_dialect_openai.passes(vendor(pass[i]), model, PROA_OP_CHAT));
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        assert_false(proa_dialect_openai.passes(vendor(others[i]), model, PROA_OP_CHAT));
    }
}

/* What a vendor is known not to have is not sent there as it is. */
static void test_who_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        bool offers;
        bool passes;
    } rows[] = {
        {"openai", false, false},  {"azure", false, false},   {"mistral", false, false},
        {"groq", false, false},    {"ollama", false, false},  {"cerebras", false, false},
        {"vllm", true, true},      {"fireworks", true, true}, {"llamacpp", true, true},
        {"together", true, false}, {"lmstudio", true, true},
    };
    const struct proa_slice model = PROA_SLICE("m");
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *v = vendor(row->vendor);
        PROA_TEST_CHECK(proa_dialect_openai.offers(v, model, PROA_OP_RERANK) == row->offers &&
                            proa_dialect_openai.passes(v, model, PROA_OP_RERANK) == row->passes,
                        "%s", row->vendor);
    }
    assert_true(proa_dialect_openai.passes(NULL, model, PROA_OP_RERANK));
}

static void test_who_has_embeddings(void **state)
{
    (void)state;
    const struct proa_slice model = PROA_SLICE("m");
    assert_true(proa_dialect_openai.offers(vendor("openai"), model, PROA_OP_EMBEDDING));
    assert_false(proa_dialect_openai.offers(vendor("groq"), model, PROA_OP_EMBEDDING));
    assert_false(proa_dialect_openai.offers(vendor("deepseek"), model, PROA_OP_EMBEDDING));
    assert_true(proa_dialect_openai.offers(vendor("groq"), model, PROA_OP_CHAT));
    assert_int_equal(proa_dialect_openai.inputs_max(NULL, model), 2048);
}

/* Images, edits, speech, transcriptions, translations. */
static void test_who_has_images_and_audio(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *has; /* of "IESTR" */
    } rows[] = {
        {"openai", "IESTR"}, {"azure", "IESTR"},      {"xai", "I"},
        {"groq", "STR"},     {"together", "ISTR"},    {"mistral", "T"},
        {"deepseek", ""},    {"cerebras", ""},        {"vllm", "IESTR"},
        {"ollama", "IESTR"}, {"openrouter", "IESTR"},
    };
    static const enum proa_operation ops[] = {PROA_OP_IMAGE, PROA_OP_IMAGE_EDIT, PROA_OP_SPEECH,
                                              PROA_OP_TRANSCRIPTION, PROA_OP_TRANSLATION};
    const struct proa_slice model = PROA_SLICE("m");
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *v = vendor(row->vendor);
        for (size_t i = 0; i < PROA_ARRAY_LEN(ops); i++) {
            const bool has = strchr(row->has, "IESTR"[i]) != NULL;
            /* What is there is passed on as it is, also where chats are not. */
            PROA_TEST_CHECK(proa_dialect_openai.offers(v, model, ops[i]) == has &&
                                proa_dialect_openai.passes(v, model, ops[i]) == has,
                            "%s %c", row->vendor, "IESTR"[i]);
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(ops); i++) {
        assert_true(proa_dialect_openai.passes(NULL, model, ops[i]));
        assert_false(proa_dialect_anthropic.offers(NULL, model, ops[i]));
        assert_false(proa_dialect_gemini.offers(NULL, model, ops[i]));
        assert_false(proa_dialect_cohere.offers(NULL, model, ops[i]));
        assert_false(proa_dialect_bedrock.offers(NULL, model, ops[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_row_that_fits),
        cmocka_unit_test(test_who_passes),
        cmocka_unit_test(test_who_ranks),
        cmocka_unit_test(test_who_has_embeddings),
        cmocka_unit_test(test_who_has_images_and_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
