/*
 * llhttp's part in reading a head, the start line and the field that decides where the message
 * ends. The other fields do not concern llhttp: spelling them out to a byte-wise automaton cost
 * four times as much as all the rest, so they are read by proa_http_field_read() alone.
 *
 * Pure.
 */
#ifndef PROA_HTTP_JUDGE_PRIV_H
#define PROA_HTTP_JUDGE_PRIV_H

#include "head_priv.h"

/*
 * What is wrong with a head in llhttp's eyes, or NONE. `line` is the start line without CR LF;
 * `framing` is the Content-Length or Transfer-Encoding field, NULL when there is neither.
 */
enum proa_http_fault proa_http_judge(enum proa_http_mode mode, struct proa_slice line,
                                     const struct proa_http_header *framing);

#endif
