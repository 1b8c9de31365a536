/*
 * JSON text: what stands between the quotes of a JSON string, escapes and all.
 *
 * Every text of the neutral model is a slice of this form, because nearly all of them travel from
 * one JSON document to another: they are never decoded and never escaped again. Two texts joined
 * are a text. A text that Proa itself makes holds no quote, backslash or control character, or is
 * escaped first.
 *
 * Pure.
 */
#ifndef PROA_CHAT_TEXT_H
#define PROA_CHAT_TEXT_H

#include "proa/core/arena.h"
#include "proa/core/buf.h"
#include "proa/json/cursor.h"

/* Of a string token, quotes included; empty for what is no string token. Borrowed. */
struct proa_slice proa_chat_text(struct proa_slice token);
/* Appends `"text"`. */
enum proa_err proa_chat_text_put(struct proa_buf *out, struct proa_slice text);
/* Plain bytes as a text: borrowed where nothing needs an escape, else in the arena. What is not
 * UTF-8 becomes U+FFFD. */
struct proa_slice proa_chat_text_of(struct proa_slice plain, struct proa_arena *arena);
/* What the text stands for: borrowed where nothing is escaped, else in the arena. Empty for a
 * broken escape. */
struct proa_slice proa_chat_text_plain(struct proa_slice text, struct proa_arena *arena);
/* Does the text stand for exactly these bytes? */
bool proa_chat_text_eq(struct proa_slice text, struct proa_slice plain);
/* Is it an address that anybody can fetch from, by http or https? */
bool proa_chat_text_is_web_url(struct proa_slice text);
/* Nothing but white space, plain or by the short escapes. */
bool proa_chat_text_is_blank(struct proa_slice text);
/* Without the white space at its end, escaped or not. Borrowed. */
struct proa_slice proa_chat_text_trim_end(struct proa_slice text);

#endif
