/*
 * Pages as rows of a table. Private to the module.
 */
#ifndef PROA_ADMIN_PRIV_H
#define PROA_ADMIN_PRIV_H

#include "proa/admin/admin.h"
#include "proa/engine/status.h"
#include "proa/json/writer.h"
#include "proa/resilience/budget.h"

struct proa_admin {
    struct proa_admin_cfg cfg;
    const struct proa_snapshot *snapshot; /* NULL: nothing is in force yet */
    struct proa_roster *roster;
    struct proa_answers *answers; /* NULL: not shown yet */
    struct proa_budget refusals;  /* what wrong tokens are paid from */
    uint64_t created_ns;
    bool was_ready;
};

typedef void proa_admin_page_fn(struct proa_admin *admin, const struct proa_http_head *head,
                                struct proa_admin_reply *out);

/* {"error": {"code": ..., "message": ...}} */
void proa_admin_refuse(struct proa_admin_reply *out, uint16_t status, const char *code,
                       const char *message);

/* ---- state.c */
/* Member "last_failure"; nothing where there was none. */
void proa_admin_put_failure(struct proa_json_writer *w, const struct proa_status_failure *f);

/* ---- pages.c */
proa_admin_page_fn proa_admin_state_page;
proa_admin_page_fn proa_admin_explain_page;
proa_admin_page_fn proa_admin_cache_page;
/* ---- action.c */
proa_admin_page_fn proa_admin_eject;
proa_admin_page_fn proa_admin_restore;
proa_admin_page_fn proa_admin_reset;
proa_admin_page_fn proa_admin_purge;

#endif
