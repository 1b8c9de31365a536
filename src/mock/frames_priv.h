/*
 * Frames of `application/vnd.amazon.eventstream`, written.
 *
 *   u32be total | u32be headers | u32be CRC32 of these 8 | headers | payload | u32be CRC32 of all
 *
 * Pure. CRC32 is that of IEEE 802.3 (reflected, polynomial 0xEDB88320), as in zlib.
 */
#ifndef PROA_MOCK_FRAMES_PRIV_H
#define PROA_MOCK_FRAMES_PRIV_H

#include "proa/core/buf.h"

uint32_t proa_mock_crc32(struct proa_slice bytes);

/* A header with a string value (type 7). */
struct mock_frame_header {
    struct proa_slice name; /* <= 255 bytes */
    struct proa_slice value;
};
void proa_mock_frame_append(struct proa_buf *out, const struct mock_frame_header *headers, size_t n,
                            struct proa_slice payload);
/* Frames as ConverseStream has them: an event, and an exception that ends the stream. */
void proa_mock_frame_event(struct proa_buf *out, struct proa_slice type, struct proa_slice payload);
void proa_mock_frame_exception(struct proa_buf *out, struct proa_slice type,
                               struct proa_slice payload);

#endif
