/*
 * Every message of a build, exactly, with its place. Each row changes one thing in a configuration
 * that is right; what stands in the other test files is what a right one leads to.
 */
#include "build_priv.h"

#include "expect.h"

static const char *const ENV[] = {
    "KEY=sk-1234",         "EMPTY=", "BLANK=sk 1", "LINE=sk-1\n", "QUOTED=\"sk-1234\"",
    "OPENAI_API_KEY=sk-o", NULL};
static const struct policy_fixture_file FILES[] = {
    {.path = "/k/good", .text = "sk-f\n", .secret = true},
    {.path = "/k/empty", .text = "\r\n\n", .secret = true},
    {.path = "/k/two", .text = "sk-1\nsk-2\n", .secret = true},
    {.path = "/k/open", .text = "", .secret = true, .err = PROA_ERR_PERMISSION},
    {.path = "/k/broken", .text = "", .secret = true, .err = PROA_ERR_IO},
    {.path = "ca.pem", .text = "-----BEGIN CERTIFICATE-----\nx\n"},
    {.path = "no-ca.pem", .text = "-----BEGIN PRIVATE KEY-----\nx\n"},
    {.path = "big.pem", .text = "", .err = PROA_ERR_LIMIT},
    {.path = "hidden.pem", .text = "", .err = PROA_ERR_PERMISSION},
    {.path = "p/good.yaml", .text = "apiVersion: proa/v1\nkind: Policy\nname: good\n"},
    {.path = "p/list.yaml", .text = "- a\n"},
    {.path = "p/bad.yaml", .text = "apiVersion: proa/v1\nkind: Policy\nname: x\nretri: {}\n"},
    {.path = "p/broken.yaml", .text = "a: [\n"},
    {.path = "p/version.yaml", .text = "apiVersion: proa/v2\nkind: Policy\nname: x\n"},
    {.path = "p/bare.yaml", .text = "name: x\n"},
    {.path = "p/nameless.yaml", .text = "apiVersion: proa/v1\nkind: Policy\n"},
    {.path = "p/kind.yaml", .text = "apiVersion: proa/v1\nkind: Route\nname: x\n"},
    {.path = "p/nested.yaml",
     .text = "apiVersion: proa/v1\nkind: Policy\nname: x\nfile: p/good.yaml\n"},
};

static void prepare(struct policy_fixture *f)
{
    f->env = ENV;
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
}

struct row {
    const char *yaml;
    const char *message;
};

static void expect_rows(struct policy_fixture *f, const struct row *rows, size_t n)
{
    prepare(f);
    for (size_t i = 0; i < n; i++) {
        policy_expect(f, rows[i].yaml, rows[i].message);
    }
}

#define P    "providers: {a: {dialect: openai, base_url: \"https://a/v1\"}}\n" /* line 1 */
#define NAME "write letters, digits, '.', '_' and '-', at most 64"

