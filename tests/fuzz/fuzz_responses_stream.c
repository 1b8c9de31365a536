/*
 * Answers of the Responses API that are passed on: streams read twice, see stream_twice.h; and the
 * same bytes taken for a whole answer, whose outcome must be one or the other.
 *
 * links: provider json http chat resilience core
 */
#include "stream_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_whole(const uint8_t *data, size_t size)
{
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("openai"));
    struct proa_usage usage = {.known = 0};
    struct proa_slice model = PROA_SLICE_NONE;
    struct proa_failure failure = {.class = PROA_CLASS_NONE};
    char *copy = proa_memdup(data, size);
    const bool read = dialect->read_plain(PROA_OP_RESPONSES, &HEAD, proa_slice_make(copy, size),
                                          &usage, &model, &failure);
    PROA_ASSERT(read == (failure.class == PROA_CLASS_NONE));
    proa_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream_twice("openai", PROA_OP_RESPONSES, data, size);
    if (size > 0 && size <= 65536) {
        read_whole(data, size);
    }
    return 0;
}
