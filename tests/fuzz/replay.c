/*
 * Runs a fuzz target over files, without libFuzzer: each argument is a file or a folder of files.
 * A folder that does not exist counts as empty, so that a target without regressions still runs.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    uint8_t *data = NULL;
    size_t len = 0;
    size_t got;
    do {
        data = realloc(data, len + 65536);
        if (!data) {
            abort();
        }
        got = fread(data + len, 1, 65536, f);
        len += got;
    } while (got == 65536);
    (void)fclose(f);
    /* An exact-size copy lets ASan see a read one byte past the end. */
    uint8_t *exact = malloc(len ? len : 1);
    for (size_t i = 0; i < len; i++) {
        exact[i] = data[i];
    }
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    int count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) != 0) {
            continue;
        }
        if (!S_ISDIR(st.st_mode)) {
            failed |= replay_file(argv[i]);
            count++;
            continue;
        }
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            continue;
        }
        const struct dirent *entry;
        while ((entry = readdir(dir)) != NULL) {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (entry->d_name[0] != '.') {
                failed |= replay_file(path);
                count++;
            }
        }
        (void)closedir(dir);
    }
    (void)printf("%d inputs replayed\n", count);
    return failed;
}
