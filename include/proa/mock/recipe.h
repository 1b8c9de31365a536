/*
 * Recipes: what should go wrong with an answer of the mock upstream, written in one short line.
 *
 *   recipe  = item *( ("," / ";") item )              blanks around an item are ignored
 *   item    = [ "p=" percent ":" ] setting *( ":" setting ) [ ":" percent "%" ]
 *   setting = status / name [ "=" value ]             "_" in a name is read as "-"
 *
 * A bare three-digit number is `status=` of it. Settings joined by ":" belong together: one draw of
 * chance decides on all of them. Examples:
 *
 *   status=503                         every answer is this error
 *   status=429:retry-after=2           with a header that says when to come back
 *   p=20%:cut=123:rst                  one answer in five breaks behind 123 bytes of body
 *   429:20%,stall:5%,cut_stream:2%     each drawn on its own
 *   fail-first=2                       two failures, then all is well
 *
 * Where several recipes apply to one request, later settings replace earlier ones: those of the
 * whole mock, of the path, of the key, of the model, of the header `x-mock`.
 *
 * In a model name the recipe follows a plus sign: `echo+status=429,retry-after=2`. Every character
 * that a recipe needs passes as a part of a model name, if `,` separates the items and the percent
 * sign behind `p=` is left out: `echo+p=20:status=503`. A key carries its recipe likewise.
 *
 * Pure: no allocation, no state; chance comes from the caller's generator.
 */
#ifndef PROA_MOCK_RECIPE_H
#define PROA_MOCK_RECIPE_H

#include "proa/core/clock.h"
#include "proa/core/prng.h"
#include "proa/core/slice.h"

/*
 * X(id, name, type, bare, help). `bare` is the value of a setting written without one; REQUIRED
 * means that it must have one. Event counts include every SSE event, the opening role-only one too.
 */
#define PROA_MOCK_SETTING_TABLE(X)                                                                 \
    X(STATUS, "status", STATUS, REQUIRED, "answer with this status and an error object")           \
    X(CODE, "code", CODE, REQUIRED, "error code in the object, instead of the status' usual one")  \
    X(HTML, "html", FLAG, 1, "the error's body is a page of HTML, as from a CDN")                  \
    X(RETRY_AFTER, "retry-after", COUNT, REQUIRED, "header retry-after in seconds")                \
    X(RETRY_AFTER_MS, "retry-after-ms", COUNT, REQUIRED, "header retry-after-ms")                  \
    X(HTTP_DATE, "http-date", COUNT, REQUIRED,                                                     \
      "header retry-after as a date so many seconds away")                                         \
    X(RESET, "reset", DURATION, REQUIRED,                                                          \
      "nothing left: x-ratelimit-reset-requests says how long")                                    \
    X(SHOULD_RETRY, "should-retry", SWITCH, REQUIRED, "header x-should-retry")                     \
    X(DELAY, "delay", DURATION, REQUIRED, "wait before the head")                                  \
    X(FIRST, "first", DURATION, REQUIRED, "wait between the head and the first byte of the body")  \
    X(GAP, "gap", DURATION, REQUIRED, "wait between two events")                                   \
    X(KEEPALIVE, "keepalive", DURATION, REQUIRED,                                                  \
      "comment lines at this pace while `first` lasts")                                            \
    X(STALL, "stall", STALL, 0,                                                                    \
      "fall silent, connection open: head (also bare), first, or events")                          \
    X(CUT, "cut", CUT, PROA_MOCK_CUT_MIDDLE, "close behind so many bytes of body; head; middle")   \
    X(CUT_STREAM, "cut-stream", FLAG, 1, "as `cut`, in the middle of streamed answers only")       \
    X(RST, "rst", FLAG, 1, "what is cut ends in RST instead of FIN")                               \
    X(DRIP, "drip", DURATION, PROA_NS_PER_S, "one byte of body at a time, this far apart")         \
    X(MALFORMED, "malformed", COUNT, 1, "this event (1 = the first) is no JSON")                   \
    X(ERROR_FIRST, "error-first", FLAG, 1, "the first event is an error object, and the last one") \
    X(ERROR_AFTER, "error-after", COUNT, REQUIRED, "an error object after so many events")         \
    X(NO_DONE, "no-done", FLAG, 1, "no [DONE]")                                                    \
    X(NO_TERMINATOR, "no-terminator", FLAG, 1,                                                     \
      "streams lack what ends them: [DONE], message_stop, messageStop, a finishReason, ...")       \
    X(NO_FINISH, "no-finish", FLAG, 1, "no event with a finish_reason")                            \
    X(USAGE, "usage", SWITCH, REQUIRED, "no: never say how many tokens were used")                 \
    X(OK_ERROR, "200-error", FLAG, 1, "an error object with status 200")                           \
    X(EMPTY, "empty", FLAG, 1, "status 200 and not one byte of body")                              \
    X(FAIL_FIRST, "fail-first", COUNT, 1, "so many failures per key, then none; 503 if not said")  \
    X(LIMIT, "limit", COUNT, REQUIRED, "requests a minute the key may make; then 429")             \
    X(CALLS, "calls", COUNT, 1, "call so many of the request's tools")                             \
    X(WORDS, "words", COUNT, REQUIRED, "answer with so many words")                                \
    X(SIZE, "size", BYTES, REQUIRED, "answer with so many bytes of text")                          \
    X(ERROR, "error", ERROR, REQUIRED,                                                             \
      "answer, or end the stream with error-first and error-after, with a recorded error of the "  \
      "profile")                                                                                   \
    X(FINISH, "finish", FINISH, REQUIRED, "say this as the reason why the answer ended")           \
    X(THINK, "think", SWITCH, 1, "think first, asked or not; no: never")                           \
    X(CACHED, "cached", COUNT, REQUIRED, "so many tokens of the prompt came from a cache")         \
    X(MIRROR, "mirror", FLAG, 1, "the answer's text is the body of the request")                   \
    X(ODD, "odd", FLAG, 1, "shapes that are rare, but that the provider has been seen to send")    \
    X(BAD_CRC, "bad-crc", COUNT, 1, "this frame of an event stream has a wrong checksum")          \
    X(PIECE, "piece", COUNT, REQUIRED, "so many bytes at a time with `drip`, instead of one")      \
    X(SPLIT, "split", COUNT, REQUIRED, "pause for 20 ms behind so many bytes of body")             \
    X(EXPIRES, "expires", DURATION, REQUIRED, "tokens that are issued live so long")

