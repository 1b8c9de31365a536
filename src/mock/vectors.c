/*
 * Embeddings: the same text gives the same vector, in both encodings, of length about one.
 */
#include "answer_priv.h"

#include "proa/core/hash.h"
#include "proa/json/cursor.h"
#include "proa/json/writer.h"
#include "proa/tls/digest.h"

enum { DIMENSIONS = 1536, FLOAT_BYTES = 4 };

static uint64_t square_root(uint64_t n)
{
    uint64_t low = 0;
    uint64_t high = UINT32_MAX;
    while (low < high) {
        const uint64_t mid = low + (high - low + 1) / 2;
        if (mid * mid <= n) {
            low = mid;
        } else {
            high = mid - 1;
        }
    }
    return low;
}

/*
 * Components in millionths, so that both encodings say the same number. Evenly spread over
 * [-r, r], each has the mean square r*r/3; with r = sqrt(3/d) the vector's length is about one.
 */
struct components {
    struct proa_prng prng;
    uint64_t radius;
};

static struct components components_of(struct proa_slice text, uint32_t dimensions)
{
    struct components c = {.radius = square_root(UINT64_C(3000000000000) / dimensions)};
    proa_prng_seed(&c.prng, proa_hash64(text, 1));
    return c;
}

static int64_t next_component(struct components *c)
{
    return (int64_t)proa_prng_below(&c->prng, 2 * c->radius + 1) - (int64_t)c->radius;
}

static void write_floats(struct proa_json_writer *w, struct components *c, uint32_t dimensions)
{
    proa_json_writer_begin_array(w);
    for (uint32_t i = 0; i < dimensions; i++) {
        proa_json_writer_micro(w, next_component(c));
    }
    proa_json_writer_end_array(w);
}

/* Little-endian float32, whatever this machine is. */
static void write_base64(struct proa_json_writer *w, struct components *c, uint32_t dimensions,
                         struct proa_arena *arena)
{
    const size_t n = (size_t)dimensions * FLOAT_BYTES;
    char *bytes = proa_arena_alloc(arena, n);
    char *text = proa_arena_alloc(arena, PROA_BASE64_ENCODED_MAX(n));
    for (uint32_t i = 0; i < dimensions; i++) {
        const float value = (float)next_component(c) / 1e6F;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (unsigned k = 0; k < FLOAT_BYTES; k++) {
            bytes[i * FLOAT_BYTES + k] = (char)(unsigned char)(bits >> (8 * k));
        }
    }
    const size_t len = proa_base64_encode(PROA_BASE64, proa_slice_make(bytes, n), text);
    proa_json_writer_string(w, proa_slice_make(text, len));
}

static void write_embedding(struct proa_json_writer *w, const struct mock_request *req,
                            uint32_t index, struct proa_slice input, struct proa_arena *arena)
{
    const uint32_t dimensions = req->dimensions ? req->dimensions : DIMENSIONS;
    struct proa_arena scratch; /* for one vector: a request may ask for thousands */
    proa_arena_init(&scratch, arena->chunks);
    struct components c = components_of(proa_mock_input_text(input, &scratch), dimensions);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "object", PROA_SLICE("embedding"));
    proa_json_writer_member_u64(w, "index", index);
    proa_json_writer_key(w, PROA_SLICE("embedding"));
    if (req->base64) {
        write_base64(w, &c, dimensions, &scratch);
    } else {
        write_floats(w, &c, dimensions);
    }
    proa_json_writer_end_object(w);
    proa_arena_reset(&scratch);
}

void proa_mock_vector_write(struct proa_json_writer *w, struct proa_slice text, uint32_t dimensions)
{
    const uint32_t n = dimensions ? dimensions : DIMENSIONS;
    struct components c = components_of(text, n);
    write_floats(w, &c, n);
}

void proa_mock_embeddings_make(struct mock_answer *a, const struct mock_request *req,
                               struct proa_arena *arena)
{
    struct proa_json_writer w;
    struct proa_json_cursor c;
    struct proa_json_item item;
    proa_json_writer_init(&w, &a->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "object", PROA_SLICE("list"));
    proa_json_writer_key(&w, PROA_SLICE("data"));
    proa_json_writer_begin_array(&w);
    if (!req->input_is_list) {
        write_embedding(&w, req, 0, req->input, arena);
    } else if (proa_json_cursor_init(&c, req->input) == PROA_OK) {
        for (uint32_t i = 0; proa_buf_ok(&a->body) && proa_json_cursor_next(&c, &item); i++) {
            write_embedding(&w, req, i, item.value, arena);
        }
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_member_string(&w, "model", req->model);
    proa_json_writer_key(&w, PROA_SLICE("usage"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_u64(&w, "prompt_tokens", req->prompt_tokens);
    proa_json_writer_member_u64(&w, "total_tokens", req->prompt_tokens);
    proa_json_writer_end_object(&w);
    proa_json_writer_end_object(&w);
    a->tokens = req->prompt_tokens;
}
