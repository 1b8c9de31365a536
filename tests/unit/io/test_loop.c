#include "loop_priv.h"

#include <pthread.h>

#include "io_test.h"

static int setup(void **state)
{
    *state = proa_loop_create();
    return 0;
}

static int teardown(void **state)
{
    proa_loop_destroy(*state);
    return 0;
}

/* Timers. */

struct shot {
    struct proa_timer timer;
    struct proa_loop *loop;
    char *log; /* NUL-terminated, one letter a firing */
    char letter;
    int n;
    uint64_t at_ns;
    uint64_t again_ns; /* arm again this far ahead */
    int n_again;
};

static void on_shot(void *ctx, uint64_t now_ns)
{
    struct shot *s = ctx;
    size_t len = s->log ? strlen(s->log) : 0;
    assert_false(proa_timer_armed(&s->timer));
    assert_int_equal(now_ns, proa_loop_now(s->loop));
    s->n++;
    s->at_ns = now_ns;
    if (s->log) {
        s->log[len] = s->letter;
    }
    if (s->n_again > 0) {
        s->n_again--;
        proa_timer_set(s->loop, &s->timer, now_ns - 1 + s->again_ns);
    }
}

static struct shot shot(struct proa_loop *loop, char *log, char letter)
{
    return (struct shot){.timer = {.fn = on_shot}, .loop = loop, .log = log, .letter = letter};
}

static void arm(struct shot *s, uint64_t deadline_ns)
{
    s->timer.ctx = s;
    proa_timer_set(s->loop, &s->timer, deadline_ns);
}

static void test_timers_fire_in_order(void **state)
{
    struct proa_loop *loop = *state;
    char log[16] = "";
    struct shot a = shot(loop, log, 'a');
    struct shot b = shot(loop, log, 'b');
    struct shot c = shot(loop, log, 'c');
    struct shot d = shot(loop, log, 'd');
    uint64_t now = proa_loop_now(loop);
    arm(&c, now + 9 * PROA_NS_PER_MS);
    arm(&a, now + 3 * PROA_NS_PER_MS);
    arm(&b, now + 6 * PROA_NS_PER_MS);
    arm(&d, now + 9 * PROA_NS_PER_MS);
    proa_loop_run(loop); /* ends because nothing is left */
    assert_string_equal(log, "abcd");
    assert_true(a.at_ns >= now + 3 * PROA_NS_PER_MS);
    assert_true(b.at_ns >= now + 6 * PROA_NS_PER_MS);
    assert_true(c.at_ns >= now + 9 * PROA_NS_PER_MS);
    assert_true(d.at_ns < now + 200 * PROA_NS_PER_MS);
}

static void test_timers_are_never_early(void **state)
{
    struct proa_loop *loop = *state;
    enum { N = 60 };
    struct shot shots[N];
    uint64_t deadline[N];
    for (size_t i = 0; i < N; i++) {
        shots[i] = shot(loop, NULL, 0);
        deadline[i] = proa_loop_now(loop) + i * 333 * PROA_NS_PER_US + 1;
        arm(&shots[i], deadline[i]);
    }
    proa_loop_run(loop);
    for (size_t i = 0; i < N; i++) {
        PROA_TEST_CHECK(shots[i].at_ns >= deadline[i], "timer %zu is early", i);
    }
}

static void test_timer_moves_and_clears(void **state)
{
    struct proa_loop *loop = *state;
    char log[16] = "";
    struct shot a = shot(loop, log, 'a');
    struct shot b = shot(loop, log, 'b');
    struct shot gone = shot(loop, log, 'x');
    uint64_t now = proa_loop_now(loop);
    arm(&a, now + 2 * PROA_NS_PER_MS);
    arm(&b, now + 5 * PROA_NS_PER_MS);
    arm(&gone, now + PROA_NS_PER_MS);
    arm(&a, now + 12 * PROA_NS_PER_MS);
    assert_true(proa_timer_armed(&gone.timer));
    proa_timer_clear(loop, &gone.timer);
    proa_timer_clear(loop, &gone.timer);
    assert_false(proa_timer_armed(&gone.timer));
    arm(&gone, now + PROA_NS_PER_MS);
    arm(&gone, PROA_NEVER);
    assert_false(proa_timer_armed(&gone.timer));
    proa_loop_run(loop);
    assert_string_equal(log, "ba");
    assert_true(a.at_ns >= now + 12 * PROA_NS_PER_MS);
}

