/*
 * Providers that speak OpenAI's dialect, and in what each of them differs: a row for each, in what
 * it refuses, what it demands and how it answers.
 *
 * Pure.
 */
#ifndef PROA_MOCK_SHAPES_PRIV_H
#define PROA_MOCK_SHAPES_PRIV_H

#include "reading_priv.h"

/* What is checked in a request. */
enum {
    MOCK_CHECK_CALLS = 1U << 0,       /* results of tools follow their calls, all of them */
    MOCK_CHECK_JSON_WORD = 1U << 1,   /* json_object needs the word "json" in a message */
    MOCK_CHECK_REASONING = 1U << 2,   /* models that think refuse sampling; others an effort */
    MOCK_CHECK_SHORT_IDS = 1U << 3,   /* ids of calls are nine letters and digits */
    MOCK_CHECK_PREFIX = 1U << 4,      /* a last message of the assistant says prefix:true */
    MOCK_CHECK_NO_SCHEMA = 1U << 5,   /* no json_schema */
    MOCK_CHECK_SOME_SCHEMA = 1U << 6, /* json_schema with some models only */
    MOCK_CHECK_ONE_CHOICE = 1U << 7,  /* n = 1 */
    MOCK_CHECK_NO_NAMES = 1U << 8,    /* messages have no name */
    MOCK_CHECK_DATA_IMAGES = 1U << 9, /* images as data URLs only */
    MOCK_CHECK_MODEL = 1U << 10,      /* names that begin with "unknown" are unknown */
    MOCK_CHECK_TOOLS = 1U << 11,      /* tools is no empty list */
    MOCK_CHECK_LIMIT_NAME = 1U << 12, /* models that think refuse max_tokens */
    MOCK_IGNORES_CHOICE = 1U << 13,   /* tool_choice is not honoured */
    MOCK_CHECK_THOUGHTS = 1U << 15,   /* thoughts come back with their calls, and only then */
    MOCK_TAKES_ANY = 1U << 14         /* tool_choice "any" */
};

/* How answers differ. */
enum {
    MOCK_SHAPE_OBFUSCATES = 1U << 0,     /* chunks are padded unless told not to */
    MOCK_SHAPE_FILTERS = 1U << 1,        /* results of content filters; a chunk ahead of all */
    MOCK_SHAPE_WHOLE_CALLS = 1U << 2,    /* a call comes in one delta */
    MOCK_SHAPE_NO_CALL_INDEX = 1U << 3,  /* without index and type */
    MOCK_SHAPE_SHORT_IDS = 1U << 4,      /* ids of calls are nine letters and digits */
    MOCK_SHAPE_ALL_IN_LAST = 1U << 5,    /* calls, finish and usage in one chunk */
    MOCK_SHAPE_SPARE = 1U << 6,          /* no members that are null */
    MOCK_SHAPE_APART = 1U << 7,          /* completion_tokens without those of thoughts */
    MOCK_SHAPE_USAGE_LAST = 1U << 8,     /* usage in the chunk with the finish, asked or not */
    MOCK_SHAPE_CACHE_HIT = 1U << 9,      /* prompt_cache_hit_tokens */
    MOCK_SHAPE_GROQ = 1U << 10,          /* x_groq, times in usage */
    MOCK_SHAPE_ROLES = 1U << 11,         /* the role in every delta */
    MOCK_SHAPE_THOUGHT_PARTS = 1U << 12, /* thoughts as parts of the content */
    MOCK_SHAPE_TIMINGS = 1U << 13,       /* timings */
    MOCK_SHAPE_COMMENT = 1U << 14,       /* a comment ahead of all */
    MOCK_SHAPE_EOS = 1U << 15            /* "eos" instead of "stop" */
};

struct mock_names {
    const struct proa_slice *names;
    size_t n;
};

struct mock_shape {
    unsigned checks;
    unsigned quirks;
    struct proa_slice thought;  /* member for thoughts; empty: they are not shown */
    struct mock_names thinkers; /* globs of models that think unasked */
    struct mock_names refused;  /* members that are refused */
    struct mock_names known;    /* when not empty: all others are refused */
    uint16_t refusal;           /* status of those */
    struct proa_slice refusal_code;
    const char *refusal_text; /* `@` is the name */
};

const struct mock_shape *proa_mock_shape(const struct mock_path *path);
/* The member checks of a row, ahead of anything else. */
bool proa_mock_shape_members(struct mock_reading *r, const struct mock_shape *shape);
/* The rest, once the request is read. */
bool proa_mock_shape_chat(struct mock_reading *r, const struct mock_shape *shape);
/* Does this model of the profile think? `asked`: the request has a member that speaks of it. */
bool proa_mock_shape_thinks(struct mock_reading *r, const struct mock_shape *shape, bool asked);

#endif
