/*
 * Which class a failed answer is of: a table of rules, read from top to bottom, of which the first
 * that fits decides; where none does, the status.
 *
 * Pure. A dialect brings the table and finds out what the body says; nothing here knows a
 * provider's JSON. What one provider does differently is a row with its name.
 */
#ifndef PROA_PROVIDER_JUDGE_PRIV_H
#define PROA_PROVIDER_JUDGE_PRIV_H

#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

/* What an error says. Slices are borrowed. */
struct proa_said {
    uint16_t status; /* of the answer, or that the error names; 0 = an error with status 200 */
    bool is_json;    /* the body is an object or an array, not empty, HTML or plain text */
    struct proa_slice message;
    struct proa_slice type;
    struct proa_slice code;
    struct proa_slice details; /* what is told besides, JSON as it stands */
    uint64_t wait_ns;          /* that the body asks for; 0 = none */
};

enum proa_rule_where {
    PROA_RULE_ALWAYS = 0, /* the status is enough; no pattern */
    PROA_RULE_CODE,       /* code or type is this, in any case */
    PROA_RULE_MESSAGE,    /* the message holds this, in any case */
    PROA_RULE_TEXT,       /* the message is this and no more, in any case */
    PROA_RULE_DETAILS,    /* the details hold this, in any case */
    PROA_RULE_HEADER,     /* "name" was sent, or "name: value" was, in any case */
    PROA_RULE_NO_JSON     /* the body is none; no pattern */
};

/* What follows from a rule besides the class. */
enum proa_rule_extra {
    PROA_RULE_NOTHING = 0,
    PROA_RULE_UNTIL_TOLD,    /* it is over when the answer says: its wait, or its spent limit's
                                reset */
    PROA_RULE_UNTIL_PACIFIC, /* it is over at midnight in California */
    PROA_RULE_NOT_AT_ONCE,   /* no wait is told, but less than a second is too little */
    PROA_RULE_WRONG_PATH     /* the address is not that of an API */
};

struct proa_error_rule {
    struct proa_slice vendor; /* empty = any */
    uint16_t from;            /* statuses it holds for; 0 is an error in an answer with 200 */
    uint16_t to;
    enum proa_rule_where where;
    struct proa_slice pattern;
    enum proa_class class;
    enum proa_refusal refusal;
    enum proa_rule_extra extra;
};

/* A row of a table of rules; each table has shorter ones of its own. */
#define PROA_ERROR_ROW(vendor, from, to, where, pattern, class, refusal, extra)                    \
    {                                                                                              \
        PROA_SLICE_INIT(vendor), (from), (to), PROA_RULE_##where, PROA_SLICE_INIT(pattern),        \
            PROA_CLASS_##class, PROA_REFUSAL_##refusal, PROA_RULE_##extra                          \
    }

/* Fills all of *out. */
void proa_judge(const struct proa_error_rule *rules, size_t n_rules,
                const struct proa_answer_head *head, const struct proa_said *said,
                struct proa_failure *out);

#endif
