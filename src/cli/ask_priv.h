/*
 * One request to a listener of the running sidecar, waited for. Private to the module.
 */
#ifndef PROA_CLI_ASK_PRIV_H
#define PROA_CLI_ASK_PRIV_H

#include "place_priv.h"

#include "proa/core/buf.h"

/* What came of it. Zero it, then proa_cli_answer_init(). */
struct proa_cli_answer {
    uint16_t status;   /* 0 = no answer */
    enum proa_err err; /* why not, or why it is not whole */
    bool complete;
    struct proa_buf body; /* cut at the maximum */
};

void proa_cli_answer_init(struct proa_cli_answer *answer, size_t body_max);
void proa_cli_answer_deinit(struct proa_cli_answer *answer);
/* Asks and waits until the answer is whole, the connection ends, or the time is over. */
void proa_cli_ask(const struct proa_cli_place *place, const char *path, uint64_t timeout_ns,
                  struct proa_cli_answer *answer);
/* The same as a POST that shows the token of operators. */
void proa_cli_act(const struct proa_cli_place *place, const char *path, struct proa_slice token,
                  uint64_t timeout_ns, struct proa_cli_answer *answer);
/* Says why there is no good answer; returns the exit code. */
int proa_cli_answer_failed(struct proa_cli *cli, const struct proa_cli_answer *answer,
                           const char *address, const char *path);

#endif
