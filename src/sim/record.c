#include "proa/sim/record.h"

#include "proa/core/alloc.h"

#include <stdarg.h>
#include <stdio.h>

const char *proa_sim_state_text(enum proa_sim_state state)
{
    static const char *const texts[PROA_SIM_STATES] = {
        [PROA_SIM_CLOSED] = "closed",       [PROA_SIM_RAMP] = "ramp",
        [PROA_SIM_DEGRADED] = "degraded",   [PROA_SIM_OPEN] = "open",
        [PROA_SIM_HALF_OPEN] = "half_open", [PROA_SIM_OUT] = "out",
        [PROA_SIM_LIMITED] = "limited",     [PROA_SIM_CUT_OFF] = "cut_off",
    };
    return texts[state];
}

void proa_record_init(struct proa_record *r, uint64_t seed)
{
    *r = (struct proa_record){.seed = seed};
}

void proa_record_deinit(struct proa_record *r)
{
    proa_free(r->requests.items);
    proa_free(r->calls.items);
    proa_free(r->changes.items);
    *r = (struct proa_record){0};
}

static void *add(struct proa_record_list *list, size_t size)
{
    if (list->n == list->cap) {
        list->cap = list->cap > 0 ? 2 * list->cap : 256;
        list->items = proa_realloc(list->items, list->cap * size);
    }
    void *item = (char *)list->items + list->n++ * size;
    memset(item, 0, size);
    return item;
}

struct proa_sim_request *proa_record_add_request(struct proa_record *r)
{
    return add(&r->requests, sizeof(struct proa_sim_request));
}

struct proa_sim_call *proa_record_add_call(struct proa_record *r)
{
    return add(&r->calls, sizeof(struct proa_sim_call));
}

struct proa_sim_change *proa_record_add_change(struct proa_record *r)
{
    return add(&r->changes, sizeof(struct proa_sim_change));
}

void proa_record_violation(struct proa_record *r, const char *fmt, ...)
{
    if (r->violations++ == 0) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(r->violation, sizeof(r->violation), fmt, args);
        va_end(args);
    }
}