/* Cleared timers do not keep the loop waiting for what the kernel timer was once set to. */
static void test_cleared_timers_hold_nothing(void **state)
{
    struct proa_loop *loop = *state;
    struct shot a = shot(loop, NULL, 'a');
    uint64_t start = io_test_clock_ns();
    arm(&a, proa_loop_now(loop) + 60 * PROA_NS_PER_S);
    assert_true(proa_loop_turn(loop));
    proa_timer_clear(loop, &a.timer);
    assert_false(proa_loop_turn(loop));
    proa_loop_run(loop);
    assert_true(io_test_clock_ns() - start < PROA_NS_PER_S);
    /* And an earlier one afterwards is on time. */
    arm(&a, proa_loop_now(loop) + 2 * PROA_NS_PER_MS);
    proa_loop_run(loop);
    assert_int_equal(a.n, 1);
}

/* A timer that arms itself in the past fires once a turn, and others come to their turn. */
static void test_past_deadline_waits_for_the_next_turn(void **state)
{
    struct proa_loop *loop = *state;
    char log[64] = "";
    struct shot a = shot(loop, log, 'a');
    struct shot b = shot(loop, log, 'b');
    a.n_again = 3;
    arm(&a, 1);
    arm(&b, proa_loop_now(loop));
    assert_int_equal(a.n, 0);
    io_test_rest();
    (void)proa_loop_turn(loop);
    assert_int_equal(a.n, 1);
    proa_loop_run(loop);
    assert_int_equal(a.n, 4);
    assert_int_equal(b.n, 1);
}

static void test_lag(void **state)
{
    struct proa_loop *loop = *state;
    struct shot a = shot(loop, NULL, 'a');
    arm(&a, proa_loop_now(loop));
    struct timespec busy = {.tv_nsec = 20 * 1000 * 1000};
    (void)nanosleep(&busy, NULL);
    proa_loop_run(loop);
    assert_true(proa_loop_lag(loop) >= 20 * PROA_NS_PER_MS);
    arm(&a, proa_loop_now(loop) + 3 * PROA_NS_PER_MS);
    proa_loop_run(loop);
    assert_true(proa_loop_lag(loop) < 20 * PROA_NS_PER_MS);
}

/* Time. */

struct frozen {
    struct proa_loop *loop;
    struct proa_deferred d;
    uint64_t first;
    uint64_t second;
};

static void on_frozen(void *ctx)
{
    struct frozen *f = ctx;
    struct timespec t = {.tv_nsec = 3 * 1000 * 1000};
    f->first = proa_loop_now(f->loop);
    (void)nanosleep(&t, NULL);
    f->second = proa_loop_now(f->loop);
}

static void test_one_sample_per_callback(void **state)
{
    struct proa_loop *loop = *state;
    struct frozen f = {.loop = loop, .d = {.fn = on_frozen}};
    f.d.ctx = &f;
    uint64_t before = proa_loop_now(loop);
    proa_defer(loop, &f.d);
    (void)proa_loop_turn(loop);
    assert_int_equal(f.first, f.second);
    assert_true(f.first >= before);
    /* Outside of callbacks it moves. */
    assert_true(proa_loop_now(loop) >= f.first + 3 * PROA_NS_PER_MS);
}

