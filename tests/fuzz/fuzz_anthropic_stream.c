/*
 * Streams of the Messages API that are passed on, read twice: see stream_twice.h.
 *
 * links: provider json http chat resilience core
 */
#include "stream_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream_twice("anthropic", PROA_OP_CHAT, data, size);
    return 0;
}