static void about_the_file(void **state)
{
    static const struct row rows[] = {
        {"apiVersion: proa/v9\n" P,
         "proa.yaml:1:13: apiVersion: \"proa/v9\" is not proa/v1, the only version there is"},
        {P "listen: {data: 0.0.0.0:4600}\n",
         "proa.yaml:2:16: listen.data: 0.0.0.0:4600 can be reached from other machines, and this "
         "listener has no authentication; write 127.0.0.1:4600, [::1]:4600 or unix:/path"},
        {P "listen: {admin: [127.0.0.1:1, \"[::]:2\"]}\n",
         "proa.yaml:2:31: listen.admin: [::]:2 can be reached from other machines, and this "
         "listener has no authentication; write 127.0.0.1:2, [::1]:2 or unix:/path"},
        {P "listen: {ops: nonsense}\n",
         "proa.yaml:2:15: listen.ops: \"nonsense\" is no place to listen at; write "
         "127.0.0.1:4600, [::1]:4600 or unix:/path"},
        {P "listen: {data: [127.0.0.1:1, 127.0.0.1:1]}\n",
         "proa.yaml:2:30: listen.data: \"127.0.0.1:1\" is taken by listen.data; each address is of "
         "one listener, once"},
        {P "listen: {data: 127.0.0.1:1, ops: 0.0.0.0:1, admin: \"unix:/a\"}\n",
         "proa.yaml:2:34: listen.ops: \"0.0.0.0:1\" is taken by listen.data; each address is of "
         "one "
         "listener, once"},
        {P "listen: {data: [127.0.0.1:1, \"unix:/a\"], admin: \"unix:/a\"}\n",
         "proa.yaml:2:49: listen.admin: \"unix:/a\" is taken by listen.data; each address is of "
         "one "
         "listener, once"},
        {P "listen: {data: []}\n",
         "proa.yaml:2:16: listen.data: names no address, so nobody could call"},
        {P "listen: {tls_cert_file: a.pem}\n",
         "proa.yaml:2:25: listen: tls_cert_file and tls_key_file go together, tls_key_file is "
         "missing"},
        {P "listen: {tls_key_file: a.pem}\n",
         "proa.yaml:2:24: listen: tls_cert_file and tls_key_file go together, tls_cert_file is "
         "missing"},
        {P "listen: {tls_cert_file: no-ca.pem, tls_key_file: ca.pem}\n",
         "proa.yaml:2:25: listen.tls_cert_file: the file no-ca.pem holds no PEM certificate"},
        {P "listen: {tls_cert_file: ca.pem, tls_key_file: /k/open}\n",
         "proa.yaml:2:47: listen.tls_key_file: the file /k/open may be read by others, or not "
         "by this user; give it to the user that runs proa, mode 0600"},
        {P "listen: {socket_mode: 680}\n",
         "proa.yaml:2:23: listen.socket_mode: 680 is no file mode; write three digits from 0 to 7, "
         "as 660"},
        {P "limits: {buffered: 1MiB}\n",
         "warning: proa.yaml:2:20: limits.buffered: is less than limits.body, so no body of the "
         "largest size can ever be taken"},
    };
    expect_rows(*state, rows, PROA_ARRAY_LEN(rows));
}

