/*
 * A strict reader of metric expositions for tests: it knows the grammar of the two formats, not how
 * ours is written. Fails the test at the first breach, and finds samples by their text.
 */
#ifndef PROA_TEST_EXPOSE_CHECK_H
#define PROA_TEST_EXPOSE_CHECK_H

#include "proa/core/slice.h"

#include <ctype.h>

#include "proa_test.h"

struct expose_check {
    bool openmetrics;
    struct proa_slice family;
    struct proa_slice type;
    struct proa_slice seen[256]; /* families so far */
    size_t n_seen;
    struct proa_slice samples[4096]; /* name and labels of all samples so far */
    size_t n_samples;
    struct proa_slice series; /* histogram under way: its labels without le */
    double last;              /* count of its last bucket */
    double last_le;
    bool complete; /* +Inf was read */
};

static inline bool expose_name(struct proa_slice s)
{
    if (s.len == 0 || isdigit((unsigned char)s.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!isalnum((unsigned char)s.ptr[i]) && s.ptr[i] != '_') {
            return false;
        }
    }
    return true;
}

static inline double expose_number(struct proa_slice s)
{
    char text[64];
    assert_true(s.len > 0 && s.len < sizeof(text));
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    if (strcmp(text, "+Inf") == 0) {
        return 1e300;
    }
    for (size_t i = 0; i < s.len; i++) {
        assert_true(isdigit((unsigned char)text[i]) || text[i] == '.' || (i == 0 && *text == '-'));
    }
    char *end;
    double value = strtod(text, &end);
    assert_ptr_equal(end, text + s.len);
    return value;
}

/* name="value",... : returns the value of le (if any) and where the text before it ends. */
static inline void expose_labels(struct proa_slice labels, struct proa_slice *le, size_t *before_le)
{
    size_t i = 0;
    while (i < labels.len) {
        size_t start = i;
        while (i < labels.len && labels.ptr[i] != '=') {
            i++;
        }
        struct proa_slice name = proa_slice_make(labels.ptr + start, i - start);
        PROA_TEST_CHECK(expose_name(name), "label %" PROA_SLICE_FMT, PROA_SLICE_ARG(name));
        assert_true(i + 1 < labels.len && labels.ptr[i + 1] == '"');
        size_t value = i += 2;
        while (i < labels.len && labels.ptr[i] != '"') {
            if (labels.ptr[i] == '\\') {
                i++;
                assert_true(i < labels.len && strchr("\\\"n", labels.ptr[i]) != NULL);
            }
            i++;
        }
        assert_true(i < labels.len);
        if (proa_slice_eq(name, PROA_SLICE("le"))) {
            *le = proa_slice_make(labels.ptr + value, i - value);
            *before_le = start > 0 ? start - 1 : 0;
        }
        i++;
        assert_true(i == labels.len || (labels.ptr[i] == ',' && i + 1 < labels.len));
        i += i < labels.len;
    }
}

static inline void expose_histogram(struct expose_check *c, struct proa_slice suffix,
                                    struct proa_slice labels, struct proa_slice le,
                                    size_t before_le, struct proa_slice value)
{
    if (proa_slice_eq(suffix, PROA_SLICE("_bucket"))) {
        assert_true(le.len > 0);
        struct proa_slice series = proa_slice_head(labels, before_le);
        if (c->complete || !proa_slice_eq(series, c->series) || c->last_le < 0) {
            c->series = series;
            c->last = 0;
            c->last_le = 0;
        }
        assert_true(expose_number(le) > c->last_le);
        assert_true(expose_number(value) >= c->last);
        assert_true(proa_slice_find(le, '.') < le.len || proa_slice_eq(le, PROA_SLICE("+Inf")));
        c->last = expose_number(value);
        c->last_le = expose_number(le);
        c->complete = proa_slice_eq(le, PROA_SLICE("+Inf"));
        return;
    }
    assert_true(c->complete);
    assert_slice_equal(labels, c->series);
    if (proa_slice_eq(suffix, PROA_SLICE("_count"))) {
        assert_true(expose_number(value) >= c->last && expose_number(value) <= c->last);
    } else {
        assert_slice_lit(suffix, "_sum");
    }
}

