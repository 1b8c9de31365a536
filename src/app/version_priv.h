/*
 * What this build is called; set by the build. Private to the module.
 */
#ifndef PROA_APP_VERSION_PRIV_H
#define PROA_APP_VERSION_PRIV_H

#ifndef PROA_VERSION
#define PROA_VERSION "0.0.0"
#endif
#ifndef PROA_REVISION
#define PROA_REVISION "unknown"
#endif

#endif