static void test_wall_clock(void **state)
{
    struct proa_loop *loop = *state;
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &t), 0);
    int64_t real_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    int64_t diff = (int64_t)proa_loop_wall_ms(loop) - real_ms;
    assert_true(diff > -100 && diff < 100);
}

/* Deferred calls. */

struct later {
    struct proa_deferred d;
    struct proa_loop *loop;
    char *log;
    char letter;
    int n_again;
    struct later *cancels;
};

static void on_later(void *ctx)
{
    struct later *l = ctx;
    assert_false(l->d.queued);
    l->log[strlen(l->log)] = l->letter;
    if (l->cancels) {
        proa_defer_cancel(l->loop, &l->cancels->d);
    }
    if (l->n_again-- > 0) {
        proa_defer(l->loop, &l->d);
    }
}

static void later_init(struct later *l, struct proa_loop *loop, char *log, char letter)
{
    *l = (struct later){.d = {.fn = on_later}, .loop = loop, .log = log, .letter = letter};
    l->d.ctx = l;
}

static void test_defer(void **state)
{
    struct proa_loop *loop = *state;
    char log[16] = "";
    struct later a;
    struct later b;
    struct later c;
    later_init(&a, loop, log, 'a');
    later_init(&b, loop, log, 'b');
    later_init(&c, loop, log, 'c');
    proa_defer(loop, &a.d);
    proa_defer(loop, &b.d);
    proa_defer(loop, &a.d);
    proa_defer(loop, &c.d);
    proa_defer_cancel(loop, &b.d);
    proa_defer_cancel(loop, &b.d);
    assert_string_equal(log, "");
    (void)proa_loop_turn(loop);
    assert_string_equal(log, "ac");
    (void)proa_loop_turn(loop);
    assert_string_equal(log, "ac");
}

static void test_defer_cancels_at_every_place(void **state)
{
    struct proa_loop *loop = *state;
    for (size_t gone = 0; gone < 3; gone++) {
        char log[16] = "";
        const char *left[] = {"bcz", "acz", "abz"};
        struct later l[4];
        for (size_t i = 0; i < 4; i++) {
            later_init(&l[i], loop, log, "abcz"[i]);
        }
        for (size_t i = 0; i < 3; i++) {
            proa_defer(loop, &l[i].d);
        }
        proa_defer_cancel(loop, &l[gone].d);
        proa_defer(loop, &l[3].d);
        (void)proa_loop_turn(loop);
        assert_string_equal(log, left[gone]);
    }
}

static void test_defer_inside_deferred(void **state)
{
    struct proa_loop *loop = *state;
    char log[16] = "";
    struct later a;
    struct later b;
    later_init(&a, loop, log, 'a');
    later_init(&b, loop, log, 'b');
    a.n_again = 2;
    a.cancels = &b;
    proa_defer(loop, &a.d);
    proa_defer(loop, &b.d);
    proa_loop_run(loop); /* alone enough to be run, and the loop ends */
    assert_string_equal(log, "aaa");
}

struct storm {
    struct proa_deferred d;
    struct proa_loop *loop;
    uint64_t n;
    bool stop;
};

static void on_storm(void *ctx)
{
    struct storm *s = ctx;
    s->n++;
    if (!s->stop) {
        proa_defer(s->loop, &s->d);
    }
}

static void on_calm(void *ctx, uint64_t now_ns)
{
    struct storm *s = ctx;
    (void)now_ns;
    s->stop = true;
}

/* Deferring without end starves nobody, and the loop does not block meanwhile. */
static void test_defer_storm(void **state)
{
    struct proa_loop *loop = *state;
    struct storm s = {.d = {.fn = on_storm}, .loop = loop};
    struct proa_timer calm = {.fn = on_calm, .ctx = &s};
    s.d.ctx = &s;
    proa_defer(loop, &s.d);
    proa_timer_set(loop, &calm, proa_loop_now(loop) + 5 * PROA_NS_PER_MS);
    proa_loop_run(loop);
    assert_true(s.stop);
    assert_true(s.n > 1);
}

