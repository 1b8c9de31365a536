#include "proa/json/splice.h"

#include "proa/json/lex.h"

struct plan {
    struct proa_slice text;
    struct proa_json_pieces *out;
    size_t pos; /* text before here is dealt with */
    bool full;
};

static void plan_emit(struct plan *plan, struct proa_slice piece)
{
    if (piece.len == 0) {
        return;
    }
    if (plan->out->n == plan->out->max) {
        plan->full = true;
        return;
    }
    plan->out->slices[plan->out->n] = piece;
    plan->out->n++;
    plan->out->total_bytes += piece.len;
}

static void plan_keep_to(struct plan *plan, size_t at)
{
    plan_emit(plan, (struct proa_slice){plan->text.ptr + plan->pos, at - plan->pos});
    plan->pos = at;
}

static size_t skip_ws(struct proa_slice text, size_t at)
{
    const unsigned char *begin = (const unsigned char *)text.ptr;
    return (size_t)(proa_json_lex_ws(begin + at, begin + text.len) - begin);
}

static bool is_ws(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_insert(const struct proa_json_edit *e)
{
    return e->kind == PROA_JSON_INSERT_FIRST || e->kind == PROA_JSON_INSERT_LAST;
}

static bool member_fits(struct proa_slice text, const struct proa_json_info *info,
                        const struct proa_json_member *m)
{
    return m->key_at > info->value_at && m->key_at < m->value_at && m->value_at < m->value_end &&
           m->value_end < info->value_end && text.ptr[m->key_at] == '"';
}

/* What the edits come down to: those that touch members in the order of the text, and counts. */
struct edit_order {
    const struct proa_json_edit *touched[PROA_JSON_MAX_EDITS];
    size_t n_touched;
    size_t n_removed;
    size_t n_first;
    size_t n_last;
};

static enum proa_err order_add(struct edit_order *o, const struct proa_json_edit *e)
{
    size_t i = o->n_touched;
    while (i > 0 && o->touched[i - 1]->member.key_at > e->member.key_at) {
        o->touched[i] = o->touched[i - 1];
        i--;
    }
    o->touched[i] = e;
    o->n_touched++;
    o->n_removed += e->kind == PROA_JSON_REMOVE;
    bool overlaps =
        (i > 0 && o->touched[i - 1]->member.value_end > e->member.key_at) ||
        (i + 1 < o->n_touched && e->member.value_end > o->touched[i + 1]->member.key_at);
    return overlaps ? PROA_ERR_ARG : PROA_OK;
}

static enum proa_err order_edits(struct edit_order *o, struct proa_slice text,
                                 const struct proa_json_info *info,
                                 const struct proa_json_edit *edits, size_t n_edits)
{
    o->n_touched = 0;
    o->n_removed = 0;
    o->n_first = 0;
    o->n_last = 0;
    for (size_t i = 0; i < n_edits; i++) {
        const struct proa_json_edit *e = &edits[i];
        if (e->kind == PROA_JSON_REMOVE && e->member.kind == PROA_JSON_ABSENT) {
            continue;
        }
        if (e->kind != PROA_JSON_REMOVE && e->bytes.len == 0) {
            return PROA_ERR_ARG;
        }
        if (is_insert(e)) {
            o->n_first += e->kind == PROA_JSON_INSERT_FIRST;
            o->n_last += e->kind == PROA_JSON_INSERT_LAST;
            continue;
        }
        if (e->member.kind == PROA_JSON_ABSENT || !member_fits(text, info, &e->member)) {
            return PROA_ERR_ARG;
        }
        enum proa_err err = order_add(o, e);
        if (err) {
            return err;
        }
    }
    return o->n_removed <= info->n_members ? PROA_OK : PROA_ERR_ARG;
}

/* Inserts all edits of one kind. `others` members follow the FIRST ones, or precede the LAST ones.
 */
static void plan_insert(struct plan *plan, const struct proa_json_edit *edits, size_t n_edits,
                        enum proa_json_edit_kind kind, size_t others)
{
    bool first = kind == PROA_JSON_INSERT_FIRST;
    bool comma = !first && others > 0;
    for (size_t i = 0; i < n_edits; i++) {
        if (edits[i].kind == kind) {
            if (comma) {
                plan_emit(plan, PROA_SLICE(","));
            }
            plan_emit(plan, edits[i].bytes);
            comma = true;
        }
    }
    if (first && others > 0) {
        plan_emit(plan, PROA_SLICE(","));
    }
}

/*
 * Cuts the run of neighbouring removed members that begins with touched[i]; returns the index
 * behind it. A run takes the comma behind it along; at the end of the object, where there is none,
 * the one before it, which belongs to a member that stays, or does not exist.
 */
static size_t plan_remove(struct plan *plan, const struct edit_order *o, size_t i)
{
    size_t from = o->touched[i]->member.key_at;
    for (;;) {
        size_t end = o->touched[i]->member.value_end;
        size_t at = skip_ws(plan->text, end);
        i++;
        if (at < plan->text.len && plan->text.ptr[at] == ',') {
            size_t next = skip_ws(plan->text, at + 1);
            if (i < o->n_touched && o->touched[i]->kind == PROA_JSON_REMOVE &&
                o->touched[i]->member.key_at == next) {
                continue;
            }
            plan_keep_to(plan, from);
            plan->pos = at + 1;
            return i;
        }
        size_t back = from;
        while (back > plan->pos && is_ws(plan->text.ptr[back - 1])) {
            back--;
        }
        bool comma = back > plan->pos && plan->text.ptr[back - 1] == ',';
        plan_keep_to(plan, comma ? back - 1 : from);
        plan->pos = end;
        return i;
    }
}

enum proa_err proa_json_splice(struct proa_slice text, const struct proa_json_info *info,
                               const struct proa_json_edit *edits, size_t n_edits,
                               struct proa_json_pieces *out)
{
    PROA_UNINIT struct edit_order order;
    struct plan plan = {.text = text, .out = out};
    if (info->kind != PROA_JSON_OBJECT || info->value_end > text.len ||
        n_edits > PROA_JSON_MAX_EDITS) {
        return PROA_ERR_ARG;
    }
    enum proa_err err = order_edits(&order, text, info, edits, n_edits);
    if (err) {
        return err;
    }
    size_t survivors = info->n_members - order.n_removed;

    out->n = 0;
    out->total_bytes = 0;
    if (order.n_first) {
        plan_keep_to(&plan, info->value_at + 1);
        plan_insert(&plan, edits, n_edits, PROA_JSON_INSERT_FIRST, survivors + order.n_last);
    }
    for (size_t i = 0; i < order.n_touched;) {
        const struct proa_json_edit *e = order.touched[i];
        if (e->kind == PROA_JSON_REMOVE) {
            i = plan_remove(&plan, &order, i);
            continue;
        }
        plan_keep_to(&plan, e->member.value_at);
        plan_emit(&plan, e->bytes);
        plan.pos = e->member.value_end;
        i++;
    }
    if (order.n_last) {
        /* With firsts and no survivors their comma is there already. */
        plan_keep_to(&plan, info->value_end - 1);
        plan_insert(&plan, edits, n_edits, PROA_JSON_INSERT_LAST, survivors);
    }
    plan_keep_to(&plan, text.len);
    return plan.full ? PROA_ERR_LIMIT : PROA_OK;
}
