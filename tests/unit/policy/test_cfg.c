/* The option tables: sound, with the defaults that the references name, fit for schema and page. */
#include "cfg_priv.h"

#include "proa/config/config.h"
#include "proa/config/reference.h"
#include "proa/config/schema.h"
#include "proa/policy/cfg.h"

#include "proa_test.h"

static void tables_are_sound(void **state)
{
    (void)state;
    static struct proa_diags diags;
    const enum proa_err root = proa_config_check(&proa_root_table, &diags);
    PROA_TEST_CHECK(root == PROA_OK, "%s", diags.items[0].message);
    const enum proa_err policy = proa_config_check(&proa_policy_table, &diags);
    PROA_TEST_CHECK(policy == PROA_OK, "%s", diags.items[0].message);
}

static struct proa_slice first(const struct proa_option_list *list)
{
    assert_int_equal(list->n, 1);
    return *(const struct proa_slice *)list->items;
}

static void defaults_of_the_file(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_root_cfg c;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_root_table, &arena, &c);

    assert_slice_lit(first(&c.listen.data), "127.0.0.1:4600");
    assert_slice_lit(first(&c.listen.ops), "127.0.0.1:4601");
    assert_slice_lit(first(&c.listen.admin), "127.0.0.1:4602");
    assert_int_equal(c.listen.hosts.n, 0);
    assert_int_equal(c.listen.origins.n, 0);
    assert_int_equal(c.listen.tls_cert_file.len, 0);

    const struct proa_limits_cfg *l = &c.limits;
    assert_int_equal(l->head, 32 * 1024);
    assert_int_equal(l->line, 8 * 1024);
    assert_int_equal(l->headers, 100);
    assert_int_equal(l->uri, 8 * 1024);
    assert_int_equal(l->body, 32 * 1024 * 1024);
    assert_int_equal(l->buffered, 0);
    assert_int_equal(l->connections, 1024);
    assert_int_equal(l->connections_per_peer, 256);
    assert_int_equal(l->requests_per_connection, 1000);
    assert_int_equal(l->keep_alive_ns, 60 * PROA_NS_PER_S);
    assert_int_equal(l->head_ns, 10 * PROA_NS_PER_S);
    assert_int_equal(l->body_ns, 30 * PROA_NS_PER_S);
    assert_int_equal(l->write_stall_ns, 30 * PROA_NS_PER_S);
    assert_int_equal(l->drain_ns, 85 * PROA_NS_PER_S);
    assert_int_equal(l->drain_idle_ns, 1 * PROA_NS_PER_S);

    assert_int_equal(c.log.format, 3); /* auto, behind json, logfmt and text */
    assert_int_equal(c.log.level, 2);  /* info, behind error and warn */
    assert_true(c.log.access);
    assert_int_equal(c.providers.n + c.policies.n + c.routes.n, 0);
    proa_arena_reset(&arena);
}

static void defaults_of_a_policy(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_policy_cfg c;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_policy_table, &arena, &c);
    assert_int_equal(c.retry.max_attempts, 3);
    assert_int_equal(c.timeouts.connect_ns, 2 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.tls_ns, 3 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.write_ns, 10 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.first_byte_ns, 60 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.first_content_ns, 60 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.idle_ns, 30 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.idle_bytes_ns, 60 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.total_ns, 120 * PROA_NS_PER_S);
    assert_int_equal(c.timeouts.total_stream_ns, 600 * PROA_NS_PER_S);
    assert_int_equal(c.commit.max_events, 64);
    assert_int_equal(c.commit.max_bytes, 256 * 1024);
    assert_int_equal(c.commit.max_plain_bytes, 1024 * 1024);
    assert_int_equal(c.on_disconnect, PROA_ON_DISCONNECT_CANCEL);
    proa_arena_reset(&arena);
}

