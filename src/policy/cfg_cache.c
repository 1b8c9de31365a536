/* The tables of what is kept: answers by a policy, how much room there is for all of them, and
 * conversations. */
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

/* ---- the shared one ---------------------------------------------------------------------------
 */

#define SECRET(what)                                                                               \
    ROW(struct proa_secret_cfg, env, "env", STRING,                                                \
        .help = "Name of the environment variable that holds " what "."),                          \
        ROW(struct proa_secret_cfg, file, "file", STRING, .expand = true,                          \
            .help = "Path of the file that holds it, instead of env; not readable by others."),    \
        ROWS_END

static const struct proa_option password_rows[] = {SECRET("the password")};
static const struct proa_option key_rows[] = {
    SECRET("the key: 32 bytes or more that nobody can guess, the same for all that share")};

#define SECRET_TABLE(variable, name)                                                               \
    static const struct proa_option_table variable##_table = {.title = (name),                     \
                                                              .rows = variable##_rows,             \
                                                              .size =                              \
                                                                  sizeof(struct proa_secret_cfg),  \
                                                              .where_at = SIZE_MAX}

SECRET_TABLE(password, "password");
SECRET_TABLE(key, "key");

#define SHARED(member, text, kind, ...)                                                            \
    ROW(struct proa_cache_shared_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option shared_rows[] = {
    SHARED(url, "url", STRING, .expand = true,
           .help = "Where it is: redis://user@host:6379/0, rediss:// for TLS, or unix:/path. User, "
                   "port and number of the database may be left out."),
    SHARED(password, "password", OBJECT, .table = &password_table,
           .help = "Where its password is, if it asks for one."),
    SHARED(key, "key", OBJECT, .table = &key_table,
           .help = "Where the key is that answers are sealed with before they leave."),
    SHARED(ca_file, "ca_file", STRING, .expand = true,
           .help = "PEM file of the authorities that may vouch for it, with rediss://."),
    ROWS_END,
};

static const struct proa_option_table shared_table = {
    .title = "shared",
    .rows = shared_rows,
    .size = sizeof(struct proa_cache_shared_cfg),
    .where_at = SIZE_MAX,
};

/* ---- room for all -----------------------------------------------------------------------------
 */

static const struct proa_option room_rows[] = {
    ROW(struct proa_cache_room_cfg, size_bytes, "size", BYTES, .preset = "64MiB",
        .max = MIB(1024) * 64, .fixed = true,
        .help = "Memory for answers that are kept, with what they are found by; at most a quarter "
                "of the memory that the cgroup grants. 0 keeps none."),
    ROW(struct proa_cache_room_cfg, shared, "shared", OBJECT, .table = &shared_table, .fixed = true,
        .help = "A Valkey or Redis server through which several Proas share answers, asked for at "
                "most 5 ms where there is none in memory. While it is away, each keeps its own."),
    ROWS_END,
};

const struct proa_option_table proa_policy_cache_room_table = {
    .title = "cache",
    .rows = room_rows,
    .size = sizeof(struct proa_cache_room_cfg),
    .where_at = SIZE_MAX,
};

/* ---- conversations ----------------------------------------------------------------------------
 */

static const struct proa_option responses_rows[] = {
    ROW(struct proa_responses_cfg, store_bytes, "store_bytes", BYTES, .preset = "32MiB",
        .max = MIB(1024) * 64, .fixed = true,
        .help = "Memory for conversations of the Responses API, so that previous_response_id works "
                "with every provider; at most a quarter of the memory that the cgroup grants. What "
                "was used least goes first. 0 keeps none; a request says store: false for itself."),
    ROW(struct proa_responses_cfg, ttl_ns, "ttl", DURATION, .preset = "24h", .min = MILLIS(100),
        .max = HOURS(24 * 365), .fixed = true, .help = "How long an answer can be gone on with."),
    ROWS_END,
};

const struct proa_option_table proa_policy_responses_table = {
    .title = "responses",
    .rows = responses_rows,
    .size = sizeof(struct proa_responses_cfg),
    .where_at = SIZE_MAX,
};
