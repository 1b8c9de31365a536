#include "proa/io/notify.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "proa_test.h"

/* A service manager: a socket bound to the name, as systemd makes it. */
static int listen_as(const char *name)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const size_t len = strlen(name);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0 && len < sizeof addr.sun_path);
    memcpy(addr.sun_path, name, len);
    if (name[0] == '@') {
        addr.sun_path[0] = '\0';
    }
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void test_one_datagram_a_state(void **state)
{
    (void)state;
    char path[64];
    char abstract[64];
    (void)snprintf(path, sizeof path, "/tmp/proa-notify-%ld", (long)getpid());
    (void)snprintf(abstract, sizeof abstract, "@proa-notify-%ld", (long)getpid());
    const char *names[] = {path, abstract};
    static const struct proa_slice states[] = {
        PROA_SLICE_INIT("READY=1"), PROA_SLICE_INIT("STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        const int fd = listen_as(names[i]);
        char got[128];
        for (size_t k = 0; k < PROA_ARRAY_LEN(states); k++) {
            assert_true(proa_notify_send(names[i], states[k]));
        }
        for (size_t k = 0; k < PROA_ARRAY_LEN(states); k++) {
            const ssize_t n = recv(fd, got, sizeof got, 0);
            PROA_TEST_CHECK(n == (ssize_t)states[k].len &&
                                memcmp(got, states[k].ptr, (size_t)n) == 0,
                            "name %zu, state %zu", i, k);
        }
        assert_int_equal(recv(fd, got, sizeof got, 0), -1);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(unlink(path), 0);
}

static void test_nobody_is_told(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '@';
    longest[sizeof longest - 1] = '\0';
    const char *names[] = {NULL,
                           "",
                           "/",
                           "@",
                           "relative/path",
                           "vsock:2:1",
                           longest,
                           "/tmp/proa-notify-of-nobody",
                           "@proa-notify-of-nobody"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        PROA_TEST_CHECK(!proa_notify_send(names[i], PROA_SLICE("READY=1")), "name %zu", i);
    }
}

static void test_a_full_queue_does_not_block(void **state)
{
    (void)state;
    char name[64];
    (void)snprintf(name, sizeof name, "@proa-notify-full-%ld", (long)getpid());
    const int fd = listen_as(name);
    bool sent = true;
    /* The kernel queues a few datagrams for a listener that does not read. */
    for (int i = 0; sent && i < 100000; i++) {
        sent = proa_notify_send(name, PROA_SLICE("WATCHDOG=1"));
    }
    assert_false(sent);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_datagram_a_state),
        cmocka_unit_test(test_nobody_is_told),
        cmocka_unit_test(test_a_full_queue_does_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