static void defaults_of_items(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_provider_cfg provider;
    struct proa_key_cfg key;
    struct proa_target_cfg target;
    struct proa_route_cfg route;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_policy_provider_table, &arena, &provider);
    proa_config_defaults(&proa_policy_key_table, &arena, &key);
    proa_config_defaults(&proa_policy_target_table, &arena, &target);
    proa_config_defaults(&proa_policy_route_table, &arena, &route);
    assert_int_equal(provider.max_connections, 256);
    assert_int_equal(provider.max_idle, 64);
    assert_int_equal(provider.idle_ns, 50 * PROA_NS_PER_S);
    assert_null(provider.keys.items);
    assert_int_equal(key.weight, 1);
    assert_int_equal(target.weight, 1);
    assert_false(target.substitute);
    assert_slice_lit(route.policy, "default");
    proa_arena_reset(&arena);
}

/* One wrong value for each numeric row there is: the bound that it breaks is the one of the table.
 */
static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *message;
    } rows[] = {
        {"limits: {head: 1023}", "limits.head: 1023 is less than 1KiB"},
        {"limits: {head: 1025KiB}", "limits.head: 1025KiB is more than 1MiB"},
        {"limits: {line: 255}", "limits.line: 255 is less than 256"},
        {"limits: {headers: 7}", "limits.headers: 7 is less than 8"},
        {"limits: {headers: 1001}", "limits.headers: 1001 is more than 1000"},
        {"limits: {uri: 0}", "limits.uri: 0 is less than 256"},
        {"limits: {body: 0}", "limits.body: 0 is less than 1KiB"},
        {"limits: {body: 2GiB}", "limits.body: 2GiB is more than 1GiB"},
        {"limits: {connections: 0}", "limits.connections: 0 is less than 1"},
        {"limits: {connections_per_peer: 0}", "limits.connections_per_peer: 0 is less than 1"},
        {"limits: {requests_per_connection: 0}",
         "limits.requests_per_connection: 0 is less than 1"},
        {"limits: {keep_alive: 0}", "limits.keep_alive: 0 is less than 100ms"},
        {"limits: {keep_alive: 2h}", "limits.keep_alive: 2h is more than 1h"},
        {"limits: {head_timeout: 0}", "limits.head_timeout: 0 is less than 100ms"},
        {"limits: {body_timeout: 0}", "limits.body_timeout: 0 is less than 100ms"},
        {"limits: {write_stall: 0}", "limits.write_stall: 0 is less than 100ms"},
        {"limits: {drain: 25h}", "limits.drain: 25h is more than 1d"},
        {"limits: {drain_idle: 11m}", "limits.drain_idle: 11m is more than 10m"},
        {"limits: {drain_idle: 1}", "limits.drain_idle: 1 has no unit; write 250ms, 30s, 5m or 1h"},
        {"log: {level: loud}", "log.level: \"loud\" is not one of error, warn, info, debug, trace"},
        {"log: {format: xml}", "log.format: \"xml\" is not one of json, logfmt, text, auto"},
        {"listen: {socket_mode: 778}", "listen.socket_mode: 778 is more than 777"},
        {"policies: [{retry: {max_attempts: 0}}]",
         "policies[0].retry.max_attempts: 0 is less than 1"},
        {"policies: [{retry: {max_attempts: 11}}]",
         "policies[0].retry.max_attempts: 11 is more than 10"},
        {"policies: [{timeouts: {connect: 0}}]",
         "policies[0].timeouts.connect: 0 is less than 10ms"},
        {"policies: [{timeouts: {total_stream: 2d}}]",
         "policies[0].timeouts.total_stream: 2d is more than 1d"},
        {"policies: [{commit: {max_events: 0}}]",
         "policies[0].commit.max_events: 0 is less than 1"},
        {"policies: [{commit: {max_bytes: 4095}}]",
         "policies[0].commit.max_bytes: 4095 is less than 4KiB"},
        {"policies: [{commit: {max_plain_bytes: 33MiB}}]",
         "policies[0].commit.max_plain_bytes: 33MiB is more than 32MiB"},
        {"policies: [{on_disconnect: ignore}]",
         "policies[0].on_disconnect: \"ignore\" is not one of cancel, drain"},
        {"providers: {a: {max_connections: 0}}", "providers.a.max_connections: 0 is less than 1"},
        {"providers: {a: {idle: 1ms}}", "providers.a.idle: 1ms is less than 100ms"},
        {"providers: {a: {keys: [{weight: 1001}]}}",
         "providers.a.keys[0].weight: 1001 is more than 1000"},
        {"providers: {a: {keys: [sk-secret]}}",
         "providers.a.keys[0]: must be a map, this is a single value"},
        {"routes: [{model: a, tiers: [[{weight: 1001}]]}]",
         "routes[0].tiers[0][0].weight: 1001 is more than 1000"},
        {"routes: [{tiers: []}]", "routes[0]: \"model\" is missing"},
        {"routes: [{model: a}]", "routes[0]: \"tiers\" is missing"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        static struct proa_diags diags;
        struct proa_arena arena;
        struct proa_root_cfg c;
        const struct proa_config_source file = {"f", proa_slice_cstr(row->yaml)};
        const struct proa_config_input input = {
            .table = &proa_root_table, .files = &file, .n_files = 1};
        memset(&diags, 0, sizeof(diags));
        proa_arena_init(&arena, NULL);
        assert_err(proa_config_parse(&input, &arena, &c, NULL, &diags), PROA_ERR_SYNTAX);
        PROA_TEST_CHECK(strcmp(diags.items[0].message, row->message) == 0, "%s\n%s", row->yaml,
                        diags.items[0].message);
        PROA_TEST_CHECK(diags.n == 1, "%s: %s", row->yaml, diags.items[1].message);
        proa_arena_reset(&arena);
    }
}

