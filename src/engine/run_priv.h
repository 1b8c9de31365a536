/*
 * The run half's units and what they ask of each other. Private to the module.
 *
 *   run.c       one exchange: events in, the life of its attempts, its end
 *   deadline.c  what is due when, and what a timer that fires means
 *   retry.c     after a failure: move, wait and try again, or stop
 *   hedge.c     attempts beside one that is silent
 *   queue.c     the first pick, and waiting for it
 *   rescue.c    going on with an answer that broke off
 *   terminal.c  ending with an error
 *
 * `out` takes the commands of the event at hand. Everything that may end the exchange is the last
 * thing its caller does.
 */
#ifndef PROA_ENGINE_RUN_PRIV_H
#define PROA_ENGINE_RUN_PRIV_H

#include "engine_priv.h"

/* What is done when run->wait_until_ns has come. */
enum run_wait_for {
    RUN_WAIT_NOTHING = 0,
    RUN_WAIT_MOVE, /* to a target that shares no fault with those that failed */
    RUN_WAIT_ANY,  /* also to one that does */
    RUN_WAIT_SAME, /* the target of the last attempt, once more */
    RUN_WAIT_TURN  /* in the queue */
};

enum { RUN_ONE_ATTEMPT = 1000 }; /* in a budget's thousandths */

static inline bool proa_run_is_active(const struct proa_attempt_record *a)
{
    return a->stage != PROA_STAGE_UNUSED && a->stage != PROA_STAGE_OVER;
}

static inline uint64_t proa_run_bit(const struct proa_run *run,
                                    const struct proa_candidate *candidate)
{
    return UINT64_C(1) << (candidate - run->route->candidates);
}

/* As far as it is known: that of what was asked for is empty. */
static inline struct proa_slice proa_run_model(const struct proa_candidate *c)
{
    return PROA_UNLIKELY(c->wish && c->target->model.len == 0) ? c->wish->model : c->target->model;
}

static inline bool proa_run_same_pool(const struct proa_candidate *a,
                                      const struct proa_candidate *b)
{
    return a->target->provider == b->target->provider &&
           proa_slice_eq(proa_run_model(a), proa_run_model(b));
}

static inline uint64_t proa_run_remaining(const struct proa_run *run, uint64_t now_ns)
{
    return proa_clock_since(run->deadline_ns, now_ns);
}

/* ---- run.c */
struct proa_command *proa_run_emit(struct proa_commands *out, enum proa_cmd kind,
                                   enum proa_reason reason);
unsigned proa_run_n_active(const struct proa_run *run);
/* Reserves and starts an attempt on what was picked. */
void proa_run_start(struct proa_run *run, uint64_t now_ns, const struct pick *pick,
                    enum proa_purpose purpose, enum proa_reason reason, struct proa_commands *out);
/* An attempt is over without an answer: verdict, release, and whatever comes next. `event` is NULL
 * for a timer of ours. */
void proa_run_fail(struct proa_run *run, uint64_t now_ns, uint8_t index, enum proa_class class,
                   const struct proa_event *event, struct proa_commands *out);
/* Stops one that has said nothing in all the time of the exchange: that is a failure of its own. */
void proa_run_charge(struct proa_run *run, uint64_t now_ns, uint8_t index,
                     struct proa_commands *out);
/* Stops all attempts but one (PROA_RUN_ATTEMPTS_MAX: all), without a verdict. */
void proa_run_cancel(struct proa_run *run, uint64_t now_ns, uint8_t except, enum proa_reason reason,
                     struct proa_commands *out);
void proa_run_wait(struct proa_run *run, uint64_t until_ns, enum proa_wait wait,
                   enum run_wait_for wait_for, enum proa_reason reason, struct proa_commands *out);
void proa_run_finish(struct proa_run *run, enum proa_outcome outcome, enum proa_reason reason,
                     struct proa_commands *out);

/* ---- deadline.c */
void proa_run_on_deadline(struct proa_run *run, uint64_t now_ns, struct proa_commands *out);
/* Says the earliest deadline where it is sooner than the last one said, or that one has `fired`. */
void proa_run_arm(struct proa_run *run, bool fired, struct proa_commands *out);

/* ---- retry.c */
/* Puts aside what would fail like this attempt. */
void proa_run_note_fault(struct proa_run *run, const struct proa_attempt_record *failed);
void proa_run_retry(struct proa_run *run, uint64_t now_ns, uint8_t index,
                    struct proa_commands *out);
/* A wait before a retry is over. */
void proa_run_retry_now(struct proa_run *run, uint64_t now_ns, enum run_wait_for what,
                        struct proa_commands *out);
/* Candidates that must not be tried again: hopeless, or their pool has had its share. */
uint64_t proa_run_excluded(const struct proa_run *run);
/* What the policy still allows. Attempts that were never sent do not count. */
uint32_t proa_run_attempts_left(const struct proa_run *run);
/* Is there time enough left for an attempt to be worth its price? */
bool proa_run_has_time(const struct proa_run *run, uint64_t now_ns);

/* ---- hedge.c */
/* The attempt is about to start: when another one should join it. */
void proa_run_plan_hedge(const struct proa_run *run, struct proa_attempt_record *a,
                         const struct pick *pick, const struct attempt_times *times);
/* The attempt is silent for so long that another one pays. */
void proa_run_hedge(struct proa_run *run, uint64_t now_ns, uint8_t index,
                    struct proa_commands *out);
/* Another attempt for one whose pool was opened under it. */
void proa_run_evacuate(struct proa_run *run, uint64_t now_ns, struct proa_commands *out);

/* ---- queue.c */
/* The request is complete: the first attempt, a place in the queue, or the end. */
void proa_run_enter(struct proa_run *run, uint64_t now_ns, struct proa_commands *out);
/* In the queue, and woken or looking by itself. */
void proa_run_look(struct proa_run *run, uint64_t now_ns, struct proa_commands *out);
/* Out of the queue and out of its place, whichever it has; the next is woken. */
void proa_run_leave(struct proa_run *run);
/* Something came free: wakes the one whose turn it is, if there is one. */
void proa_run_wake_next(const struct proa_run *run);

/* ---- rescue.c */
/* The committed answer broke off. */
void proa_run_rescue(struct proa_run *run, uint64_t now_ns, uint8_t broken,
                     struct proa_commands *out);
/* A rescue has failed: the next way, or the end. */
void proa_run_rescue_next(struct proa_run *run, uint64_t now_ns, struct proa_commands *out);

/* ---- terminal.c */
void proa_run_reply(struct proa_run *run, const struct proa_terminal *terminal,
                    enum proa_reason reason, struct proa_commands *out);
/* Ends with the most useful failure of the attempts there were. */
void proa_run_reply_useful(struct proa_run *run, uint64_t now_ns, enum proa_reason reason,
                           struct proa_commands *out);
/* Ends without an attempt; `retry_after_ns` 0 = unknown. */
void proa_run_refuse(struct proa_run *run, enum proa_fail fail, uint64_t retry_after_ns,
                     enum proa_reason reason, struct proa_commands *out);
/* Ends now for a reason of our own, whatever the attempts do. */
void proa_run_give_up(struct proa_run *run, uint64_t now_ns, enum proa_fail fail,
                      enum proa_reason reason, struct proa_commands *out);

#endif