struct stopper {
    struct proa_loop *loop;
    int n;
};

static void on_stop(void *ctx, uint64_t now_ns)
{
    struct stopper *s = ctx;
    (void)now_ns;
    s->n++;
    proa_loop_stop(s->loop);
}

static void test_stop(void **state)
{
    struct proa_loop *loop = *state;
    struct stopper s = {.loop = loop};
    struct proa_timer stop = {.fn = on_stop, .ctx = &s};
    struct proa_timer far_away = {.fn = on_stop, .ctx = &s};
    uint64_t now = proa_loop_now(loop);
    proa_timer_set(loop, &far_away, now + 100 * PROA_NS_PER_S);
    proa_timer_set(loop, &stop, now + PROA_NS_PER_MS);
    proa_loop_run(loop);
    assert_int_equal(s.n, 1);
    /* Stopped before it runs: it returns, and the next run goes on as usual. */
    proa_loop_stop(loop);
    proa_loop_run(loop);
    assert_int_equal(s.n, 1);
    proa_timer_set(loop, &stop, proa_loop_now(loop));
    proa_loop_run(loop);
    assert_int_equal(s.n, 2);
    proa_timer_clear(loop, &far_away);
}

/* Free lists. */

static void test_spares_go_when_nobody_needs_them(void **state)
{
    struct proa_loop *loop = *state;
    struct proa_freelist list;
    struct shot busy = shot(loop, NULL, 'a');
    struct shot alive = shot(loop, NULL, 'b');
    proa_freelist_init(&list, 64, 8);
    proa_loop_tend(loop, &list);
    arm(&alive, proa_loop_now(loop) + 60 * PROA_NS_PER_S);
    loop->tend_ms = 1;
    loop->wall_read_ns = 0; /* a second has passed */
    void *held = proa_freelist_take(&list);
    proa_freelist_give(&list, proa_freelist_take(&list));
    arm(&busy, 0);
    IO_TEST_UNTIL(loop, busy.n == 1 && list.n_spare == 0);
    assert_int_equal(list.n_used, 1);

    /* At rest nothing ticks. */
    IO_TEST_UNTIL(loop, !uv_is_active((uv_handle_t *)&loop->tend));
    proa_freelist_give(&list, held);
    proa_freelist_deinit(&list);
    loop->wall_read_ns = 0;
    arm(&busy, 0);
    IO_TEST_UNTIL(loop, busy.n == 2 && !uv_is_active((uv_handle_t *)&loop->tend));

    /* Nor does it keep the loop running. */
    loop->wall_read_ns = 0;
    arm(&busy, 0);
    proa_timer_clear(loop, &alive.timer);
    IO_TEST_UNTIL(loop, busy.n == 3);
    assert_false(proa_loop_turn(loop));
}

/* Signals. */

struct signalled {
    struct proa_loop *loop;
    int n;
    int last;
};

static void on_signal(void *ctx, int signum)
{
    struct signalled *s = ctx;
    s->n++;
    s->last = signum;
}

static void test_signals(void **state)
{
    struct proa_loop *loop = *state;
    struct signalled s = {.loop = loop};
    assert_ok(proa_loop_signal(loop, SIGUSR1, on_signal, &s));
    assert_ok(proa_loop_signal(loop, SIGUSR2, on_signal, &s));
    assert_false(proa_loop_turn(loop)); /* they do not keep the loop running */
    struct shot alive = shot(loop, NULL, 'a');
    arm(&alive, proa_loop_now(loop) + 60 * PROA_NS_PER_S);
    assert_int_equal(raise(SIGUSR1), 0);
    IO_TEST_UNTIL(loop, s.n == 1);
    assert_int_equal(s.last, SIGUSR1);
    assert_int_equal(raise(SIGUSR2), 0);
    IO_TEST_UNTIL(loop, s.n == 2);
    assert_int_equal(s.last, SIGUSR2);
    assert_err(proa_loop_signal(loop, 12345, on_signal, &s), PROA_ERR_ARG);
    for (int i = 2; i < 16; i++) {
        assert_ok(proa_loop_signal(loop, SIGUSR1, on_signal, &s));
    }
    assert_err(proa_loop_signal(loop, SIGUSR1, on_signal, &s), PROA_ERR_LIMIT);
    proa_timer_clear(loop, &alive.timer);
}

