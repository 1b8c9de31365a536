/*
 * Random JSON for property tests: valid by construction, odd in spelling. Deterministic by its
 * PRNG; no recursion.
 */
#ifndef PROA_TEST_JSON_GEN_H
#define PROA_TEST_JSON_GEN_H

#include "proa/core/buf.h"
#include "proa/core/prng.h"

static inline uint64_t gen_pick(struct proa_prng *p, uint64_t n)
{
    return proa_prng_below(p, n);
}

static inline void gen_blank(struct proa_buf *b, struct proa_prng *p)
{
    static const char *const blanks[] = {"",  "",   "",   "",   "",
                                         " ", "  ", "\n", "\t", "\r\n         "};
    (void)proa_buf_append_cstr(b, blanks[gen_pick(p, 10)]);
}

static inline void gen_string(struct proa_buf *b, struct proa_prng *p)
{
    static const char *const bits[] = {"a",
                                       "model",
                                       " ",
                                       "plain text of some length",
                                       "\\n",
                                       "\\\"",
                                       "\\\\",
                                       "\\u0041",
                                       "\\ud83d\\ude00",
                                       "\\ud800",
                                       "\\uDC00x",
                                       "\xC3\xA9",
                                       "\xE4\xB8\xAD\xE6\x96\x87",
                                       "\xF0\x9F\x98\x80",
                                       "{",
                                       "}",
                                       ",",
                                       ":",
                                       "[",
                                       "]",
                                       "\x7F",
                                       "/"};
    (void)proa_buf_append_byte(b, '"');
    for (uint64_t n = gen_pick(p, 6); n > 0; n--) {
        (void)proa_buf_append_cstr(b, bits[gen_pick(p, PROA_ARRAY_LEN(bits))]);
    }
    (void)proa_buf_append_byte(b, '"');
}

/* Distinct by its number, sometimes spelled with escapes. */
static inline void gen_key(struct proa_buf *b, struct proa_prng *p, uint64_t number)
{
    (void)proa_buf_append_cstr(b, gen_pick(p, 8) == 0 ? "\"\\u006b" : "\"k");
    (void)proa_buf_append_u64(b, number);
    if (gen_pick(p, 8) == 0) {
        (void)proa_buf_append_cstr(b, "-with-a-longer-name-\xC3\xA9");
    }
    (void)proa_buf_append_byte(b, '"');
    gen_blank(b, p);
    (void)proa_buf_append_byte(b, ':');
    gen_blank(b, p);
}

static inline void gen_scalar(struct proa_buf *b, struct proa_prng *p)
{
    static const char *const words[] = {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-0",
                                        "12",
                                        "1.5",
                                        "-3e7",
                                        "2E+10",
                                        "0.0e-1",
                                        "1234567890123456789",
                                        "3.14159265358979323846264338"};
    uint64_t which = gen_pick(p, 20);
    if (which < PROA_ARRAY_LEN(words)) {
        (void)proa_buf_append_cstr(b, words[which]);
    } else {
        gen_string(b, p);
    }
}

/* Appends one value; `budget` is about how many values it holds. Object keys are k0, k1, … */
static inline void gen_json(struct proa_buf *b, struct proa_prng *p, unsigned budget, bool object)
{
    char stack[32];
    uint64_t count[32];
    size_t depth = 0;
    bool opening = object;
    gen_blank(b, p);
    do {
        if (depth < 31 && budget > 0 && (opening || gen_pick(p, 4) == 0)) {
            bool obj = opening || gen_pick(p, 2) == 0;
            stack[depth] = obj ? '{' : '[';
            count[depth] = 0;
            depth++;
            (void)proa_buf_append_byte(b, obj ? '{' : '[');
        } else {
            gen_scalar(b, p);
        }
        opening = false;
        bool more = false;
        while (depth > 0 && !more) {
            gen_blank(b, p);
            more = budget > 0 && gen_pick(p, 5) != 0;
            if (!more) {
                depth--;
                (void)proa_buf_append_byte(b, stack[depth] == '{' ? '}' : ']');
                continue;
            }
            budget--;
            if (count[depth - 1] > 0) {
                (void)proa_buf_append_byte(b, ',');
                gen_blank(b, p);
            }
            if (stack[depth - 1] == '{') {
                gen_key(b, p, count[depth - 1]);
            }
            count[depth - 1]++;
        }
    } while (depth > 0);
    gen_blank(b, p);
}

/* One to three small damages. */
static inline void gen_mutate(struct proa_buf *b, struct proa_prng *p)
{
    static const char marks[] =
        "{}[]\",:\\ue0-+.1tfn \n\t\x01\x1f\x7f\x80\xbf\xc3\xe4\xed\xf0\xf4\xff";
    for (uint64_t n = 1 + gen_pick(p, 3); n > 0 && b->len > 0; n--) {
        size_t at = (size_t)gen_pick(p, b->len);
        char mark = marks[gen_pick(p, sizeof marks)]; /* its NUL too */
        switch (gen_pick(p, 4)) {
        case 0:
            b->ptr[at] = mark;
            break;
        case 1:
            memmove(b->ptr + at, b->ptr + at + 1, b->len - at - 1);
            b->len--;
            break;
        case 2:
            if (proa_buf_append_byte(b, 0) == PROA_OK) {
                memmove(b->ptr + at + 1, b->ptr + at, b->len - at - 1);
                b->ptr[at] = mark;
            }
            break;
        default:
            b->len = at;
            break;
        }
    }
}

#endif
