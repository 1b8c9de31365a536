/*
 * A scenario from YAML in a test, ready to be played.
 *
 *   struct sim_fixture f;
 *   sim_fixture_read(&f, "kind: Scenario\n...");
 *   assert_ok(f.err);
 *   ... f.set.items[0] ...
 *   sim_fixture_deinit(&f);
 */
#ifndef PROA_SIM_FIXTURE_H
#define PROA_SIM_FIXTURE_H

#include "proa/sim/measure.h"
#include "proa/sim/sim.h"

#include "proa_test.h"

struct sim_fixture {
    struct proa_arena arena;
    struct proa_diags *diags;
    struct proa_scenario_set set;
    enum proa_err err;
    char shown[sizeof(((struct proa_diag *)0)->message) + 64];
};

static inline void sim_fixture_read(struct sim_fixture *f, const char *yaml)
{
    *f = (struct sim_fixture){.diags = PROA_NEW(struct proa_diags)};
    proa_arena_init(&f->arena, NULL);
    f->err = proa_scenario_parse(proa_slice_cstr(yaml), "s.yaml", PROA_SLICE("s"), &f->arena,
                                 &f->set, f->diags);
}

static inline void sim_fixture_deinit(struct sim_fixture *f)
{
    proa_arena_reset(&f->arena);
    proa_free(f->diags);
}

/* "s.yaml:3:5: text" of the first error, or "". */
static inline const char *sim_fixture_message(struct sim_fixture *f)
{
    f->shown[0] = '\0';
    for (uint32_t i = f->diags->n; i-- > 0;) {
        const struct proa_diag *d = &f->diags->items[i];
        if (d->level != PROA_DIAG_ERROR) {
            continue;
        }
        (void)snprintf(f->shown, sizeof(f->shown), "%s:%u:%u: %s", d->file ? d->file : "",
                       (unsigned)d->line, (unsigned)d->col, d->message);
    }
    return f->shown;
}

/* Ready to be played; NULL and a message on failure. */
static inline struct proa_sim *sim_fixture_create(struct sim_fixture *f, size_t item)
{
    struct proa_sim *sim = NULL;
    if (proa_sim_create(&f->set.items[item], NULL, f->diags, &sim) != PROA_OK) {
        print_error("%s\n", sim_fixture_message(f));
    }
    return sim;
}

#define SIM_HEAD "apiVersion: proa/v1\nkind: Scenario\n"

#endif
