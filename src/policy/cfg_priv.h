/*
 * The tables of cfg.h that one table refers to by another, and a short form for their rows.
 * Private to the module; pure data.
 */
#ifndef PROA_POLICY_CFG_PRIV_H
#define PROA_POLICY_CFG_PRIV_H

#include "proa/policy/cfg.h"

extern const struct proa_option_table proa_policy_provider_table;
extern const struct proa_option_table proa_policy_key_table;
extern const struct proa_option_table proa_policy_proxy_auth_table;
extern const struct proa_option_table proa_policy_egress_table;
extern const struct proa_option_table proa_policy_route_table;
extern const struct proa_option_table proa_policy_target_table;
extern const struct proa_option_table proa_policy_retry_budget_table;
extern const struct proa_option_table proa_policy_breaker_table;
extern const struct proa_option_table proa_policy_degraded_table;
extern const struct proa_option_table proa_policy_stall_table;
extern const struct proa_option_table proa_policy_panic_table;
extern const struct proa_option_table proa_policy_credential_table;
extern const struct proa_option_table proa_policy_balance_table;
extern const struct proa_option_table proa_policy_hedge_table;
extern const struct proa_option_table proa_policy_limiter_table;
extern const struct proa_option_table proa_policy_concurrency_table;
extern const struct proa_option_table proa_policy_cache_table;
extern const struct proa_option_table proa_policy_cache_room_table;
extern const struct proa_option_table proa_policy_responses_table;

/* Name, type and place of a row; what follows are further members of struct proa_option. */
#define ROW(T, member, text, kind, ...)                                                            \
    {                                                                                              \
        .name = (text), .type = PROA_OPTION_##kind, .offset = offsetof(T, member), __VA_ARGS__     \
    }
/* The end of a table. */
#define ROWS_END                                                                                   \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* Bounds of durations, as rows state them. */
#define MILLIS(n)  ((uint64_t)(n)*1000 * 1000)
#define SECONDS(n) (MILLIS(n) * 1000)
#define MINUTES(n) (SECONDS(n) * 60)
#define HOURS(n)   (MINUTES(n) * 60)
#define PPM_ONE    UINT64_C(1000000)
#define KIB(n)     ((uint64_t)(n)*1024)
#define MIB(n)     (KIB(n) * 1024)

#endif
