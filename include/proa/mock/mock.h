/*
 * An upstream that speaks every provider's protocol and fails on demand: for a first minute without
 * any key, for tests, and as a quick local upstream for measurements.
 *
 * I/O half. Handle type, on the loop of the given `net`; never blocks, keeps everything bounded.
 * It shares no code with the side of the gateway that talks to providers, so that a mistake there
 * is not mirrored here.
 *
 *   /v1/...                    any OpenAI-shaped service, lenient: chat/completions, completions,
 *                              embeddings, moderations, responses, models
 *   /<profile>/...             a provider as it is: its paths, formats, checks, errors and headers;
 *                              the profiles and their paths are tables (src/mock/profiles.c)
 *   /<recipe>/v1/..., /<recipe>/<profile>/...
 *                              the recipe (recipe.h) applies to every answer; `down` is short for
 *                              `status=503`
 * An answer echoes the last user message; it calls tools, fits a schema, thinks first and says
 * which images it saw where the request asks for that. Any model name is served but one that begins
 * with "unknown"; what follows the first `+` in it is a recipe. The header `x-mock` of a request is
 * a recipe, too, and so is what follows the first `+` in a caller's key. Profiles want a key, any
 * but one that begins with "bad-key"; Bedrock recomputes the signature, Vertex takes tokens only
 * that the mock's own endpoint has issued.
 */
#ifndef PROA_MOCK_MOCK_H
#define PROA_MOCK_MOCK_H

#include "proa/io/sock.h"
#include "proa/mock/recipe.h"
#include "proa/net/conn.h"

struct proa_mock;

/* A key callers may use. */
struct proa_mock_key {
    struct proa_slice key;                 /* kept as a digest only; without any `+recipe` */
    const struct proa_mock_recipe *recipe; /* for every request with this key; NULL = none */
};

/* Zero is a fine default. All pointers are borrowed for proa_mock_create() alone. */
struct proa_mock_cfg {
    const struct proa_mock_key *keys; /* none: any key will do, and none at all */
    size_t n_keys;
    const struct proa_mock_recipe *faults; /* for every request; NULL = none */
    struct proa_slice text;                /* the answer; empty = echo */
    uint64_t pace_ns;                      /* between two events of a stream; 0 = all at once */
    uint64_t seed;                         /* of chances and ids: same seed, same run */
    uint32_t requests_per_min;             /* per key, then 429; 0 = no limit */
    uint32_t tokens_per_min;               /* per key, then 429; 0 = no limit */
    struct proa_slice jwt_key;             /* PEM, see proa_mock_is_jwt_key(); empty = RFC 7515's */
    struct proa_tls_context *tls;          /* server side; takes a reference; NULL = plain */
};

/* Can it be a jwt_key: a public RSA key of at most 4096 bits as PEM? Assertions to Google's token
 * endpoint are verified with it. */
bool proa_mock_is_jwt_key(struct proa_slice pem);

struct proa_mock *proa_mock_create(struct proa_net *net, const struct proa_mock_cfg *cfg);
/* Closes listeners and connections at once. NULL is fine. Not from inside one of its callbacks. */
void proa_mock_destroy(struct proa_mock *mock);

/* May be called several times, for several addresses. *bound (may be NULL) is the address it really
 * has, port 0 resolved. Errors as proa_listener_open(); LIMIT: more than 8 listeners. */
enum proa_err proa_mock_listen(struct proa_mock *mock, const struct proa_addr *addr,
                               struct proa_addr *bound) PROA_MUST_CHECK;

struct proa_mock_stats {
    uint64_t n_requests;  /* whose end was received */
    uint64_t n_answers;   /* written to their end */
    uint64_t n_left;      /* the client went away before the answer's end */
    uint64_t n_accepted;  /* connections so far */
    size_t n_connections; /* open now */
};
void proa_mock_stats(const struct proa_mock *mock, struct proa_mock_stats *out);

/* For the command's own help: the path segment of the i-th profile, and the name of its n-th
 * recorded error; static, empty behind the last. */
struct proa_slice proa_mock_help_profile(size_t i);
struct proa_slice proa_mock_help_error(size_t i, size_t n);

#endif
