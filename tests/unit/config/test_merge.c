#include "merge_priv.h"

#include "proa/core/buf.h"

#include "proa_test.h"
#include "sample.h"

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct proa_buf text;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->text, 4096);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_buf_deinit(&f->text);
    proa_free(f);
    return 0;
}

static const struct proa_doc_node *doc(struct fixture *f, const char *name, const char *yaml)
{
    const struct proa_doc_node *root = NULL;
    assert_ok(proa_doc_parse(proa_slice_cstr(yaml), name, &f->arena, &root, &f->diags));
    return root;
}

static void render(struct proa_buf *out, const struct proa_doc_node *node)
{
    if (node->kind == PROA_DOC_SCALAR) {
        (void)proa_buf_append(out, node->text);
        return;
    }
    bool map = node->kind == PROA_DOC_MAP;
    (void)proa_buf_append_cstr(out, map ? "{" : "[");
    for (size_t i = 0; i < node->n; i++) {
        (void)proa_buf_append_cstr(out, i ? " " : "");
        if (map) {
            (void)proa_buf_append(out, node->entries[i].key);
            (void)proa_buf_append_cstr(out, "=");
        }
        render(out, map ? node->entries[i].value : node->items[i]);
    }
    (void)proa_buf_append_cstr(out, map ? "}" : "]");
}

static void expect_tree(struct fixture *f, const struct proa_doc_node *node, const char *text)
{
    proa_buf_clear(&f->text);
    render(&f->text, node);
    assert_slice_str(proa_buf_slice(&f->text), text);
}

static void one_file_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    const struct proa_doc_node *root = doc(f, "a", "mode: read");
    assert_ptr_equal(proa_merge_files(&sample_table, &root, 1, &f->arena, &f->diags), root);
}

static void what_was_parsed_is_not_changed(void **state)
{
    struct fixture *f = *state;
    const struct proa_doc_node *roots[] = {
        doc(f, "a", "listen: {data: x}\nroutes: &r [1]\nproviders: {p: {}}"),
        doc(f, "b", "listen: {body: 1}\nroutes: [2]\nproviders: {q: {}}\nmode: read"),
        doc(f, "c", "listen: {reuse: true}\nroutes: [3, 4]\nproviders: {r: {}}\ntags: [t]"),
    };
    const struct proa_doc_node *merged =
        proa_merge_files(&sample_table, roots, 3, &f->arena, &f->diags);
    expect_tree(f, merged,
                "{listen={data=x body=1 reuse=true} routes=[1 2 3 4] providers={p={} q={} r={}} "
                "mode=read tags=[t]}");
    expect_tree(f, roots[0], "{listen={data=x} routes=[1] providers={p={}}}");
    expect_tree(f, roots[1], "{listen={body=1} routes=[2] providers={q={}} mode=read}");
    assert_int_equal(f->diags.n, 0);
}

static void collisions_among_three_name_the_first(void **state)
{
    struct fixture *f = *state;
    const struct proa_doc_node *roots[] = {doc(f, "a", "providers: {p: {}}"),
                                           doc(f, "b", "providers: {q: {}}"),
                                           doc(f, "c", "providers: {q: {}, p: {}, r: {}}")};
    const struct proa_doc_node *merged =
        proa_merge_files(&sample_table, roots, 3, &f->arena, &f->diags);
    expect_tree(f, merged, "{providers={p={} q={} r={}}}");
    assert_int_equal(f->diags.n, 2);
    assert_string_equal(f->diags.items[0].message,
                        "providers.q: already set at b:1:13; names must not collide between files");
    assert_string_equal(f->diags.items[1].message,
                        "providers.p: already set at a:1:13; names must not collide between files");
    assert_string_equal(f->diags.items[1].file, "c");
}