static void about_providers(void **state)
{
    static const struct row rows[] = {
        {"providers:\n  a: {base_url: \"https://a/v1\"}\n",
         "proa.yaml:2:6: providers.a: is not a known vendor, so it needs a dialect; write dialect: "
         "openai"},
        {"providers:\n  grok:\n    base_url: \"https://a/v1\"\n",
         "proa.yaml:3:5: providers.grok: is not a known vendor, so it needs a dialect; write "
         "dialect: openai; did you mean \"groq\"?"},
        {"providers:\n  a:\n    dialect: openia\n    base_url: \"https://a/v1\"\n",
         "proa.yaml:3:14: providers.a.dialect: there is no dialect \"openia\"; did you mean "
         "\"openai\"?"},
        {"providers:\n  a:\n    dialect: soap\n    base_url: \"https://a/v1\"\n",
         "proa.yaml:3:14: providers.a.dialect: there is no dialect \"soap\""},
        {"providers: {a: {dialect: bedrok, base_url: \"https://a\"}}\n",
         "proa.yaml:1:26: providers.a.dialect: there is no dialect \"bedrok\"; did you mean "
         "\"bedrock\"?"},
        {"providers: {a: {dialect: openai}}\n",
         "proa.yaml:1:16: providers.a: has no address; write base_url: https://HOST/v1"},
        {"providers: {azure: {keys: [{env: KEY}]}}\n",
         "proa.yaml:1:20: providers.azure: has no address; write resource, or a base_url"},
        {"providers: {a: {dialect: openai, base_url: \"127.0.0.1:8000\"}}\n",
         "proa.yaml:1:44: providers.a.base_url: \"127.0.0.1:8000\" does not begin with https:// or "
         "http://"},
        {"providers: {a: {dialect: openai, base_url: \"http://user:hunter2@h/v1\"}}\n",
         "proa.yaml:1:44: providers.a.base_url: holds a user or a password; credentials belong in "
         "keys"},
        {"providers: {a: {dialect: openai, base_url: \"http://h/v1?key=hunter2\"}}\n",
         "proa.yaml:1:44: providers.a.base_url: has a query (?...); remove it"},
        {"providers: {a: {dialect: openai, base_url: \"http://${NOPE}/v1\"}}\n",
         "proa.yaml:1:44: providers.a.base_url: the environment variable NOPE is not set; set it, "
         "or write $${NOPE} for the text itself"},
        {"providers: {a/b: {dialect: openai, base_url: \"https://a/v1\"}}\n",
         "proa.yaml:1:18: providers.a/b: is no name for a provider; " NAME},
        {"providers: {_a: {dialect: openai, base_url: \"https://a/v1\"}}\n",
         "proa.yaml:1:17: providers._a: is no name for a provider; " NAME},
        {"providers: {a: {dialect: openai, base_url: \"https://a\", ca_file: nope.pem}}\n",
         "proa.yaml:1:66: providers.a.ca_file: the file nope.pem does not exist"},
        {"providers: {a: {dialect: openai, base_url: \"https://a\", ca_file: no-ca.pem}}\n",
         "proa.yaml:1:66: providers.a.ca_file: the file no-ca.pem holds no PEM certificate"},
        {"providers: {a: {dialect: openai, base_url: \"https://a\", ca_file: big.pem}}\n",
         "proa.yaml:1:66: providers.a.ca_file: the file big.pem is too large"},
        {"providers: {a: {dialect: openai, base_url: \"https://a\", ca_file: hidden.pem}}\n",
         "proa.yaml:1:66: providers.a.ca_file: the file hidden.pem may not be read by this user"},
        {"providers: {a: {dialect: openai, base_url: \"http://a\", ca_file: ca.pem}}\n",
         "warning: proa.yaml:1:65: providers.a.ca_file: has no effect on an http:// address"},
        {"providers: {a: {dialect: openai, base_url: \"http://a\", keys: [{env: KEY}]}}\n",
         "warning: proa.yaml:1:44: providers.a.base_url: sends the key over the network "
         "unencrypted; write https:// where the server offers it"},
        {"providers: {a: {dialect: openai, base_url: \"https://a/v1/chat/completions/\", keys: "
         "[]}}\n",
         "warning: proa.yaml:1:44: providers.a.base_url: ends with the path of an endpoint, and "
         "those "
         "are put behind it; write it without \"/chat/completions\""},
        {"providers: {a: {dialect: anthropic, base_url: \"https://a/v1/messages\", keys: []}}\n",
         "warning: proa.yaml:1:47: providers.a.base_url: ends with the path of an endpoint, and "
         "those "
         "are put behind it; write it without \"/messages\""},
    };
    expect_rows(*state, rows, PROA_ARRAY_LEN(rows));
}

#define KEYS(text) "providers: {a: {dialect: openai, base_url: \"https://a\", keys: [" text "]}}\n"
#define AT         "proa.yaml:1:"

