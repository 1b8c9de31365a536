/*
 * What the gateway tells of an exchange, in answers that are passed on: those of providers that
 * speak as the client does. It costs work that plain clients have no use for, so it is told to who
 * asks for it. Errors tell it always.
 */
#include "exchange_priv.h"

#include "proa/api/note.h"

enum { TOLD_MAX = 64 * 1024 };

/* Who brings options for gateways knows one when it sees it. */
bool proa_tell_is_wanted(const struct proa_exchange *x)
{
    const struct proa_slice said =
        proa_http_header_value(&x->head->headers, PROA_HTTP_HEADER_X_PROA_METADATA);
    return x->request->members[PROA_API_M_PROVIDER_OPTIONS].kind != PROA_JSON_ABSENT ||
           (said.len > 0 && !proa_slice_eq(said, PROA_SLICE("0")) &&
            !proa_slice_eq_nocase(said, PROA_SLICE("false")));
}

/* What is told, and the bytes of it that go into an answer. */
struct telling {
    struct proa_buf gateway;
    struct proa_buf text;
    size_t at;
};

static void begin(struct telling *t, struct proa_exchange *x, const struct attempt *by,
                  const struct proa_usage *usage)
{
    proa_buf_init(&t->gateway, TOLD_MAX);
    proa_buf_init(&t->text, TOLD_MAX + 1024);
    proa_metadata_write(x, by, usage, &t->gateway);
}

static void end(struct telling *t)
{
    proa_buf_deinit(&t->gateway);
    proa_buf_deinit(&t->text);
}

static struct proa_api_note note_of(const struct telling *t, struct proa_exchange *x)
{
    return (struct proa_api_note){.gateway = proa_buf_slice(&t->gateway),
                                  .generation = proa_metadata_generation(x)};
}

/* The answer in three parts, the middle one in the arena. */
static size_t part(const struct telling *t, struct proa_arena *arena, struct proa_slice answer,
                   struct iovec iov[TELL_PARTS])
{
    const struct proa_slice parts[TELL_PARTS] = {proa_slice_head(answer, t->at),
                                                 proa_arena_dup(arena, proa_buf_slice(&t->text)),
                                                 proa_slice_from(answer, t->at)};
    for (size_t i = 0; i < TELL_PARTS; i++) {
        iov[i] = (struct iovec){(void *)(uintptr_t)parts[i].ptr, parts[i].len};
    }
    return TELL_PARTS;
}

size_t proa_tell_whole(struct attempt *a, struct iovec iov[TELL_PARTS])
{
    struct proa_exchange *x = a->x;
    const struct proa_slice body = proa_slice_make(iov[0].iov_base, iov[0].iov_len);
    struct telling t;
    size_t n = 1;
    begin(&t, x, a, &a->usage);
    const struct proa_api_note note = note_of(&t, x);
    if (note.gateway.len > 0 &&
        proa_api_note_whole(x->surface, x->kind, body, &note, &t.text, &t.at)) {
        n = part(&t, x->arena, body, iov);
    }
    end(&t);
    return n;
}

size_t proa_tell_error(struct proa_exchange *x, struct iovec iov[TELL_PARTS])
{
    const struct proa_slice body = proa_slice_make(iov[0].iov_base, iov[0].iov_len);
    struct telling t;
    size_t n = 1;
    begin(&t, x, NULL, NULL);
    const struct proa_api_note note = note_of(&t, x);
    if (note.gateway.len > 0 && proa_api_note_error(body, &note, &t.text, &t.at)) {
        n = part(&t, x->arena, body, iov);
    }
    end(&t);
    return n;
}

/* What is ready may stand in two places, and an event in both. */
static struct proa_slice joined(const struct attempt *a, const struct proa_slice ready[2])
{
    if (ready[0].len == 0) {
        return ready[1];
    }
    const size_t len = ready[0].len + ready[1].len;
    char *both = proa_arena_alloc(a->x->arena, len);
    memcpy(both, ready[0].ptr, ready[0].len);
    if (ready[1].len > 0) {
        memcpy(both + ready[0].len, ready[1].ptr, ready[1].len);
    }
    return proa_slice_make(both, len);
}

bool proa_tell_events(struct attempt *a, const struct proa_slice ready[2])
{
    struct proa_exchange *x = a->x;
    const struct proa_slice events = joined(a, ready);
    struct iovec iov[TELL_PARTS] = {{(void *)(uintptr_t)events.ptr, events.len}};
    struct telling t;
    size_t n = 1;
    begin(&t, x, a, a->dialect->reader_usage(a->reader));
    const struct proa_api_note note = note_of(&t, x);
    if (note.gateway.len > 0 &&
        proa_api_note_events(x->surface, x->kind, events, &note, &t.text, &t.at)) {
        n = part(&t, x->arena, events, iov);
    }
    end(&t);
    a->told = true;
    bool held = true;
    for (size_t i = 0; held && i < n; i++) {
        held = proa_attempt_gather(a, proa_slice_make(iov[i].iov_base, iov[i].iov_len));
    }
    return held;
}