static void the_same_scalar_may_repeat_at_the_top_only(void **state)
{
    struct fixture *f = *state;
    const struct proa_doc_node *roots[] = {doc(f, "a", "apiVersion: proa/v1\nlisten: {body: 5}"),
                                           doc(f, "b", "apiVersion: proa/v1\nlisten: {body: 5}")};
    (void)proa_merge_files(&sample_table, roots, 2, &f->arena, &f->diags);
    assert_int_equal(f->diags.n, 1);
    assert_string_equal(f->diags.items[0].message,
                        "listen.body: already set at a:2:16; set it in one file only");
}

static bool lookup(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    struct proa_buf *asked = ctx;
    (void)proa_buf_append(asked, name);
    (void)proa_buf_append_byte(asked, ' ');
    *value = PROA_SLICE("!");
    return proa_slice_eq(name, PROA_SLICE("PROA_RETRY_JITTER"));
}

static void scalars_behind_objects_can_be_overridden(void **state)
{
    struct fixture *f = *state;
    struct proa_config_env env = {.get = lookup, .ctx = &f->text};
    struct proa_config_input input = {.table = &sample_table, .env = &env};
    const struct proa_doc_node *root = doc(f, "a", "retry: {max_attempts: 4}\ntags: [x]\n");
    const struct proa_doc_node *with = proa_overlay_apply(&input, root, &f->arena, &f->diags);
    assert_slice_lit(
        proa_buf_slice(&f->text),
        "PROA_APIVERSION PROA_LISTEN_DATA PROA_LISTEN_BODY PROA_LISTEN_REUSE PROA_MODE "
        "PROA_TAGS PROA_RETRY_MAX_ATTEMPTS PROA_RETRY_BACKOFF PROA_RETRY_JITTER PROA_TLS_CERT "
        "PROA_TLS_KEY ");
    expect_tree(f, with, "{retry={max_attempts=4 jitter=!} tags=[x]}");
    expect_tree(f, root, "{retry={max_attempts=4} tags=[x]}");
    const struct proa_doc_node *jitter =
        proa_doc_get(proa_doc_get(with, PROA_SLICE("retry")), PROA_SLICE("jitter"));
    assert_int_equal(jitter->origin, PROA_DOC_ENV);
    assert_string_equal(jitter->at.file, "$PROA_RETRY_JITTER");
    assert_int_equal(jitter->at.line, 0);
    assert_int_equal(proa_doc_get(with, PROA_SLICE("tags"))->origin, PROA_DOC_FILE);
}

static void overrides_meet_every_kind_of_value(void **state)
{
    struct fixture *f = *state;
    static const struct proa_config_flag flag = {"--x", "retry.jitter", {"!", 1}};
    struct proa_config_input input = {.table = &sample_table, .flags = &flag, .n_flags = 1};
    static const struct {
        const char *before;
        const char *after;
    } cases[] = {
        {"", "{retry={jitter=!}}"},
        {"---\n", "{retry={jitter=!}}"},
        {"retry:\n", "{retry={jitter=!}}"},
        {"retry: {}", "{retry={jitter=!}}"},
        {"retry: 5", "{retry={max_attempts=5 jitter=!}}"},
        {"retry: {jitter: 1, backoff: 2}", "{retry={jitter=! backoff=2}}"},
        {"mode: x", "{mode=x retry={jitter=!}}"},
        {"[a]", "[a]"}, /* the wrong kind is left for binding to report */
        {"a", "a"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        const struct proa_doc_node *root = doc(f, "a", cases[i].before);
        memset(&f->diags, 0, sizeof(f->diags));
        expect_tree(f, proa_overlay_apply(&input, root, &f->arena, &f->diags), cases[i].after);
    }
}

static void nothing_to_override_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct proa_config_input input = {.table = &sample_table};
    const struct proa_doc_node *root = doc(f, "a", "mode: read");
    assert_ptr_equal(proa_overlay_apply(&input, root, &f->arena, &f->diags), root);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_file_stays_as_it_is),
        TEST(what_was_parsed_is_not_changed),
        TEST(collisions_among_three_name_the_first),
        TEST(the_same_scalar_may_repeat_at_the_top_only),
        TEST(scalars_behind_objects_can_be_overridden),
        TEST(overrides_meet_every_kind_of_value),
        TEST(nothing_to_override_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
