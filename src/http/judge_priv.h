/*
 * llhttp's part in reading a head: the start line and the field that decides where the message
 * ends. The other fields do not concern it: spelling them out to a byte-wise automaton cost four
 * times as much as all the rest, so they are read by proa_http_field_read() alone.
 *
 * Pure, but for the memo. llhttp is a function of the bytes it was given, so its state behind a
 * start line that was seen before is the state it had then: it is copied instead of reached again.
 */
#ifndef PROA_HTTP_JUDGE_PRIV_H
#define PROA_HTTP_JUDGE_PRIV_H

#include "proa/http/parser.h"

/*
 * What is wrong with a head in llhttp's eyes, or NONE. `start_line` ends in CR LF; `framing` is the
 * Content-Length or Transfer-Encoding field, NULL when there is neither. memo may be NULL.
 */
enum proa_http_fault proa_http_judge(struct proa_http_memo *memo, enum proa_http_mode mode,
                                     struct proa_slice start_line,
                                     const struct proa_http_header *framing);

#endif
