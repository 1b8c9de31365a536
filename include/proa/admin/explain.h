/*
 * Why a request would go where it would go now, as one JSON object: the body of GET /admin/explain.
 *
 * Pure writer; it stands in this module because nobody else needs it.
 */
#ifndef PROA_ADMIN_EXPLAIN_H
#define PROA_ADMIN_EXPLAIN_H

#include "proa/engine/explain.h"
#include "proa/json/writer.h"

/* What is asked about. */
struct proa_admin_question {
    struct proa_slice model;
    struct proa_run_options options;
};

/* `route` is where the model's name leads. Writes one object. */
void proa_admin_write_explain(struct proa_roster *roster, const struct proa_route *route,
                              const struct proa_admin_question *question, uint64_t now_ns,
                              struct proa_json_writer *w);

#endif
