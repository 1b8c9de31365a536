/*
 * A translated request being written; its two units share it.
 */
#ifndef PROA_PROVIDER_OPENAI_WRITE_PRIV_H
#define PROA_PROVIDER_OPENAI_WRITE_PRIV_H

#include "openai_priv.h"
#include "openai_quirks_priv.h"
#include "options_priv.h"

#include "proa/chat/text.h"
#include "proa/json/writer.h"

struct openai_writing {
    struct proa_json_writer w;
    const struct proa_encode_in *in;
    const struct openai_quirks *quirks;
    struct proa_arena *arena;
    struct proa_encoded *out;
    struct proa_options options; /* members in the client's own words */
    bool unsupported;
};

/* Dropped, and told. */
static inline void openai_warn(struct openai_writing *s, const char *feature)
{
    proa_chat_warn(s->in->warnings, feature, "is not taken by this provider");
}

static inline bool openai_has_flag(const struct openai_writing *s, uint32_t flag)
{
    return (s->quirks->flags & flag) != 0;
}

static inline void openai_key(struct openai_writing *s, const char *name)
{
    proa_json_writer_key(&s->w, proa_slice_cstr(name));
}

static inline void openai_put_text(struct openai_writing *s, const char *name,
                                   struct proa_slice text)
{
    proa_json_writer_member_text(&s->w, name, text);
}

static inline void openai_put_word(struct openai_writing *s, const char *name, const char *word)
{
    openai_put_text(s, name, proa_slice_cstr(word));
}

static inline void openai_put_raw(struct openai_writing *s, const char *name,
                                  struct proa_slice json)
{
    proa_json_writer_member_raw(&s->w, name, json);
}

/* ---- openai_options.c */
/* Whose options of `all`: by the name of the provider in the configuration, by the vendor's, and
 * OpenAI's where a server is taken for one of its kind. Empty: there are none. */
struct proa_slice proa_openai_options_find(const struct proa_encode_in *in, struct proa_slice all);
/* What the client says by providerOptions of this provider: false, and *chat not set, when that is
 * nothing; else *chat is the request with it, and `members` what goes into the body as it is. */
bool proa_openai_options(const struct proa_encode_in *in, struct proa_chat_request *chat,
                         struct proa_options *members);

/* ---- openai_messages.c */
/* The member `messages`. A part that cannot be sent makes the request unsupported. */
void proa_openai_write_messages(struct openai_writing *s);

#endif
