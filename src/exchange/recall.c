/*
 * A request whose body came lately is not read again: what it says stands in a note beside the
 * body's form (proa/cache/recent.h).
 */
#include "cached_priv.h"

#include <stddef.h>

/* Up to the last cut. */
static size_t note_bytes(const struct proa_api_request *r)
{
    return offsetof(struct proa_recall, request) + offsetof(struct proa_api_request, cuts) +
           r->n_cuts * sizeof r->cuts[0];
}

struct proa_slice proa_recall_note(const struct proa_exchange *x, struct proa_recall *note)
{
    const struct proa_api_request *r = x->request;
    const struct proa_json_member *model = &r->members[PROA_API_M_MODEL];
    const struct proa_slice token = proa_json_member_value(proa_buf_slice(&x->body), model);
    if (x->face->looks_at_headers || r->is_form || r->model.len + 2 != token.len) {
        return PROA_SLICE_NONE; /* and where the model's name is written with escapes */
    }
    const size_t len = note_bytes(r);
    note->face = x->face;
    note->kind = x->kind;
    note->n_cuts = r->n_cuts;
    memcpy(&note->request, r, len - offsetof(struct proa_recall, request));
    return proa_slice_make(note, len);
}

bool proa_recall_request(struct proa_exchange *x)
{
    struct proa_cached_host *ch = x->host->cached;
    struct proa_recent *recent = &ch->answers.recent;
    const struct proa_slice body = proa_buf_slice(&x->body);
    if (recent->n == 0) {
        return false;
    }
    x->known = proa_recent_look(recent, &ch->secret, body);
    const struct proa_slice kept = x->known ? proa_recent_note(x->known) : PROA_SLICE_NONE;
    const size_t head = offsetof(struct proa_recall, request);
    PROA_UNINIT struct proa_recall note;
    if (kept.len < head) {
        return false;
    }
    memcpy(&note, kept.ptr, head);
    if (note.face != x->face || note.kind != x->kind) {
        return false;
    }
    struct proa_api_request *r = x->request;
    const uint8_t version = r->version;
    memcpy(r, kept.ptr + head, kept.len - head);
    r->n_cuts = note.n_cuts;
    r->is_form = false;
    r->version = version; /* that of this request's path */
    const struct proa_slice token = proa_json_member_value(body, &r->members[PROA_API_M_MODEL]);
    r->model = proa_slice_make(token.ptr + 1, token.len - 2);
    return true;
}
