/*
 * What the tables cannot say. Private to the module.
 */
#ifndef PROA_SIM_SCENARIO_PRIV_H
#define PROA_SIM_SCENARIO_PRIV_H

#include "proa/core/diag.h"
#include "proa/sim/scenario.h"

/* Adds an error for each setting that is in range but makes no sense beside the others. */
void proa_scenario_check(const struct proa_scenario *s, struct proa_diags *diags);

/* `over` put over `base`: maps member by member, all else replaced. Both stay as they are. */
const struct proa_doc_node *proa_scenario_overlay(const struct proa_doc_node *base,
                                                  const struct proa_doc_node *over,
                                                  struct proa_arena *arena);

#endif