static void about_keys(void **state)
{
    static const struct row rows[] = {
        {KEYS("{env: NOPE}"),
         AT "70: providers.a.keys[0].env: the environment variable NOPE is not "
            "set; set it where proa is started, or remove the key"},
        {KEYS("{env: EMPTY}"),
         AT "70: providers.a.keys[0].env: the environment variable EMPTY is empty"},
        {KEYS("{env: BLANK}"),
         AT "70: providers.a.keys[0].env: the environment variable BLANK holds a blank, a line end "
            "or another character that cannot stand in a header, at byte 3 of 4"},
        {KEYS("{env: LINE}"),
         AT "70: providers.a.keys[0].env: the environment variable LINE holds a blank, a line end "
            "or another character that cannot stand in a header, at byte 5 of 5"},
        {KEYS("{env: QUOTED}"),
         "warning: " AT
         "70: providers.a.keys[0].env: the environment variable QUOTED begins and ends "
         "with a quote, which is sent as part of the key; remove both if they are not"},
        {KEYS("{env: sk-proj-hunter2}"),
         AT "70: providers.a.keys[0].env: is not the name of an environment variable; write the "
            "variable's name here, never the key itself"},
        {KEYS("{env: gsk_hunter2hunter2}"), AT
         "70: providers.a.keys[0].env: the environment variable of this name is not set, and the "
         "name looks like a key; write the variable's name here, never the key itself"},
        {KEYS("{env: KEY, file: /k/good}"),
         AT "64: providers.a.keys[0]: has both env and file; write one of them"},
        {KEYS("{weight: 2}"),
         AT "64: providers.a.keys[0]: has no env and no file; write env: NAME_OF_THE_VARIABLE, or "
            "file: /path"},
        {KEYS("{file: /k/nope}"),
         AT "71: providers.a.keys[0].file: the file /k/nope does not exist"},
        {KEYS("{file: /k/open}"),
         AT "71: providers.a.keys[0].file: the file /k/open may be read by others, or not by this "
            "user; give it to the user that runs proa, mode 0600"},
        {KEYS("{file: /k/broken}"),
         AT "71: providers.a.keys[0].file: the file /k/broken cannot be read"},
        {KEYS("{file: /k/empty}"), AT "71: providers.a.keys[0].file: the file /k/empty is empty"},
        {KEYS("{file: /k/two}"),
         AT "71: providers.a.keys[0].file: the file /k/two holds a blank, a line end or another "
            "character that cannot stand in a header, at byte 5 of 9"},
        {KEYS("{env: KEY, label: \"a b\"}"), AT "82: providers.a.keys[0].label: is no name; " NAME},
        {KEYS("{env: KEY}, {env: KEY, label: k1}"),
         AT "94: providers.a.keys[1].label: another key of this provider is called \"k1\" already"},
        {KEYS("{env: KEY, quota_group: \"a/b\"}"),
         AT "88: providers.a.keys[0].quota_group: is no name; " NAME},
        {KEYS("{env: KEY, weight: 0}"),
         AT "16: providers.a.keys: all have the weight 0, so none would ever be used"},
        {"providers: {groq: {}}\n",
         AT "19: providers.groq: has no keys, and the environment variable GROQ_API_KEY is not "
            "set; set it, write keys: [{env: NAME}], or keys: [] when it asks for none"},
    };
    expect_rows(*state, rows, PROA_ARRAY_LEN(rows));
}

static void about_policies(void **state)
{
    static const struct row rows[] = {
        {P "policies: [p/nope.yaml]\n",
         "proa.yaml:2:12: policies[0].file: the file p/nope.yaml does not exist"},
        {P "policies: [p/good.yaml, {file: p/interactive.yaml}]\n",
         "proa.yaml:2:32: policies[1].file: the file p/interactive.yaml does not exist; the policy "
         "interactive is built in, so it can be named without a file"},
        {P "policies: [{file: p/good.yaml, name: x}]\n",
         "proa.yaml:2:19: policies[0].file: stands alone; move the other settings into the file, "
         "or remove file"},
        {P "policies:\n  - retry: {max_attempts: 2}\n",
         "proa.yaml:3:5: policies[0].name: is missing; routes name a policy by it"},
        {P "policies:\n  - name: \"a b\"\n",
         "proa.yaml:3:11: policies[0].name: \"a b\" is no name; " NAME},
        {P "policies: [{name: a}, {name: b}, {name: a}]\n",
         "proa.yaml:2:41: policies[2].name: there is a policy \"a\" already, at proa.yaml:2:12"},
        {P "policies: [{name: a, apiVersion: proa/v2}]\n",
         "proa.yaml:2:34: policies[0].apiVersion: must be proa/v1"},
        {P "policies: [{name: a, kind: policy}]\n",
         "proa.yaml:2:28: policies[0].kind: must be Policy"},
        {P "policies: [{name: a, timeouts: {first_content: 20m}}]\n",
         "warning: proa.yaml:2:48: policies[0].timeouts.first_content: is longer than "
         "total_stream, which ends the exchange first; no other target is tried then"},
        {P "policies: [{name: a, timeouts: {total: 1s}}]\n",
         "warning: proa.yaml:2:40: policies[0].timeouts.connect: is longer than total, which ends "
         "the exchange first; no other target is tried then"},
        /* Places in a policy file stand in the text: the file's name does not outlive the build. */
        {P "policies: [p/list.yaml]\n", "p/list.yaml:1:1: a policy file must be a map of settings"},
        {P "policies: [p/bad.yaml]\n",
         "p/bad.yaml:4:1: unknown key \"retri\"; did you mean \"retry\"?"},
        {P "policies: [p/version.yaml]\n", "p/version.yaml:1:13: apiVersion: must be proa/v1"},
        {P "policies: [p/kind.yaml]\n", "p/kind.yaml:2:7: kind: must be Policy"},
        {P "policies: [p/nameless.yaml]\n",
         "p/nameless.yaml:1:1: name: is missing; routes name a policy by it"},
        {P "policies: [p/nested.yaml]\n",
         "p/nested.yaml:4:7: file: a policy file cannot name another one"},
        {P "policies: [p/good.yaml, {name: good}]\n",
         "proa.yaml:2:32: policies[1].name: there is a policy \"good\" already, at "
         "p/good.yaml:1:1"},
    };
    expect_rows(*state, rows, PROA_ARRAY_LEN(rows));
    struct policy_fixture *f = *state;
    policy_fixture_build(f, P "policies: [p/bare.yaml]\n", NULL);
    assert_int_equal(f->diags.n, 2);
    policy_message(f, 0, "p/bare.yaml:1:1: apiVersion: must be proa/v1");
    policy_message(f, 1, "p/bare.yaml:1:1: kind: must be Policy");
    policy_fixture_build(f, P "policies: [p/broken.yaml]\n", NULL);
    assert_null(f->snapshot);
    assert_memory_equal(policy_fixture_message(f, 0), "p/broken.yaml:", 14);
}

