/*
 * llhttp's part in reading a head, the start line and the field that decides where the message
 * ends; and the memo of start lines. The other fields do not concern llhttp: spelling them out to a
 * byte-wise automaton cost four times as much as all the rest, so they are read by
 * proa_http_field_read() alone.
 *
 * Pure, but for the memo. What a start line says, and llhttp's state behind it, depend on its bytes
 * and the parser's configuration alone: for a line that was read before, both are copied instead of
 * found out again.
 */
#ifndef PROA_HTTP_JUDGE_PRIV_H
#define PROA_HTTP_JUDGE_PRIV_H

#include "head_priv.h"

/*
 * What is wrong with a head in llhttp's eyes, or NONE. `line` is the start line without CR LF, of
 * which we think what `start` says; `framing` is the Content-Length or Transfer-Encoding field,
 * NULL when there is neither.
 */
enum proa_http_fault proa_http_judge(const struct proa_http_parser_cfg *cfg,
                                     const struct proa_http_start *start, struct proa_slice line,
                                     const struct proa_http_header *framing);

/* Was this start line (without CR LF) read before, and found good? Then *start is what it says.
 * memo may be NULL. */
bool proa_http_memo_recall(const struct proa_http_memo *memo, enum proa_http_mode mode,
                           struct proa_slice line, struct proa_http_start *start);

#endif
