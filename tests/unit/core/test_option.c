#include "proa/core/option.h"

#include "proa_test.h"

/* A table as modules write them: constants only, so that it lies in read-only memory. */
struct retry_cfg {
    bool on;
    uint32_t attempts;
    uint64_t pause_ns;
    struct proa_slice label;
    struct proa_option_list hosts;
};

static const struct proa_option retry_rows[] = {
    {.name = "on", .type = PROA_OPTION_BOOL, .offset = offsetof(struct retry_cfg, on)},
    {.name = "attempts",
     .type = PROA_OPTION_U32,
     .offset = offsetof(struct retry_cfg, attempts),
     .preset = "3",
     .min = 1,
     .max = 10},
    {.name = "pause", .type = PROA_OPTION_DURATION, .offset = offsetof(struct retry_cfg, pause_ns)},
    {.name = "label", .type = PROA_OPTION_STRING, .offset = offsetof(struct retry_cfg, label)},
    {.name = "hosts", .type = PROA_OPTION_STRINGS, .offset = offsetof(struct retry_cfg, hosts)},
    {.name = NULL},
};

static const struct proa_option_table retry_table = {
    .title = "retry",
    .rows = retry_rows,
    .size = sizeof(struct retry_cfg),
    .where_at = SIZE_MAX,
    .scalar = "attempts",
};

static void test_table_ends_and_addresses_members(void **state)
{
    (void)state;
    struct retry_cfg cfg = {0};
    size_t n = 0;
    for (const struct proa_option *row = retry_table.rows; row->name; row++) {
        assert_in_range(row->offset, 0, retry_table.size - 1);
        n++;
        if (row->type == PROA_OPTION_U32) {
            uint32_t value = 7;
            memcpy((char *)&cfg + row->offset, &value, sizeof(value));
        }
    }
    assert_int_equal(n, 5);
    assert_int_equal(cfg.attempts, 7);
    assert_false(cfg.on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_ends_and_addresses_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
