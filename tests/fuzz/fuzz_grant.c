/*
 * What comes from token endpoints and credential files, under fuzzing: the first byte chooses the
 * reader, the rest is what it reads. A token that is given out must be fit for a header.
 * links: auth tls json core
 */
#include "proa/auth/aws_profile.h"
#include "proa/auth/grant.h"
#include "proa/auth/jwt.h"

#include <stdint.h>
#include <stdlib.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_secret(const struct proa_secret *secret)
{
    const struct proa_slice s = proa_secret_bytes(secret);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~') {
            abort();
        }
    }
}

static void read_answer(enum proa_grant_kind kind, uint16_t status, struct proa_slice body)
{
    const struct proa_grant g = {.kind = kind};
    struct proa_grant_token token = {0};
    struct proa_grant_refusal why = {.len = 0};
    const enum proa_err err = proa_grant_read(&g, status, body, 1700000000, &token, &why);
    if ((err == PROA_OK) != (token.secret != NULL) || (err != PROA_OK) != (why.len > 0) ||
        why.len > sizeof why.text) {
        abort();
    }
    if (err == PROA_OK) {
        check_secret(token.secret);
        if (token.session) {
            check_secret(token.session);
        }
        proa_grant_token_release(&token);
    }
}

static void read_account(struct proa_slice bytes)
{
    struct proa_arena arena;
    struct proa_google_account account;
    const char *reason = NULL;
    proa_arena_init(&arena, NULL);
    if (proa_google_account_read(bytes, &arena, &account, &reason) != PROA_OK && !reason) {
        abort();
    }
    proa_arena_reset(&arena);
}

static void read_profile(struct proa_slice bytes, enum proa_aws_file file)
{
    struct proa_aws_profile profile = {0};
    const struct proa_slice name = PROA_SLICE("default");
    if (!proa_aws_profile_find(bytes, file, name, &profile) && profile.region.len > 0) {
        abort();
    }
    if (profile.region.len > 0 &&
        (profile.region.ptr < bytes.ptr ||
         profile.region.ptr + profile.region.len > bytes.ptr + bytes.len)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct proa_slice rest = proa_slice_make(data + 1, size - 1);
    const unsigned choice = data[0];
    if (choice < PROA_GRANT_KINDS) {
        read_answer((enum proa_grant_kind)choice, 200, rest);
    } else if (choice < 2 * PROA_GRANT_KINDS) {
        read_answer((enum proa_grant_kind)(choice - PROA_GRANT_KINDS), 400, rest);
    } else if (choice == 'a') {
        read_account(rest);
    } else if (choice == 'c') {
        read_profile(rest, PROA_AWS_CREDENTIALS);
    } else {
        read_profile(rest, PROA_AWS_CONFIG);
    }
    return 0;
}
