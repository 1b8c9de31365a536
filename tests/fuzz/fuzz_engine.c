/*
 * Event sequences into the engine: the bytes choose a route, a policy and what happens when; the
 * witness (tests/sim/witness.h) aborts when a promise of proa/engine/run.h is broken. The same
 * bytes played twice give the same commands.
 *
 * links: engine core
 */
#include "../sim/play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sim_source once = {.data = data, .len = len};
    struct sim_source again = once;
    if (sim_play(&once, 1, NULL) != sim_play(&again, 1, NULL)) {
        abort();
    }
    return 0;
}