#define PP                                                                                         \
    "providers: {a: {dialect: openai, base_url: \"https://a/v1\"}, "                               \
    "bee: {dialect: openai, base_url: \"https://b/v1\"}}\n"
#define R(tiers) PP "routes: [{model: m, tiers: " tiers "}]\n"
#define TWO      "[[a/x], [bee/x]]"

static void about_routes(void **state)
{
    static const struct row rows[] = {
        {R("[[a/x]]"), "warning: proa.yaml:2:10: routes[0]: \"m\" has one target only, so nothing "
                       "takes over when it fails"},
        {"providers: {a: {dialect: openai, base_url: \"https://a/v1\", "
         "keys: [{env: KEY}, {env: KEY, label: two}]}}\nroutes: [{model: m, tiers: [[a/x]]}]\n",
         "warning: proa.yaml:2:10: routes[0]: \"m\" has targets of one provider's one model only, "
         "so nothing takes over when that fails"},
        {R("[[a/x], [a/x]]"), "warning: proa.yaml:2:37: routes[0].tiers[1][0]: is in this route "
                              "already; the same target fails in the same way"},
        {PP "routes: [{model: \"\", tiers: " TWO "}]\n",
         "proa.yaml:2:18: routes[0].model: must have 1 to 256 bytes and no control characters"},
        {PP "routes: [{model: \"a\\nb\", tiers: " TWO "}]\n",
         "proa.yaml:2:18: routes[0].model: must have 1 to 256 bytes and no control characters"},
        {PP "routes:\n  - {model: m, tiers: " TWO "}\n  - {model: m, tiers: " TWO "}\n",
         "proa.yaml:4:13: routes[1].model: there is a route \"m\" already, at proa.yaml:3:5; put "
         "all targets into one of them"},
        {PP "routes: [{model: m, policy: interactiv, tiers: " TWO "}]\n",
         "proa.yaml:2:29: routes[0].policy: there is no policy \"interactiv\"; did you mean "
         "\"interactive\"?"},
        {PP "policies: [{name: mine}]\nroutes: [{model: m, policy: mime, tiers: " TWO "}]\n",
         "proa.yaml:3:29: routes[0].policy: there is no policy \"mime\"; did you mean \"mine\"?"},
        {PP "routes: [{model: m, policy: nothing-like-it, tiers: " TWO "}]\n",
         "proa.yaml:2:29: routes[0].policy: there is no policy \"nothing-like-it\""},
        {R("[]"), "proa.yaml:2:28: routes[0].tiers: names no target"},
        {R("[[a/x], []]"), "proa.yaml:2:36: routes[0].tiers[1]: has no target"},
        {R("[[a/x],[a/x],[a/x],[a/x],[a/x],[a/x],[a/x],[a/x],[a/x]]"),
         "proa.yaml:2:28: routes[0].tiers: 9 are more than 8"},
        {R("[[a/x, {model: bee/x, weight: 0}], [{model: a/y, weight: 0}]]"),
         "proa.yaml:2:63: routes[0].tiers[1]: all targets have the weight 0, so none would ever be "
         "used"},
        {R("[[a/x], [be/x]]"), "proa.yaml:2:37: routes[0].tiers[1][0].model: there is no provider "
                               "\"be\"; did you mean \"bee\"?"},
        {R("[[a/x], [{provider: zzz, model: x}]]"),
         "proa.yaml:2:48: routes[0].tiers[1][0].provider: there is no provider \"zzz\""},
        {R("[[a/x], [{model: zzz/x}]]"),
         "proa.yaml:2:45: routes[0].tiers[1][0].model: there is no provider \"zzz\""},
        {R("[[a/x], [llama]]"),
         "proa.yaml:2:37: routes[0].tiers[1][0].model: \"llama\" could be any "
         "provider's; write provider/model"},
        {R("[[a/x], [bee/]]"),
         "proa.yaml:2:37: routes[0].tiers[1][0].model: has no model behind the /"},
        {R("[[a/x], [{weight: 2}]]"),
         "proa.yaml:2:37: routes[0].tiers[1][0]: names neither model nor provider; write model: "
         "provider/model"},
        {R("[[a/x], [\"bee/a b\"]]"),
         "proa.yaml:2:37: routes[0].tiers[1][0].model: must be visible ASCII without quotes and "
         "backslashes, at most 256 bytes"},
        {R("[[a/x], ['bee/a\"b']]"),
         "proa.yaml:2:37: routes[0].tiers[1][0].model: must be visible ASCII without quotes and "
         "backslashes, at most 256 bytes"},
    };
    expect_rows(*state, rows, PROA_ARRAY_LEN(rows));
}

