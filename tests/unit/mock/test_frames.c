/*
 * Frames against the published vectors, and how they are taken apart again.
 */
#include "frames_priv.h"

#include "proa_test.h"

static uint32_t u32_at(const struct proa_buf *b, size_t at)
{
    const unsigned char *p = (const unsigned char *)b->ptr + at;
    assert_true(at + 4 <= b->len);
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void test_crc(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t crc;
    } rows[] = {{"", 0},
                {"123456789", 0xcbf43926},
                {"a", 0xe8b7be43},
                {"The quick brown fox jumps over the lazy dog", 0x414fa339}};
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_mock_crc32(proa_slice_cstr(row->text)), row->crc);
    }
}

/* aws-c-event-stream, and two of Bedrock's own kind. */
static void test_vectors(void **state)
{
    (void)state;
    static const struct mock_frame_header json[] = {
        {PROA_SLICE_INIT("content-type"), PROA_SLICE_INIT("application/json")}};
    static const struct mock_frame_header event[] = {
        {PROA_SLICE_INIT(":event-type"), PROA_SLICE_INIT("contentBlockDelta")},
        {PROA_SLICE_INIT(":content-type"), PROA_SLICE_INIT("application/json")},
        {PROA_SLICE_INIT(":message-type"), PROA_SLICE_INIT("event")}};
    static const struct mock_frame_header exception[] = {
        {PROA_SLICE_INIT(":exception-type"), PROA_SLICE_INIT("throttlingException")},
        {PROA_SLICE_INIT(":content-type"), PROA_SLICE_INIT("application/json")},
        {PROA_SLICE_INIT(":message-type"), PROA_SLICE_INIT("exception")}};
    static const struct {
        const struct mock_frame_header *headers;
        size_t n;
        const char *payload;
        uint32_t total;
        uint32_t n_headers;
        uint32_t prelude_crc;
        uint32_t crc;
    } rows[] = {
        {NULL, 0, "", 0x10, 0, 0x05c248eb, 0x7d98c8ff},
        {NULL, 0, "{'foo':'bar'}", 0x1d, 0, 0xfd528c5a, 0xc3653936},
        {json, 1, "{'foo':'bar'}", 0x3d, 0x20, 0x07fd8396, 0x8d9c08b1},
        {event, 3, "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"},\"p\":\"ab\"}", 160, 87,
         0xe00a84a8, 0xf5c12ed8},
        {exception, 3, "{\"message\":\"Too many requests\"}", 144, 97, 0x8e91a9b7, 0xe67f8005},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        proa_mock_frame_append(&out, row->headers, row->n, proa_slice_cstr(row->payload));
        assert_int_equal(out.len, row->total);
        assert_int_equal(u32_at(&out, 0), row->total);
        assert_int_equal(u32_at(&out, 4), row->n_headers);
        assert_int_equal(u32_at(&out, 8), row->prelude_crc);
        assert_int_equal(u32_at(&out, out.len - 4), row->crc);
        proa_buf_deinit(&out);
    }
}

/* The short forms write the same bytes, one behind the other. */
static void test_short_forms(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    proa_mock_frame_event(
        &out, PROA_SLICE("contentBlockDelta"),
        PROA_SLICE("{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"},\"p\":\"ab\"}"));
    assert_int_equal(out.len, 160);
    assert_int_equal(u32_at(&out, 156), 0xf5c12ed8);
    proa_mock_frame_exception(&out, PROA_SLICE("throttlingException"),
                              PROA_SLICE("{\"message\":\"Too many requests\"}"));
    assert_int_equal(out.len, 304);
    assert_int_equal(u32_at(&out, 300), 0xe67f8005);
    proa_buf_deinit(&out);
}

static void test_full_buffer(void **state)
{
    (void)state;
    for (size_t max = 0; max < 160; max++) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        proa_mock_frame_event(&out, PROA_SLICE("contentBlockDelta"),
                              PROA_SLICE("{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"},"
                                         "\"p\":\"ab\"}"));
        assert_false(proa_buf_ok(&out));
        proa_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_short_forms),
        cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
