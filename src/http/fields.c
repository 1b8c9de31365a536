#include "bytes_priv.h"
#include "head_priv.h"

/* Offset of the first byte at or behind `i` that a value may not hold: its CR, if all is well. The
 * zero bytes behind the text end the search at the latest. */
static size_t value_end(struct proa_slice text, size_t i)
{
    size_t end = proa_http_find_ctl(text.ptr, i);
    while (PROA_UNLIKELY(text.ptr[end] == '\t')) {
        end = proa_http_find_ctl(text.ptr, end + 1);
    }
    return end;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

enum proa_http_fault proa_http_field_read(struct proa_slice text, size_t *at,
                                          struct proa_http_header *out)
{
    size_t start = *at;
    size_t colon = proa_http_find_colon(text.ptr, start, text.len);
    out->name = proa_slice_make(text.ptr + start, colon - start);
    enum proa_http_header_id id = proa_http_header_lookup(out->name);
    /* A known name is a token. Without a colon in this line, the name runs into the next one, and
     * its CR is no tchar. */
    if (id == PROA_HTTP_HEADER_OTHER && !proa_http_is_token(out->name)) {
        return PROA_HTTP_FAULT_HEADER_NAME;
    }
    /* Without any colon this is behind the text, where no CR LF follows. */
    size_t first = colon + 1;
    first += text.ptr[first] == ' '; /* what nearly everybody writes */
    while (PROA_UNLIKELY(is_blank(text.ptr[first]))) {
        first++;
    }
    size_t end = value_end(text, first);
    if (end + 1 >= text.len || text.ptr[end] != '\r' || text.ptr[end + 1] != '\n') {
        return PROA_HTTP_FAULT_HEADER_VALUE;
    }
    *at = end + 2;
    while (end > first && is_blank(text.ptr[end - 1])) {
        end--;
    }
    out->id = (uint16_t)id;
    out->value = proa_slice_make(text.ptr + first, end - first);
    return PROA_HTTP_FAULT_NONE;
}