static inline void expose_sample(struct expose_check *c, struct proa_slice line)
{
    size_t end = 0;
    while (end < line.len && line.ptr[end] != '{' && line.ptr[end] != ' ') {
        end++;
    }
    struct proa_slice name = proa_slice_head(line, end);
    assert_true(expose_name(name));
    assert_true(proa_slice_starts(name, c->family));
    struct proa_slice suffix = proa_slice_from(name, c->family.len);
    struct proa_slice labels = PROA_SLICE_NONE;
    if (end < line.len && line.ptr[end] == '{') {
        size_t close = line.len;
        while (close > end && line.ptr[close - 1] != '}') {
            close--;
        }
        assert_true(close > end + 2); /* {} is legal but never ours */
        labels = proa_slice_make(line.ptr + end + 1, close - end - 2);
        end = close;
    }
    assert_true(end + 1 < line.len && line.ptr[end] == ' ');
    struct proa_slice value = proa_slice_from(line, end + 1);
    double number = expose_number(value);
    struct proa_slice le = PROA_SLICE_NONE;
    size_t before_le = 0;
    expose_labels(labels, &le, &before_le);

    struct proa_slice id = proa_slice_head(line, end);
    for (size_t i = 0; i < c->n_samples; i++) {
        PROA_TEST_CHECK(!proa_slice_eq(c->samples[i], id), "twice: %" PROA_SLICE_FMT,
                        PROA_SLICE_ARG(id));
    }
    assert_true(c->n_samples < PROA_ARRAY_LEN(c->samples));
    c->samples[c->n_samples++] = id;

    if (proa_slice_eq(c->type, PROA_SLICE("histogram"))) {
        expose_histogram(c, suffix, labels, le, before_le, value);
        return;
    }
    assert_int_equal(le.len, 0);
    const char *expected = "";
    if (c->openmetrics && proa_slice_eq(c->type, PROA_SLICE("counter"))) {
        expected = "_total";
    } else if (c->openmetrics && proa_slice_eq(c->type, PROA_SLICE("info"))) {
        expected = "_info";
        assert_true(number >= 1 && number <= 1);
    }
    assert_slice_str(suffix, expected);
    if (proa_slice_eq(c->type, PROA_SLICE("counter"))) {
        assert_true(number >= 0);
    }
}

static inline void expose_meta(struct expose_check *c, struct proa_slice line)
{
    struct proa_slice rest;
    struct proa_slice what = proa_slice_split(proa_slice_from(line, 2), ' ', &rest);
    struct proa_slice text;
    struct proa_slice name = proa_slice_split(rest, ' ', &text);
    assert_true(expose_name(name) && text.len > 0);
    if (!proa_slice_eq(name, c->family)) {
        for (size_t i = 0; i < c->n_seen; i++) {
            assert_false(proa_slice_eq(c->seen[i], name)); /* families are contiguous */
        }
        assert_true(c->n_seen < PROA_ARRAY_LEN(c->seen));
        c->seen[c->n_seen++] = name;
        c->family = name;
        c->type = PROA_SLICE_NONE;
        c->complete = false;
        c->last_le = -1;
    }
    if (proa_slice_eq(what, PROA_SLICE("TYPE"))) {
        c->type = text;
        assert_true(c->openmetrics || !proa_slice_eq(text, PROA_SLICE("info")));
    } else if (proa_slice_eq(what, PROA_SLICE("UNIT"))) {
        assert_true(c->openmetrics);
        assert_true(name.len > text.len + 1 && name.ptr[name.len - text.len - 1] == '_');
        assert_slice_equal(proa_slice_from(name, name.len - text.len), text);
    } else {
        assert_slice_lit(what, "HELP");
    }
}

/* Reads the whole text, failing the test at the first breach of the format. */
static inline void expose_check(struct expose_check *c, struct proa_slice text, bool openmetrics)
{
    memset(c, 0, sizeof(*c));
    c->openmetrics = openmetrics;
    assert_true(text.len > 0 && text.ptr[text.len - 1] == '\n');
    bool eof = false;
    while (text.len > 0) {
        struct proa_slice rest;
        struct proa_slice line = proa_slice_split(text, '\n', &rest);
        text = rest;
        assert_false(eof);
        assert_true(line.len > 0);
        if (proa_slice_eq(line, PROA_SLICE("# EOF"))) {
            eof = true;
        } else if (line.ptr[0] == '#') {
            expose_meta(c, line);
        } else {
            assert_true(c->type.len > 0);
            expose_sample(c, line);
        }
    }
    assert_int_equal(eof, openmetrics);
}

/* Does the text hold exactly this line? */
static inline bool expose_has(struct proa_slice text, const char *wanted)
{
    while (text.len > 0) {
        struct proa_slice rest;
        if (proa_slice_eq(proa_slice_split(text, '\n', &rest), proa_slice_cstr(wanted))) {
            return true;
        }
        text = rest;
    }
    return false;
}

#endif
