/*
 * What this build is called. Set by the build system, in one source file, so that a new revision
 * recompiles nothing else.
 *
 * Pure. Both texts are static.
 */
#ifndef PROA_CORE_VERSION_H
#define PROA_CORE_VERSION_H

/* "0.1.0", by the rules of semver. */
const char *proa_version_text(void);
/* The revision of the sources as `git describe` names it, with "-dirty" behind it where files were
 * changed; "unknown" for a build outside of a checkout. */
const char *proa_version_revision(void);

#endif
