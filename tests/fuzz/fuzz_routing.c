/*
 * Routing options of requests. The first byte says whether the body was scanned before, and whether
 * it is what stands under providerOptions. What is read must be within its bounds and fit for what
 * it is used for: names for messages and logs, secrets for a header line; after wiping, no secret
 * may be left and the body must still be JSON; what is refused must say why.
 *
 * links: api chat json http core
 */
#include "proa/api/routing.h"
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/core/clock.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_visible(struct proa_slice s, size_t max)
{
    PROA_ASSERT(s.len > 0 && s.len <= max);
    for (size_t i = 0; i < s.len; i++) {
        PROA_ASSERT(s.ptr[i] > ' ' && s.ptr[i] < 0x7f);
    }
}

static void check_names(struct proa_routing_names names, size_t max)
{
    PROA_ASSERT(names.n <= max);
    for (size_t i = 0; i < names.n; i++) {
        check_visible(names.items[i], 256);
    }
}

static void check_secret(struct proa_slice secret)
{
    PROA_ASSERT(secret.len == 0 || secret.len >= PROA_ROUTING_SECRET_MIN);
    if (secret.len > 0) {
        check_visible(secret, PROA_ROUTING_SECRET_MAX);
    }
}

static void check_credentials(const struct proa_routing *out)
{
    PROA_ASSERT(out->n_byok <= PROA_ROUTING_CREDENTIALS_MAX);
    for (size_t i = 0; i < out->n_byok; i++) {
        const struct proa_routing_byok *byok = &out->byok[i];
        check_secret(byok->api_key);
        check_secret(byok->access_key_id);
        check_secret(byok->secret_access_key);
        check_secret(byok->session_token);
        PROA_ASSERT((byok->access_key_id.len > 0) == (byok->secret_access_key.len > 0));
        PROA_ASSERT(byok->access_key_id.len > 0 || byok->api_key.len > 0);
    }
}

static void check(const struct proa_routing *out)
{
    check_names(out->order, PROA_ROUTING_PROVIDERS_MAX);
    check_names(out->only, PROA_ROUTING_PROVIDERS_MAX);
    check_names(out->models, PROA_ROUTING_MODELS_MAX);
    PROA_ASSERT(out->tags.n <= PROA_ROUTING_TAGS_MAX && out->user.len <= 256);
    PROA_ASSERT(out->n_timeouts <= PROA_ROUTING_PROVIDERS_MAX);
    for (size_t i = 0; i < out->n_timeouts; i++) {
        const uint64_t ms = out->timeouts[i].first_token_ns / PROA_NS_PER_MS;
        PROA_ASSERT(ms >= PROA_ROUTING_TIMEOUT_MIN_MS && ms <= PROA_ROUTING_TIMEOUT_MAX_MS);
    }
    check_credentials(out);
}

static void wipe(const struct proa_routing *out)
{
    proa_api_routing_wipe(out);
    for (size_t i = 0; i < out->n_byok; i++) {
        const struct proa_slice key = out->byok[i].api_key;
        for (size_t k = 0; k < key.len; k++) {
            PROA_ASSERT(key.ptr[k] == '*');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    char *copy = proa_memdup(data + 1, size - 1);
    const struct proa_slice body = proa_slice_make(copy, size - 1);
    struct proa_buf name;
    struct proa_buf text;
    struct proa_arena arena;
    struct proa_routing out;
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    struct proa_api_request request = {.n_cuts = 0};
    proa_buf_init(&name, 4096);
    proa_buf_init(&text, 4096);
    proa_arena_init(&arena, NULL);
    bool scanned =
        proa_api_request_read(PROA_API_CHAT, body, &name, &text, &request, &error) == PROA_OK;
    if (!scanned) {
        memset(&request, 0, sizeof request);
    }
    if ((data[0] & 1U) != 0) {
        scanned = false;
        request.members[PROA_API_M_PROVIDER_OPTIONS] = (struct proa_json_member){
            .kind = PROA_JSON_OBJECT, .value_at = 0, .value_end = body.len};
    }
    error = (struct proa_api_error){.code = PROA_API_ERR_COUNT};
    const enum proa_err err = proa_api_routing_read(&request, body, &arena, &text, &out, &error);
    if (err != PROA_OK) {
        PROA_ASSERT(error.message.len > 0 && error.code != PROA_API_ERR_COUNT);
    } else {
        check(&out);
    }
    wipe(&out);
    if (scanned) {
        struct proa_api_request again;
        proa_buf_clear(&name);
        PROA_ASSERT(proa_api_request_read(PROA_API_CHAT, body, &name, &text, &again, &error) ==
                    PROA_OK);
    }
    proa_arena_reset(&arena);
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
    proa_free(copy);
    return 0;
}
