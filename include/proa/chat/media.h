/*
 * The neutral model of requests for images, for speech and for what was said.
 *
 * Pure plain structs on an exchange's arena. Texts are JSON text (proa/chat/text.h). The answers
 * are events (proa/chat/event.h): MEDIA for each image and for speech, TEXT with `raw` for what was
 * said; USAGE.
 */
#ifndef PROA_CHAT_MEDIA_H
#define PROA_CHAT_MEDIA_H

#include "proa/core/slice.h"

#include <stdint.h>

/* Bytes that came with the request, or where they are. */
struct proa_chat_file {
    struct proa_slice bytes;      /* as they are */
    struct proa_slice media_type; /* plain, fit for a header; empty = not known */
    struct proa_slice url;        /* text; empty = the bytes are here */
};

struct proa_chat_image {
    struct proa_slice prompt;           /* text; may be empty where there are files */
    uint64_t n;                         /* 0 = not said */
    struct proa_slice size;             /* text: "1024x1024"; empty = not said, like the next */
    struct proa_slice aspect_ratio;     /* text: "16:9" */
    struct proa_slice seed;             /* a number as it is written */
    const struct proa_chat_file *files; /* to go by; with them it is an edit */
    size_t n_files;
    const struct proa_chat_file *mask;  /* of what may change; NULL = none */
    struct proa_slice provider_options; /* JSON: an object by provider; empty = none */
};

struct proa_chat_speech {
    struct proa_slice input;        /* text */
    struct proa_slice voice;        /* text; empty = not said, like what follows */
    struct proa_slice format;       /* text: "mp3" */
    struct proa_slice instructions; /* text */
    struct proa_slice speed;        /* a number as it is written */
    struct proa_slice language;     /* text: "en" */
    struct proa_slice provider_options;
};

struct proa_chat_transcription {
    struct proa_chat_file audio;
    struct proa_slice provider_options;
};

#endif
