/*
 * Runs every scenario of tests/sim/scenarios: one exchange each, played on a virtual clock against
 * scripted upstreams, its decisions compared as text.
 */
#include <dirent.h>

#include "../sim/scenario.h"
#include "proa_test.h"

struct tally {
    unsigned played;
    unsigned wrong;
};

static void finish(struct sim_scenario *s, const char *file, struct tally *tally)
{
    if (s->name[0] == '\0') {
        return;
    }
    sim_run_scenario(s);
    fixture_deinit(&s->fx);
    tally->played++;
    if (strcmp(s->actual, s->expected) != 0) {
        tally->wrong++;
        print_error("%s: '%s'\n---- expected\n%s---- actual\n%s", file, s->name, s->expected,
                    s->actual);
    }
}

static void begin(struct sim_scenario *s, const char *name, int line)
{
    memset(s, 0, sizeof(*s));
    (void)snprintf(s->name, sizeof(s->name), "%.95s", name);
    s->line = line;
    fixture_init(&s->fx, 1);
}

static void play_file(FILE *in, const char *file, struct sim_scenario *s, struct tally *tally)
{
    char line[512];
    bool expecting = false;
    s->name[0] = '\0';
    for (int number = 1; fgets(line, sizeof(line), in); number++) {
        line[strcspn(line, "\n")] = '\0';
        s->line = number;
        if (strncmp(line, "== ", 3) == 0) {
            finish(s, file, tally);
            begin(s, line + 3, number);
            expecting = false;
        } else if (strcmp(line, "--") == 0) {
            expecting = true;
        } else if (expecting && line[0] != '\0') {
            const size_t len = strlen(s->expected);
            (void)snprintf(s->expected + len, sizeof(s->expected) - len, "%s\n", line);
        } else if (s->name[0] != '\0') {
            sim_read_line(s, line);
        }
    }
    finish(s, file, tally);
}

static void all_scenarios(void **state)
{
    (void)state;
    /* From the folder of the tests, as ctest does, or from the top. */
    const char *folder = "sim/scenarios";
    DIR *dir = opendir(folder);
    if (!dir) {
        folder = "tests/sim/scenarios";
        dir = opendir(folder);
    }
    assert_non_null(dir);
    struct tally tally = {0, 0};
    struct sim_scenario *s = proa_alloc(sizeof(*s));
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): one thread */
        char path[512];
        if (!strstr(entry->d_name, ".txt")) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *in = fopen(path, "r");
        assert_non_null(in);
        play_file(in, entry->d_name, s, &tally);
        (void)fclose(in);
    }
    (void)closedir(dir);
    proa_free(s);
    assert_int_equal(tally.wrong, 0);
    PROA_TEST_CHECK(tally.played >= 40, "only %u scenarios were found", tally.played);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
