/*
 * Images and audio in OpenAI's dialect: what is asked for, by JSON or by a form with files, and the
 * picture, the sound or the text that is the answer. The same request has the same answer.
 *
 * Pure.
 */
#ifndef PROA_MOCK_MEDIA_PRIV_H
#define PROA_MOCK_MEDIA_PRIV_H

#include "reading_priv.h"
#include "speech_priv.h"

/* The reader and the writer of MOCK_DIALECT_MEDIA. */
bool proa_mock_media_read(struct mock_reading *r);
void proa_mock_media_make(struct mock_making *m);

#endif
