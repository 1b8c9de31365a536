"""Calls that are banned everywhere or have one home, and leftover marks in comments."""
import re

from source import c_files, code, module_of, read

EVERYWHERE = ("strcpy strcat sprintf vsprintf strtok strncpy strncat gets atoi atol atof rand srand "
              "localtime gmtime system popen alloca setlocale setjmp longjmp").split()
# call -> where it may stand (prefixes of the path), apart from tests and bench
HOMES = {
    "src/core/alloc.c": "malloc calloc realloc free strdup strndup reallocarray".split(),
    "src/io/": "time clock_gettime gettimeofday clock".split(),
}


def _pattern(words):
    # A call, not a member (x->time), not a longer name (proa_free), not a declaration's tail.
    return re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(words))


def check_banned():
    findings = []
    everywhere = _pattern(EVERYWHERE)
    homes = {home: _pattern(words) for home, words in HOMES.items()}
    for name in c_files():
        in_product = module_of(name) is not None
        text = code(name)
        for number, line in enumerate(text.splitlines(), 1):
            for match in everywhere.finditer(line):
                if match.group(1) == "setjmp" and not in_product:
                    continue
                findings.append("%s:%d: %s() is banned" % (name, number, match.group(1)))
            if not in_product:
                continue
            for home, pattern in homes.items():
                if name.startswith(home):
                    continue
                for match in pattern.finditer(line):
                    findings.append("%s:%d: %s() belongs in %s" % (name, number, match.group(1), home))
            if re.search(r"\b(if|while)\s*\(\s*\w+\s*=[^=]", line):
                findings.append("%s:%d: assignment in a condition" % (name, number))
            match = re.match(r"\s*typedef\s+(struct|union|enum)\b", line)
            if match:
                findings.append("%s:%d: typedef of a %s" % (name, number, match.group(1)))
    return findings


def check_marks():
    """TODO and friends need an issue number; a NOLINT names its check and gives a reason."""
    findings = []
    for name in c_files():
        for number, line in enumerate(read(name).splitlines(), 1):
            match = re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))", line)
            if match:
                findings.append("%s:%d: %s without an issue number" % (name, number, match.group(1)))
            match = re.search(r"NOLINT\w*(\([\w.,\- *]+\))?(.*)", line)
            if match and "NOLINTEND" not in line:
                if not match.group(1):
                    findings.append("%s:%d: NOLINT without the check's name" % (name, number))
                elif len(re.sub(r"\W", "", match.group(2))) < 6 and not re.search(
                        r"\w{3}.*NOLINT", line.split("/*")[-1].split("//")[-1]):
                    findings.append("%s:%d: NOLINT without a reason" % (name, number))
    return findings