/* A peer that is gone must not kill the process. */
static void test_sigpipe_is_ignored(void **state)
{
    struct sigaction now;
    (void)state;
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
}

/* Threads. */

struct job {
    pthread_t main_thread;
    bool worked_elsewhere;
    int n_work;
    int n_done;
    char input[64];
    size_t result;
};

static void job_work(void *ctx)
{
    struct job *j = ctx;
    j->worked_elsewhere = !pthread_equal(pthread_self(), j->main_thread);
    j->n_work++;
    j->result = strlen(j->input);
}

static void job_done(void *ctx)
{
    struct job *j = ctx;
    assert_true(pthread_equal(pthread_self(), j->main_thread));
    assert_int_equal(j->n_work, 1);
    j->n_done++;
}

static void test_work(void **state)
{
    struct proa_loop *loop = *state;
    enum { N = 50 };
    struct job jobs[N];
    for (size_t i = 0; i < N; i++) {
        jobs[i] = (struct job){.main_thread = pthread_self(), .input = "some work"};
        assert_ok(proa_loop_work(loop, job_work, job_done, &jobs[i]));
        assert_int_equal(jobs[i].n_done, 0);
    }
    proa_loop_run(loop);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(jobs[i].n_done, 1);
        assert_true(jobs[i].worked_elsewhere);
        assert_int_equal(jobs[i].result, 9);
    }
}

static void test_work_is_finished_by_destroy(void **state)
{
    struct proa_loop *loop = proa_loop_create();
    struct job jobs[20];
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(jobs); i++) {
        jobs[i] = (struct job){.main_thread = pthread_self(), .input = "x"};
        assert_ok(proa_loop_work(loop, job_work, job_done, &jobs[i]));
    }
    proa_loop_destroy(loop);
    for (size_t i = 0; i < PROA_ARRAY_LEN(jobs); i++) {
        assert_int_equal(jobs[i].n_done, 1);
    }
    proa_loop_destroy(NULL);
}

static void never_accepts(void *ctx, struct proa_sock *sock)
{
    (void)ctx;
    (void)sock;
}

static void destroy_with_open_handle(void *ctx)
{
    struct proa_loop *loop = proa_loop_create();
    struct proa_addr addr = io_test_addr("127.0.0.1:0");
    struct proa_listener *listener = NULL;
    if (proa_listener_open(loop, &addr, NULL, never_accepts, ctx, &listener) == PROA_OK) {
        proa_loop_destroy(loop);
    }
}

static void test_open_handles_are_an_error(void **state)
{
    (void)state;
    assert_true(proa_test_aborts(destroy_with_open_handle, NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_timers_fire_in_order),
        TEST(test_timers_are_never_early),
        TEST(test_timer_moves_and_clears),
        TEST(test_cleared_timers_hold_nothing),
        TEST(test_past_deadline_waits_for_the_next_turn),
        TEST(test_lag),
        TEST(test_one_sample_per_callback),
        TEST(test_wall_clock),
        TEST(test_defer),
        TEST(test_defer_cancels_at_every_place),
        TEST(test_defer_inside_deferred),
        TEST(test_defer_storm),
        TEST(test_stop),
        TEST(test_spares_go_when_nobody_needs_them),
        TEST(test_signals),
        TEST(test_sigpipe_is_ignored),
        TEST(test_work),
        TEST(test_work_is_finished_by_destroy),
        cmocka_unit_test(test_open_handles_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
