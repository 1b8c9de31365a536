/*
 * One access token over its life: when it is used, when another one is asked for, and what happens
 * while that fails.
 *
 *     nothing --asked--> asking --got--> fresh --time--> due --asked--> due and asking --got-->
 * fresh
 *                          '--failed--> failed ...         '--- usable all the while ---'
 *
 * A token is renewed before its end: five minutes, or a tenth of its life where that is less, and
 * up to half as much again at random, so that many processes do not ask at once. One request at a
 * time. While asking fails the token stays in use to its end, and the next try waits: 1 s, doubling
 * to a minute, less up to a quarter at random. Without a usable token who asks during that wait is
 * refused at once rather than left to wait for what just failed.
 *
 * Pure value type: monotonic time and random bits come in, advice goes out; zero-initialise. The
 * bytes of the token are the caller's.
 */
#ifndef PROA_AUTH_TOKEN_H
#define PROA_AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* Lifetimes beyond are taken for this: one day. Zero, which is not said, is taken for an hour. */
#define PROA_TOKEN_LIFE_MAX_S UINT64_C(86400)

struct proa_token_state {
    bool has;               /* a token was got */
    bool asking;            /* a request is under way */
    bool refused;           /* the last request was: the credential behind it is wrong */
    uint32_t failures;      /* in sequence */
    uint64_t due_ns;        /* from here on another one is asked for */
    uint64_t usable_ns;     /* until here it is used */
    uint64_t not_before_ns; /* no request before this */
};

enum proa_token_advice {
    PROA_TOKEN_USE = 0,     /* there is one */
    PROA_TOKEN_USE_AND_ASK, /* there is one, and it is time for the next */
    PROA_TOKEN_WAIT,        /* none, but it is being asked for */
    PROA_TOKEN_ASK,         /* none: ask, and wait */
    PROA_TOKEN_FAILED       /* none, and asking has just failed */
};

enum proa_token_advice proa_token_advise(const struct proa_token_state *s, uint64_t now_ns);
/* A request has begun. */
void proa_token_asked(struct proa_token_state *s);
/* It brought one that lives for life_s from when it was asked for. */
void proa_token_got(struct proa_token_state *s, uint64_t asked_ns, uint64_t life_s,
                    uint64_t random);
/* It failed. `refused`: not on the way, the credential was turned down. */
void proa_token_failed(struct proa_token_state *s, bool refused, uint64_t now_ns, uint64_t random);
/* The request was given up: as if it had not begun. */
void proa_token_dropped(struct proa_token_state *s);
/* A provider turned the token down though its time had not come: it is asked for anew, and not used
 * any more. */
void proa_token_rejected(struct proa_token_state *s, uint64_t now_ns);
/* What it is made from has changed: what that was refused for counts no more, and the token, where
 * there is one, is renewed soon. */
void proa_token_source_changed(struct proa_token_state *s, uint64_t now_ns);
/* When the next advice may be another one; PROA_NEVER when only an event can change it. */
uint64_t proa_token_next_ns(const struct proa_token_state *s);

#endif
