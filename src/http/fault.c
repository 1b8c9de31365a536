#include "proa/http/fault.h"

static const struct proa_http_fault_info fault_rows[PROA_HTTP_FAULT_COUNT] = {
#define FAULT_ROW(name, status, code, text)                                                        \
    [PROA_HTTP_FAULT_##name] = {status, PROA_SLICE_INIT(code), PROA_SLICE_INIT(text)},
    PROA_HTTP_FAULT_TABLE(FAULT_ROW)
#undef FAULT_ROW
};

const struct proa_http_fault_info *proa_http_fault_info(enum proa_http_fault fault)
{
    unsigned i = (unsigned)fault;
    return &fault_rows[i < PROA_HTTP_FAULT_COUNT ? i : PROA_HTTP_FAULT_NONE];
}