enum proa_mock_setting {
#define PROA_MOCK_SETTING_ENUM(id, name, type, bare, help) PROA_MOCK_##id,
    PROA_MOCK_SETTING_TABLE(PROA_MOCK_SETTING_ENUM)
#undef PROA_MOCK_SETTING_ENUM
        PROA_MOCK_SETTINGS
};

/* Special values of CUT; of STALL: 0 = before the head, k + 1 = after k events. */
#define PROA_MOCK_CUT_MIDDLE (UINT64_MAX - 1)
#define PROA_MOCK_CUT_HEAD   (UINT64_MAX - 2)

enum { PROA_MOCK_RECIPE_MAX = 32, PROA_MOCK_ALWAYS = 1000000 };

/* One setting of a recipe. */
struct proa_mock_step {
    uint8_t setting;     /* enum proa_mock_setting */
    bool is_joined;      /* shares the draw of the step before it */
    uint32_t chance_ppm; /* PROA_MOCK_ALWAYS without a probability */
    uint64_t value;
};

/* A parsed recipe. Value type; zero is the recipe without any fault. */
struct proa_mock_recipe {
    struct proa_mock_step steps[PROA_MOCK_RECIPE_MAX];
    uint32_t n;
};

/* Why a recipe was refused: `at` is the byte where the wrong part begins. */
struct proa_mock_recipe_fault {
    size_t at;
    char message[192]; /* unknown setting "statsu": did you mean "status"? */
};

/* SYNTAX: not of that grammar, or unknown names; RANGE: a value out of range; LIMIT: more than
 * PROA_MOCK_RECIPE_MAX settings. *out is untouched then, *fault (may be NULL) says why. */
enum proa_err proa_mock_recipe_parse(struct proa_slice text, struct proa_mock_recipe *out,
                                     struct proa_mock_recipe_fault *fault) PROA_MUST_CHECK;

/* What is settled for one request. Value type; zero is an ordinary answer. */
struct proa_mock_plan {
    uint64_t set; /* bit per setting */
    uint64_t values[PROA_MOCK_SETTINGS];
};

/* Draws the recipe's chances and adds what came out to the plan, replacing what it had. */
void proa_mock_plan_add(struct proa_mock_plan *plan, const struct proa_mock_recipe *recipe,
                        struct proa_prng *prng);

static inline bool proa_mock_plan_has(const struct proa_mock_plan *plan, enum proa_mock_setting s)
{
    return (plan->set >> s & 1U) != 0;
}
/* The setting's value, or `otherwise` where it is not set. */
static inline uint64_t proa_mock_plan_get(const struct proa_mock_plan *plan,
                                          enum proa_mock_setting s, uint64_t otherwise)
{
    return proa_mock_plan_has(plan, s) ? plan->values[s] : otherwise;
}

/* Name and one-line help of a setting, static: for the command's own help. */
struct proa_slice proa_mock_setting_name(enum proa_mock_setting s);
struct proa_slice proa_mock_setting_help(enum proa_mock_setting s);
/* The error code that a value of CODE stands for; empty for no such value. */
struct proa_slice proa_mock_code_text(uint64_t value);
/* The reason that a value of FINISH stands for; empty for no such value. */
struct proa_slice proa_mock_finish_text(uint64_t value);

#endif
