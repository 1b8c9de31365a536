/*
 * Lists of models, as providers answer with. The first byte chooses the dialect, the rest is the
 * body. Whatever comes: ids are bounded and belong to the body or the arena, and a mark of the next
 * page makes a request that is one head or none.
 *
 * links: provider json http chat resilience auth tls core
 */
#include "proa/core/check.h"
#include "proa/provider/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct proa_listing *listing, struct proa_slice page,
                struct proa_arena *arena)
{
    const struct proa_encode_in in = {.host_header = PROA_SLICE("h")};
    struct proa_encoded out = {0};
    if (proa_listing_request(listing, &in, page, arena, &out) == PROA_OK) {
        const struct proa_slice head = proa_slice_make(out.iov[0].iov_base, out.iov[0].iov_len);
        PROA_ASSERT(proa_slice_search(head, PROA_SLICE("\r\n\r\n")) == head.len - 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proa_slice dialects[] = {
        PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("anthropic"), PROA_SLICE_INIT("gemini"),
        PROA_SLICE_INIT("cohere")};
    if (size == 0) {
        return 0;
    }
    const struct proa_listing *listing = proa_listing_find(NULL, dialects[data[0] % 4]);
    struct proa_arena arena;
    struct proa_listing_page page;
    proa_arena_init(&arena, NULL);
    if (proa_listing_read(listing, proa_slice_make(data + 1, size - 1), &arena, &page) == PROA_OK) {
        for (size_t i = 0; i < page.n; i++) {
            PROA_ASSERT(page.ids[i].len > 0 && page.ids[i].len <= size);
        }
        ask(listing, page.next, &arena);
    } else {
        PROA_ASSERT(page.n == 0);
    }
    proa_arena_reset(&arena);
    return 0;
}
