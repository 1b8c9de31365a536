/*
 * Rows of recorded errors; each of the tables lies in a unit of its own.
 */
#ifndef PROA_MOCK_RECORDED_PRIV_H
#define PROA_MOCK_RECORDED_PRIV_H

#include "profile_priv.h"

struct mock_recorded {
    enum mock_profile_id profile;
    struct proa_slice name;
    uint16_t status;
    struct proa_slice type; /* AWS: the exception; else unused */
    struct proa_slice body;
    struct proa_slice headers;
};

#define MOCK_ROW(profile, name, status, body)                                                      \
    {                                                                                              \
        MOCK_##profile, PROA_SLICE_INIT(name), status, {NULL, 0}, PROA_SLICE_INIT(body),           \
        {                                                                                          \
            NULL, 0                                                                                \
        }                                                                                          \
    }
#define MOCK_ROW_WITH(profile, name, status, headers, body)                                        \
    {                                                                                              \
        MOCK_##profile, PROA_SLICE_INIT(name), status, {NULL, 0}, PROA_SLICE_INIT(body),           \
            PROA_SLICE_INIT(headers)                                                               \
    }

struct mock_recorded_table {
    const struct mock_recorded *rows;
    size_t n;
};
/* recorded_shapes.c, recorded_native.c */
struct mock_recorded_table proa_mock_recorded_shapes(void);
struct mock_recorded_table proa_mock_recorded_native(void);

#endif
