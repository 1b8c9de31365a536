/* The tables of the answer cache: what a policy keeps, and how much room there is for all. */
#include "cfg_priv.h"

static const char *const modes[] = {"off", "deterministic", "all", NULL};

#define CACHE(member, text, kind, ...) ROW(struct proa_cache_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option cache_rows[] = {
    CACHE(mode, "mode", ENUM, .preset = "off", .names = modes,
          .help = "Which plain answers are kept for identical requests of the same caller. "
                  "deterministic: embeddings, moderations, and what is asked for with temperature "
                  "0 or a seed. all: every one. Streams never are."),
    CACHE(ttl_ns, "ttl", DURATION, .preset = "5m", .min = MILLIS(100), .max = HOURS(24 * 365),
          .help = "How long an answer is given again, less or more by a tenth at random."),
    CACHE(ttl_fixed_ns, "ttl_embeddings", DURATION, .preset = "24h", .min = MILLIS(100),
          .max = HOURS(24 * 365), .help = "In place of ttl for embeddings and moderations."),
    CACHE(stale_ns, "stale_if_error", DURATION, .preset = "1h", .max = HOURS(24 * 365),
          .help = "Beyond its ttl, an answer serves for so long when every attempt has failed "
                  "because of providers or limits; it is marked as stale. 0 turns that off."),
    CACHE(max_answer_bytes, "max_answer", BYTES, .preset = "1MiB", .min = KIB(1), .max = MIB(16),
          .help = "A larger answer is not kept."),
    CACHE(coalesce, "coalesce", BOOL, .preset = "true",
          .help = "Identical requests at the same time become one call, whose answer all get."),
    CACHE(fallback, "fallback", BOOL, .preset = "false",
          .help = "Keep the answer of another model than the first tier's, too, as if that one had "
                  "given it."),
    ROWS_END,
};

const struct proa_option_table proa_policy_cache_table = {
    .title = "cache",
    .rows = cache_rows,
    .size = sizeof(struct proa_cache_cfg),
    .where_at = SIZE_MAX,
};

static const struct proa_option room_rows[] = {
    ROW(struct proa_cache_room_cfg, size_bytes, "size", BYTES, .preset = "64MiB",
        .max = MIB(1024) * 64, .fixed = true,
        .help = "Memory for answers that are kept, with what they are found by; at most a quarter "
                "of the memory that the cgroup grants. 0 keeps none."),
    ROWS_END,
};

const struct proa_option_table proa_policy_cache_room_table = {
    .title = "cache",
    .rows = room_rows,
    .size = sizeof(struct proa_cache_room_cfg),
    .where_at = SIZE_MAX,
};