/* Overrides have no place in a file. */
static void about_overrides(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"PROA_LISTEN_DATA=0.0.0.0:1", NULL};
    static const struct proa_config_flag flag = {"--listen", "listen.data", {"x", 1}};
    f->env = env;
    policy_expect(f, P,
                  "$PROA_LISTEN_DATA: listen.data: 0.0.0.0:1 can be reached from other machines, "
                  "and this listener has no authentication; write 127.0.0.1:1, [::1]:1 or "
                  "unix:/path");
    f->flags = &flag;
    f->n_flags = 1;
    policy_expect(f, P,
                  "--listen: listen.data: \"x\" is no place to listen at; write 127.0.0.1:4600, "
                  "[::1]:4600 or unix:/path");
    assert_string_equal(f->diags.items[0].file, "--listen"); /* outlives the build: stays apart */
}

static void all_mistakes_at_once(void **state)
{
    struct policy_fixture *f = *state;
    prepare(f);
    policy_fixture_build(f,
                         "apiVersion: v1\n"
                         "listen: {data: here}\n"
                         "providers:\n"
                         "  a:\n"
                         "    dialect: opanai\n"
                         "    base_url: a\n"
                         "    keys: [{env: NOPE}, {env: EMPTY}]\n"
                         "policies: [p/nope.yaml, {name: \"\"}]\n"
                         "routes:\n"
                         "  - {model: m, policy: x, tiers: [[b/x]]}\n",
                         NULL);
    assert_err(f->err, PROA_ERR_SYNTAX);
    assert_null(f->snapshot);
    static const char *const starts[] = {
        "proa.yaml:1:13: apiVersion:",
        "proa.yaml:2:16: listen.data:",
        "proa.yaml:8:12: policies[0].file:",
        "proa.yaml:8:25: policies[1].name:",
        "proa.yaml:5:14: providers.a.dialect:",
        "proa.yaml:6:15: providers.a.base_url:",
        "proa.yaml:7:18: providers.a.keys[0].env:",
        "proa.yaml:7:31: providers.a.keys[1].env:",
        "proa.yaml:10:24: routes[0].policy:",
        "proa.yaml:10:36: routes[0].tiers[0][0].model:",
    };
    for (uint32_t i = 0; i < PROA_ARRAY_LEN(starts); i++) {
        const char *message = policy_fixture_message(f, i);
        PROA_TEST_CHECK(strncmp(message, starts[i], strlen(starts[i])) == 0, "%u: %s", (unsigned)i,
                        message);
    }
    assert_int_equal(f->diags.n, PROA_ARRAY_LEN(starts));
}

