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

struct mock_speech {
    struct proa_slice text;
    struct mock_call calls[MOCK_MAX_CALLS];
    uint32_t n_calls; /* not 0: calls instead of text */
    struct proa_slice finish;
    uint64_t completion_tokens; /* of one choice */
};

/* Text: what WORDS or SIZE ask for, else the author's, else an echo; cut at max_tokens. Tools are
 * called when the request demands it, when CALLS does, or when the user's message names a tool or
 * holds the word "tool"; never in the turn after a tool's result. An answer whose beginning is
 * given as the last message is gone on with from there. */
void proa_mock_speech_make(const struct mock_request *req, const struct proa_mock_plan *plan,
                           const struct mock_author *author, struct proa_arena *arena,
                           struct mock_speech *out);

/* Cuts the next word, with the blanks before it, off the front of *rest. */
struct proa_slice proa_mock_speech_word(struct proa_slice *rest);
/* Cuts about n bytes off the front of *rest, never inside a character. */
struct proa_slice proa_mock_speech_part(struct proa_slice *rest, size_t n);

#endif
