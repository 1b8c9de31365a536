/*
 * The row type of option tables. Each module declares its settings once, as an array of rows over a
 * plain `*_cfg` struct; `config` turns the rows into parsing, validation, `--origin`, JSON Schema
 * and the reference page.
 *
 * Pure data. Where a row's value lives is given by its offset in the struct.
 */
#ifndef PROA_CORE_OPTION_H
#define PROA_CORE_OPTION_H

#include "proa/core/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proa_option_type {
    PROA_OPTION_BOOL = 0, /* bool */
    PROA_OPTION_U32,      /* uint32_t */
    PROA_OPTION_U64,      /* uint64_t */
    PROA_OPTION_PPM,      /* uint32_t, written as a fraction: 0.2 -> 200000 */
    PROA_OPTION_DURATION, /* uint64_t nanoseconds, written 250ms, 30s, 5m, 1h */
    PROA_OPTION_BYTES,    /* uint64_t, written 64KiB, 1MiB, 100 */
    PROA_OPTION_STRING,   /* struct proa_slice */
    PROA_OPTION_ENUM,     /* uint32_t, one of `names` */
    PROA_OPTION_STRINGS,  /* struct proa_option_list of struct proa_slice */
    PROA_OPTION_OBJECT,   /* the sub-struct described by `table` */
    PROA_OPTION_LIST,     /* struct proa_option_list of sub-structs of table->size */
    PROA_OPTION_MAP       /* as LIST; the key goes to the sub-struct's member at table->name_at */
};

/* Items of a list or map, in the order of the file; memory belongs to the snapshot's arena. */
struct proa_option_list {
    void *items;
    size_t n;
};

/* Where a value was written; a sub-struct that wants it embeds one and names it in where_at. */
struct proa_option_where {
    const char *file;
    uint32_t line;
    uint32_t col;
};

struct proa_option_table;

struct proa_option {
    const char *name; /* NULL ends the table */
    enum proa_option_type type;
    size_t offset;
    const char *unit;         /* for the reference page: "requests", NULL = evident from the type */
    const char *preset;       /* default as it would be written; NULL = zero / empty */
    uint64_t min;             /* inclusive; for numbers, durations (ns) and sizes */
    uint64_t max;             /* inclusive; 0 = no upper bound */
    const char *const *names; /* ENUM: NULL-terminated, index = value */
    const struct proa_option_table *table; /* OBJECT, LIST, MAP */
    bool required;
    bool fixed;       /* takes effect at start only; a reload that changes it warns */
    bool expand;      /* ${ENV} is expanded in the string */
    const char *help; /* one or two plain sentences, shown in the schema and the reference */
};

struct proa_option_table {
    const char *title; /* "provider" */
    const struct proa_option *rows;
    size_t size;        /* of the struct the offsets refer to */
    size_t name_at;     /* MAP items: offset of the struct proa_slice for the key */
    size_t where_at;    /* offset of a struct proa_option_where, SIZE_MAX = none */
    const char *scalar; /* a bare value sets this member: a scalar, or, where the member is a LIST
                           or STRINGS, a sequence; NULL = an object only */
};

#endif
