#include "openai_quirks_priv.h"

#include "proa/core/check.h"
#include "proa/provider/vendor.h"

#define PENALTIES OPENAI_FIELD(PENALTIES)

/* What OpenAI's reasoning models refuse. */
#define REASONING_REFUSES                                                                          \
    (OPENAI_FIELD(TEMPERATURE) | OPENAI_FIELD(TOP_P) | PENALTIES | OPENAI_FIELD(LOGPROBS))
#define OPENAI_FLAGS    (OPENAI_NO_TOP_K | OPENAI_NO_OWN_WORDS)
#define REASONING_FLAGS (OPENAI_FLAGS | OPENAI_MAX_NEW | OPENAI_DEVELOPER)

static const struct openai_efforts MISTRAL_EFFORTS = {
    {NULL, "none", "none", "high", "high", "high", "high", "high"}};
static const struct openai_efforts DEEPSEEK_EFFORTS = {
    {NULL, NULL, "low", "low", "high", "high", "max", "max"}};
static const struct openai_efforts QWEN_EFFORTS = {
    {NULL, "none", "default", "default", "default", "default", "default", "default"}};
static const struct openai_efforts GPT_OSS_EFFORTS = {
    {NULL, NULL, "low", "low", "medium", "high", "high", "high"}};

static const struct proa_slice XAI_EXTRAS[] = {PROA_SLICE_INIT("logit_bias"),
                                               PROA_SLICE_INIT("top_k"),
                                               PROA_SLICE_INIT("metadata"),
                                               {NULL, 0}};
static const struct proa_slice GROQ_EXTRAS[] = {
    PROA_SLICE_INIT("logit_bias"), PROA_SLICE_INIT("top_logprobs"), {NULL, 0}};

enum {
    GROQ_FLAGS = OPENAI_TRANSLATE | OPENAI_MAX_NEW | OPENAI_NO_NAMES | OPENAI_NO_TOP_K,
    GROQ_REFUSES = OPENAI_FIELD(LOGPROBS) | OPENAI_FIELD(N),
    XAI_FLAGS = OPENAI_TRANSLATE | OPENAI_MAX_NEW | OPENAI_NO_TOP_K,
    MISTRAL_FLAGS = OPENAI_TRANSLATE | OPENAI_MAX_OLD | OPENAI_STRICT | OPENAI_NO_STREAM_OPTIONS |
                    OPENAI_RANDOM_SEED | OPENAI_ANY | OPENAI_IDS_9 | OPENAI_PREFIX |
                    OPENAI_TOOL_NAME | OPENAI_DIMENSION | OPENAI_NO_TOP_K | OPENAI_NO_NAMES,
    MISTRAL_REFUSES = OPENAI_FIELD(LOGPROBS) | OPENAI_FIELD(USER) | OPENAI_FIELD(SERVICE_TIER),
    DEEPSEEK_FLAGS = OPENAI_TRANSLATE | OPENAI_MAX_OLD | OPENAI_JSON_ONLY | OPENAI_THINKING |
                     OPENAI_USER_ID | OPENAI_REASONING_BACK | OPENAI_NO_TOP_K,
    DEEPSEEK_REFUSES =
        OPENAI_FIELD(SEED) | PENALTIES | OPENAI_FIELD(SERVICE_TIER) | OPENAI_FIELD(N),
};

/* Images and audio. A form is not taken for edits where only JSON is; what has another form at its
 * provider is not there. */
enum {
    IMAGES = OPENAI_OP(IMAGE) | OPENAI_OP(IMAGE_EDIT),
    HEARING = OPENAI_OP(TRANSCRIPTION) | OPENAI_OP(TRANSLATION),
    ALL_MEDIA = IMAGES | OPENAI_OP(SPEECH) | HEARING,
    XAI_LACKS = OPENAI_OP(IMAGE_EDIT) | OPENAI_OP(SPEECH) | HEARING,
    MISTRAL_LACKS = IMAGES | OPENAI_OP(SPEECH) | OPENAI_OP(TRANSLATION),
};

#define ROW(vendor_, model_, ...)                                                                  \
    {                                                                                              \
        .vendor = PROA_SLICE_INIT(vendor_), .model = PROA_SLICE_INIT(model_), __VA_ARGS__          \
    }
/* The same for OpenAI and for Azure, which serves its models. */
#define OPENAI_ROWS(model_, ...)                                                                   \
    ROW("openai", model_, .no_ranks = true, .responses = OPENAI_RESPONSES_KEPT, __VA_ARGS__),      \
        ROW("azure", model_, .no_ranks = true, .responses = OPENAI_RESPONSES_KEPT, __VA_ARGS__)