/* All that a listener, a limit or the log is made of is fixed at the start; nothing else is. */
static void what_a_reload_can_change(void **state)
{
    (void)state;
    static struct proa_diags diags;
    struct proa_arena arena;
    struct proa_root_cfg running;
    struct proa_root_cfg loaded;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_root_table, &arena, &running);
    loaded = running;
    assert_int_equal(proa_config_fixed_changes(&proa_root_table, &running, &loaded, &diags), 0);
    loaded.limits.drain_idle_ns++;
    loaded.limits.body++;
    loaded.listen.data.n = 0;
    loaded.log.level = 0;
    assert_int_equal(proa_config_fixed_changes(&proa_root_table, &running, &loaded, &diags), 4);
    assert_string_equal(diags.items[0].message,
                        "listen.data: changed, but takes effect at the next start only");
    assert_string_equal(diags.items[2].message,
                        "limits.drain_idle: changed, but takes effect at the next start only");
    struct proa_provider_cfg provider;
    loaded = running;
    proa_config_defaults(&proa_policy_provider_table, &arena, &provider);
    loaded.providers = (struct proa_option_list){&provider, 1};
    assert_int_equal(proa_config_fixed_changes(&proa_root_table, &running, &loaded, &diags), 0);
    proa_arena_reset(&arena);
}

static void schema_and_page_are_written(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4 * 1024 * 1024);
    assert_ok(proa_schema_write(&proa_root_table, NULL, "Proa", &out));
    assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("\"drain_idle\"")) < out.len);
    proa_buf_clear(&out);
    assert_ok(proa_schema_write(&proa_policy_table, NULL, "Policy", &out));
    proa_buf_clear(&out);
    assert_ok(proa_reference_markdown(&proa_root_table, "Proa", &out));
    assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("drain_idle")) < out.len);
    proa_buf_deinit(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(defaults_of_the_file),
        cmocka_unit_test(defaults_of_a_policy),
        cmocka_unit_test(defaults_of_items),
        cmocka_unit_test(ranges),
        cmocka_unit_test(what_a_reload_can_change),
        cmocka_unit_test(schema_and_page_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
