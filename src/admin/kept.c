/*
 * The answers that are kept, in numbers. What is in them is shown nowhere.
 */
#include "admin_priv.h"

#include "proa/json/writer.h"

static void bytes(struct proa_json_writer *w, const struct proa_answers *answers)
{
    proa_json_writer_member_u64(w, "entries", proa_answers_n(answers));
    proa_json_writer_member_u64(w, "bytes", proa_answers_bytes(answers));
    proa_json_writer_member_u64(w, "max_bytes", answers->max_bytes);
}

static void events(struct proa_json_writer *w, const struct proa_answers *answers)
{
    proa_json_writer_member_u64(w, "looked", answers->n_looked);
    proa_json_writer_member_u64(w, "fresh", answers->n_fresh);
    proa_json_writer_member_u64(w, "stale", answers->n_stale);
    proa_json_writer_member_u64(w, "stored", answers->n_stored);
    proa_json_writer_key(w, PROA_SLICE("gone"));
    proa_json_writer_begin_object(w);
    for (int i = 0; i < PROA_ANSWERS_ENDS; i++) {
        proa_json_writer_member_u64(w, proa_answers_end_text((enum proa_answers_end)i),
                                    answers->ended[i]);
    }
    proa_json_writer_end_object(w);
}

void proa_admin_cache_page(struct proa_admin *admin, const struct proa_http_head *head,
                           struct proa_admin_reply *out)
{
    struct proa_json_writer w;
    (void)head;
    if (!admin->answers) {
        proa_admin_refuse(out, 503, "starting", "No configuration is in force yet.");
        return;
    }
    proa_json_writer_init(&w, &out->body);
    proa_json_writer_begin_object(&w);
    bytes(&w, admin->answers);
    events(&w, admin->answers);
    proa_json_writer_end_object(&w);
    (void)proa_buf_append_byte(&out->body, '\n');
    out->status = 200;
    out->content_type = "application/json";
}