#define REASONING_ROWS(model_)                                                                     \
    OPENAI_ROWS(model_, .flags = REASONING_FLAGS, .refused = REASONING_REFUSES)

/* The first row that fits counts. */
static const struct openai_quirks QUIRKS[] = {
    /* chat models among the names that look like reasoning models */
    OPENAI_ROWS("gpt-5*-chat*", .flags = OPENAI_FLAGS, .refused = OPENAI_FIELD(EFFORT)),
    REASONING_ROWS("o1*"),
    REASONING_ROWS("o3*"),
    REASONING_ROWS("o4*"),
    REASONING_ROWS("gpt-5*"),
    REASONING_ROWS("gpt-6*"),
    OPENAI_ROWS("*", .flags = OPENAI_FLAGS, .refused = OPENAI_FIELD(EFFORT)),

    ROW("xai", "*non-reasoning*", .flags = XAI_FLAGS, .refused = OPENAI_FIELD(EFFORT),
        .refused_extras = XAI_EXTRAS, .no_embeddings = true, .no_ranks = true, .lacks = XAI_LACKS,
        .responses = OPENAI_RESPONSES_KEPT),
    ROW("xai", "grok-2*", .flags = XAI_FLAGS, .refused = OPENAI_FIELD(EFFORT),
        .refused_extras = XAI_EXTRAS, .no_embeddings = true, .no_ranks = true, .lacks = XAI_LACKS,
        .responses = OPENAI_RESPONSES_KEPT),
    ROW("xai", "*", .flags = XAI_FLAGS, .refused = OPENAI_FIELD(STOP) | PENALTIES,
        .refused_extras = XAI_EXTRAS, .no_embeddings = true, .no_ranks = true, .lacks = XAI_LACKS,
        .responses = OPENAI_RESPONSES_KEPT),

    ROW("mistral", "*", .flags = MISTRAL_FLAGS, .refused = MISTRAL_REFUSES,
        .efforts = &MISTRAL_EFFORTS, .no_ranks = true, .lacks = MISTRAL_LACKS),
    ROW("deepseek", "*", .flags = DEEPSEEK_FLAGS, .refused = DEEPSEEK_REFUSES,
        .efforts = &DEEPSEEK_EFFORTS, .no_embeddings = true, .no_ranks = true, .lacks = ALL_MEDIA),

    ROW("groq", "qwen*", .flags = GROQ_FLAGS | OPENAI_REASONING_FORMAT, .refused = GROQ_REFUSES,
        .efforts = &QWEN_EFFORTS, .refused_extras = GROQ_EXTRAS, .no_embeddings = true,
        .no_ranks = true, .lacks = IMAGES),
    ROW("groq", "openai/gpt-oss*", .flags = GROQ_FLAGS, .refused = GROQ_REFUSES,
        .efforts = &GPT_OSS_EFFORTS, .refused_extras = GROQ_EXTRAS, .no_embeddings = true,
        .no_ranks = true, .lacks = IMAGES),
    ROW("groq", "*", .flags = GROQ_FLAGS, .refused = GROQ_REFUSES | OPENAI_FIELD(EFFORT),
        .refused_extras = GROQ_EXTRAS, .no_embeddings = true, .no_ranks = true, .lacks = IMAGES),

    ROW("ollama", "*", .flags = OPENAI_MAX_OLD | OPENAI_DATA_URLS, .no_ranks = true),
    ROW("cerebras", "*", .flags = OPENAI_MAX_NEW | OPENAI_FLAGS, .no_embeddings = true,
        .no_ranks = true, .lacks = ALL_MEDIA),
    ROW("openrouter", "*", .responses = OPENAI_RESPONSES_SERVED),
    /* Ends answers with "eos", a reason that clients of OpenAI do not know. */
    ROW("together", "*", .flags = OPENAI_TRANSLATE, .lacks = OPENAI_OP(IMAGE_EDIT)),
    ROW("", "*", .flags = 0),
};

const struct openai_quirks *proa_openai_quirks(const struct proa_vendor *vendor,
                                               struct proa_slice model)
{
    const size_t last = PROA_ARRAY_LEN(QUIRKS) - 1;
    for (size_t i = 0; vendor && i < last; i++) {
        if (proa_slice_eq(QUIRKS[i].vendor, vendor->name) &&
            proa_slice_glob(QUIRKS[i].model, model)) {
            return &QUIRKS[i];
        }
    }
    return &QUIRKS[last];
}
