/*
 * What a generated answer says, before it is put into any format: the text, or the calls of tools.
 *
 * Pure. Slices borrow from the request, the author or the arena.
 */
#ifndef PROA_MOCK_SPEECH_PRIV_H
#define PROA_MOCK_SPEECH_PRIV_H

#include "answer_priv.h"

enum { MOCK_MAX_CALLS = 16 };

struct mock_call {
    struct proa_slice name;
    struct proa_slice arguments; /* JSON */
};

/* Why an answer ends, before a dialect gives it a name. */
enum mock_finish { MOCK_FINISH_STOP = 0, MOCK_FINISH_LENGTH, MOCK_FINISH_CALLS };

struct mock_speech {
    struct proa_slice text;
    struct proa_slice thought; /* what is thought before; empty = nothing */
    struct mock_call calls[MOCK_MAX_CALLS];
    uint32_t n_calls; /* not 0: calls instead of text */
    enum mock_finish finish;
    struct proa_slice reason;   /* FINISH: said instead of what `finish` is called; empty = not */
    uint64_t completion_tokens; /* of one choice, thoughts included */
    uint64_t thought_tokens;
    uint64_t cached_tokens; /* of the prompt's */
};

/* What each dialect's writer works with. */
struct mock_making {
    struct mock_answer *a;
    const struct mock_request *req;
    const struct proa_mock_plan *plan;
    const struct mock_author *author;
    struct proa_arena *arena;
    struct mock_speech speech; /* CHAT, COMPLETIONS */
};

/* Text: what WORDS or SIZE ask for, else the author's, else an echo; cut at max_tokens. Tools are
 * called when the request demands it, when CALLS does, or when the user's message names a tool or
 * holds the word "tool"; in the turn after a tool's result only one that is named behind it. An
 * answer whose beginning is given as the last message is gone on with from there. */
void proa_mock_speech_make(const struct mock_request *req, const struct proa_mock_plan *plan,
                           const struct mock_author *author, struct proa_arena *arena,
                           struct mock_speech *out);

/* Does the plan leave out what a stream ends with? */
bool proa_mock_ends_open(const struct proa_mock_plan *plan);
/* The name of the finish in a dialect's words, or what FINISH says instead. */
struct proa_slice proa_mock_finish(const struct mock_making *m, struct proa_slice stop,
                                   struct proa_slice length, struct proa_slice calls);
static inline bool mock_says_usage(const struct mock_making *m)
{
    return proa_mock_plan_get(m->plan, PROA_MOCK_USAGE, 1) != 0;
}

/* ---- one for each dialect: writes m->a for what its reader took */
void proa_mock_openai_make(struct mock_making *m);
void proa_mock_anthropic_make(struct mock_making *m);
void proa_mock_gemini_make(struct mock_making *m);
void proa_mock_bedrock_make(struct mock_making *m);
void proa_mock_cohere_make(struct mock_making *m);
void proa_mock_responses_make(struct mock_making *m);
void proa_mock_token_make(struct mock_making *m);

/* Cuts the next word, with the blanks before it, off the front of *rest. */
struct proa_slice proa_mock_speech_word(struct proa_slice *rest);
/* Cuts about n bytes off the front of *rest, never inside a character. */
struct proa_slice proa_mock_speech_part(struct proa_slice *rest, size_t n);

#endif
