#include "proa/core/version.h"

#ifndef PROA_VERSION
#define PROA_VERSION "0.0.0"
#endif
#ifndef PROA_REVISION
#define PROA_REVISION "unknown"
#endif

const char *proa_version_text(void)
{
    return PROA_VERSION;
}

const char *proa_version_revision(void)
{
    return PROA_REVISION;
}