/* No message shows a byte of a credential, wherever it was put by mistake. */
static void no_secret_in_a_message(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"A=hunter2 ", "B=\x01hunter2", "C=hunter2\xff", NULL};
    static const char *const texts[] = {
        KEYS("{env: A}"),
        KEYS("{env: B}"),
        KEYS("{env: C}"),
        KEYS("{env: sk-hunter2}"),
        KEYS("{env: \"hunter2 \"}"),
        KEYS("{env: gsk_hunter2hunter2hunter2}"),
        KEYS("sk-hunter2"),
        KEYS("[hunter2]"),
        KEYS("{env: [hunter2]}"),
        KEYS("{env: KEY, quota_group: sk/hunter2}"),
        KEYS("{env: KEY, label: \"sk hunter2\"}"),
        "providers: {a: {dialect: openai, base_url: \"https://hunter2@h\"}}\n",
        "providers: {a: {dialect: openai, base_url: \"hunter2@h\"}}\n",
        "providers: {a: {dialect: openai, base_url: \"https://h?k=hunter2\"}}\n",
        "providers: {a: {dialect: openai, base_url: \"https://h\", keys: sk-hunter2}}\n",
    };
    f->env = env;
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        policy_fixture_build(f, texts[i], NULL);
        PROA_TEST_CHECK(f->err != PROA_OK && f->diags.n > 0, "%s", texts[i]);
        for (uint32_t k = 0; k < f->diags.n; k++) {
            PROA_TEST_CHECK(!strstr(f->diags.items[k].message, "hunter2"), "%s",
                            f->diags.items[k].message);
        }
    }
}

static void names(void **state)
{
    (void)state;
    static const char longest[] =
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg";
    assert_int_equal(sizeof(longest) - 1, 64);
    assert_true(proa_build_is_name(PROA_SLICE("a")));
    assert_true(proa_build_is_name(PROA_SLICE("4A.b_c-d")));
    assert_true(proa_build_is_name(proa_slice_cstr(longest)));
    static const char *const bad[] = {"",
                                      ".a",
                                      "-a",
                                      "_a",
                                      "a/b",
                                      "a b",
                                      "a\n",
                                      "a:b",
                                      "\xC3\xA4",
                                      "a,b",
                                      "a\"",
                                      "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff"
                                      "fggggh"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(bad); i++) {
        PROA_TEST_CHECK(!proa_build_is_name(proa_slice_cstr(bad[i])), "%s", bad[i]);
    }
}

static void guesses(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *text;
    } rows[] = {
        {"calm", "; did you mean \"calm\"?"},
        {"clam", "; did you mean \"calm\"?"},
        {"calmer", "; did you mean \"calm\"?"},
        {"cal", "; did you mean \"calm\"?"},
        {"b", ""},
        {"ca", ""},
        {"", ""},
        {"interactiveness", ""},
        {"intaraktive", "; did you mean \"interactive\"?"},
        {"xyz", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_build_guess guess;
        proa_arena_init(&arena, NULL);
        proa_build_guess_init(&guess, proa_slice_cstr(row->word));
        proa_build_guess_try(&guess, PROA_SLICE("interactive"));
        proa_build_guess_try(&guess, PROA_SLICE("calm"));
        proa_build_guess_try(&guess, PROA_SLICE("default"));
        const char *text = proa_build_guess_text(&guess, &arena);
        PROA_TEST_CHECK(strcmp(text, row->text) == 0, "%s: %s", row->word, text);
        proa_arena_reset(&arena);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(about_the_file),
        TEST(about_providers),
        TEST(about_keys),
        TEST(about_policies),
        TEST(about_routes),
        TEST(about_overrides),
        TEST(all_mistakes_at_once),
        TEST(no_secret_in_a_message),
        TEST(names),
        TEST(guesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
