"""Headers carry the contract: comment share, guards, and one unit = header + source + test."""
import os
import re

from source import ROOT, c_files, code, read

SHARE = 40     # percent of comment in all public headers together
LOWEST = 15    # and in any single one

# Units that only abort or forward: every other test runs through them.
UNTESTED = {"include/proa/core/alloc.h", "include/proa/core/check.h", "include/proa/core/diag.h"}


def comment_share(name):
    """(comment lines, lines that count). Guards, includes, blanks and bodies do not count."""
    text = read(name)
    bare = code(name).splitlines()
    comments = counted = depth = 0
    function = False
    for number, line in enumerate(text.splitlines()):
        stripped = bare[number].strip() if number < len(bare) else ""
        if not line.strip():
            continue
        if function:
            depth += stripped.count("{") - stripped.count("}")
            function = depth > 0
            continue
        if line.startswith("{"):
            function, depth = True, stripped.count("{") - stripped.count("}")
            continue
        if re.match(r"\s*#\s*(include|ifndef|ifdef|endif|if|else|pragma)\b", line) or re.match(
                r"\s*#\s*define\s+PROA_\w+_H$", line):
            continue
        counted += 1
        if "/*" in line or not stripped:
            comments += 1
    return comments, counted


def check_comments():
    findings = []
    total = total_counted = 0
    for name in c_files("include"):
        comments, counted = comment_share(name)
        total += comments
        total_counted += counted
        if counted and comments * 100 < LOWEST * counted:
            findings.append("%s: %d %% comment, under %d %%"
                            % (name, comments * 100 // counted, LOWEST))
        if not re.match(r"\s*/\*", read(name)):
            findings.append("%s: does not open with what the unit is" % name)
    if total_counted and total * 100 < SHARE * total_counted:
        findings.append("include: %.1f %% comment in all headers together, under %d %%"
                        % (total * 100 / total_counted, SHARE))
    return findings


def check_guards():
    findings = []
    for name in c_files("include", "src"):
        if not name.endswith(".h"):
            continue
        short = name.replace("include/", "").replace("src/", "proa/")
        want = re.sub(r"\W", "_", short).upper()
        if name.endswith("_priv.h"):
            want = r"PROA_\w*" + re.sub(r"\W", "_", os.path.basename(name)).upper()
        if not re.search(r"^#ifndef (%s)\n#define \1$" % want, read(name), re.M):
            findings.append("%s: guard is not %s" % (name, want))
    return findings


def check_triples():
    """Each public header of the pure half has its source (unless all inline) and its test."""
    from source import layers, module_of
    rows = layers()
    findings = []
    for name in c_files("include"):
        module = module_of(name)
        if module not in rows or rows[module][0] >= 10:
            continue
        unit = os.path.basename(name)[:-2]
        declares = re.search(r"^(?!static|typedef|#|\s|})[^;{]*\bproa_\w+\([^;{]*\);", code(name), re.M)
        folder = os.path.join(ROOT, "src", module)
        sources = [entry for entry in (os.listdir(folder) if os.path.isdir(folder) else ())
                   if re.fullmatch(r"%s(_\w+)?\.c" % unit, entry)]
        test = "tests/unit/%s/test_%s.c" % (module, unit)
        if declares and not sources:
            findings.append("%s: declares functions but there is no src/%s/%s.c"
                            % (name, module, unit))
        has_code = declares or re.search(r"^static inline", code(name), re.M)
        if has_code and name not in UNTESTED and not os.path.exists(os.path.join(ROOT, test)):
            findings.append("%s: no %s" % (name, test))
    return findings
