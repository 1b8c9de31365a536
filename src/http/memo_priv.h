/*
 * Heads that were read, line by line, so that a line that has come before is not read again.
 *
 * Messages of one connection, and mostly those of all connections of one configuration, have the
 * same lines in the same order; only a few values differ: a length, an id, a date. A head is
 * compared with one that was read before. Lines that are the same mean the same; one whose value
 * differs is read as any field is; everything else, a head with other lines, an odd one, a wrong
 * one, is none of the memo's, and read as if there were no memo. What it finds is what reading
 * would have found, which the tests and fuzzers hold against one another.
 */
#ifndef PROA_HTTP_MEMO_PRIV_H
#define PROA_HTTP_MEMO_PRIV_H

#include "head_priv.h"

/*
 * `in` begins with the first byte of a message. 0: read it yourself. Otherwise the head is in the
 * arena, as proa_http_head_parse() would have made it, and ends at the returned offset.
 */
size_t proa_http_memo_recall(struct proa_http_memo *memo, const struct proa_http_parser_cfg *cfg,
                             struct proa_slice in, struct proa_arena *arena,
                             struct proa_http_head **out);

/* Remembers a sound head, without the values of credentials: `text` as proa_http_head_parse() took
 * it, `head` as it gave it. */
void proa_http_memo_learn(struct proa_http_memo *memo, enum proa_http_mode mode,
                          struct proa_slice text, const struct proa_http_head *head);

#endif
