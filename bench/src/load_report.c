#include "load_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const error_names[LOAD_ERRORS] = {"connect", "write", "read",
                                                     "answer",  "cut",   "status"};

void load_stream_reset(struct load_stream *s)
{
    s->last_ns = 0;
    s->fresh = 0;
    s->done = false;
    s->held = 0;
}

/* Content is a member "content" or "text" with a string that is not empty: chat and completions. */
static bool has_content(const char *line, size_t len)
{
    static const char *const members[] = {"\"content\":", "\"text\":"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *at = memmem(line, len, members[i], strlen(members[i]));
        if (at == NULL) {
            continue;
        }
        const char *end = line + len;
        at += strlen(members[i]);
        while (at < end && *at == ' ') {
            at++;
        }
        if (end - at > 2 && at[0] == '"' && at[1] != '"') {
            return true;
        }
    }
    return false;
}

static void read_line(struct load_stream *s, const char *line, size_t len)
{
    if (len < 6 || memcmp(line, "data:", 5) != 0) {
        return;
    }
    if (memmem(line, len, "[DONE]", 6) != NULL && len < 16) {
        s->done = true;
    } else if (has_content(line, len)) {
        s->fresh++;
    }
}

void load_stream_feed(struct load_stream *s, const char *data, size_t len)
{
    s->fresh = 0;
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t take = end == NULL ? len : (size_t)(end - data) + 1;
        if (s->held == 0 && end != NULL) {
            read_line(s, data, take);
        } else {
            size_t room = sizeof(s->line) - s->held;
            size_t kept = take < room ? take : room;
            memcpy(s->line + s->held, data, kept);
            s->held += kept;
            if (end != NULL) {
                read_line(s, s->line, s->held);
                s->held = 0;
            }
        }
        data += take;
        len -= take;
    }
}

void load_count_error(struct load *l, enum load_error error)
{
    l->errors[error]++;
    l->errors_total++;
}

void load_count_status(struct load *l, unsigned status)
{
    l->last_status = status;
    load_count_error(l, LOAD_ERROR_STATUS);
}

void load_count_content(struct load *l, struct load_conn *k)
{
    if (k->stream.last_ns == 0) {
        bench_hist_add(&l->first, l->now_ns - k->due_ns);
    } else {
        bench_hist_add(&l->gap, l->now_ns - k->stream.last_ns);
    }
    /* Events that came together have no gap between them. */
    for (uint32_t i = 1; i < k->stream.fresh; i++) {
        bench_hist_add(&l->gap, 0);
    }
    k->stream.last_ns = l->now_ns;
}

/* By how much the sending of the whole schedule took too long (or too short), in ppm. */
static int64_t schedule_error_ppm(const struct load *l)
{
    if (l->sent < 2) {
        return 0;
    }
    int64_t planned = (int64_t)((l->next_index - 1) * BENCH_NS_PER_S / l->opt.rate);
    int64_t real = (int64_t)(l->last_sent_ns - l->start_ns);
    return (real - planned) * 1000000 / planned;
}

static void print_json(const struct load *l)
{
    printf("{\"mode\":\"%s\",\"rate\":%" PRIu64 ",\"planned\":%" PRIu64 ",\"sent\":%" PRIu64
           ",\"ok\":%" PRIu64 ",\"unfinished\":%" PRIu64 ",\"dials\":%" PRIu64,
           l->opt.closed ? "closed" : "open", l->opt.rate, l->planned, l->sent, l->ok,
           l->planned - l->ok - l->errors_total - l->omitted, l->dials);
    printf(",\"schedule_error_ppm\":%" PRId64 ",\"waited\":%" PRIu64 ",\"omitted\":%" PRIu64
           ",\"errors\":{",
           schedule_error_ppm(l), l->waited, l->omitted);
    for (int i = 0; i < LOAD_ERRORS; i++) {
        printf("%s\"%s\":%" PRIu64, i == 0 ? "" : ",", error_names[i], l->errors[i]);
    }
    printf("},");
    bench_hist_print_json(&l->lag, "send_lag_us");
    printf(",");
    bench_hist_print_json(&l->total, "latency_us");
    if (l->opt.stream) {
        printf(",");
        bench_hist_print_json(&l->first, "first_content_us");
        printf(",");
        bench_hist_print_json(&l->gap, "gap_us");
    }
    printf("}\n");
}

static void print_row(const char *name, const struct bench_hist *h)
{
    printf("%-15s %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", name, (double)bench_hist_mean(h) / 1e6,
           (double)bench_hist_quantile(h, 500000) / 1e6,
           (double)bench_hist_quantile(h, 900000) / 1e6,
           (double)bench_hist_quantile(h, 990000) / 1e6,
           (double)bench_hist_quantile(h, 999000) / 1e6, (double)h->max_ns / 1e6);
}

static void print_text(const struct load *l)
{
    printf("%s loop, %" PRIu64 "/s: %" PRIu64 " planned, %" PRIu64 " sent, %" PRIu64 " ok, %" PRIu64
           " errors, %" PRIu64 " connections dialed\n",
           l->opt.closed ? "closed" : "open", l->opt.rate, l->planned, l->sent, l->ok,
           l->errors_total, l->dials);
    for (int i = 0; i < LOAD_ERRORS; i++) {
        if (l->errors[i] != 0) {
            printf("  errors of kind %s: %" PRIu64 "\n", error_names[i], l->errors[i]);
        }
    }
    if (l->last_status != 0) {
        printf("  last status that was not 2xx: %u\n", l->last_status);
    }
    if (l->omitted != 0) {
        printf("  never sent, because no connection was free: %" PRIu64 "\n", l->omitted);
    }
    printf("schedule kept to %.3f %%\n\n", (double)schedule_error_ppm(l) / 1e4);
    printf("%-15s %9s %9s %9s %9s %9s %9s\n", "ms", "mean", "p50", "p90", "p99", "p99.9", "max");
    print_row("latency", &l->total);
    if (l->opt.stream) {
        print_row("first content", &l->first);
        print_row("gap", &l->gap);
    }
    print_row("send lag", &l->lag);
}

void load_report(const struct load *l)
{
    if (l->opt.json) {
        print_json(l);
    } else {
        print_text(l);
    }
}
