"""Who may include whom: src/layers.txt against the #include lines."""
import os
import re

from source import ROOT, c_files, layers, module_of, read

# Header of an outside library -> the one module that may include it.
OUTSIDE = [
    (r"uv\.h|uv/.*", "io"), (r"llhttp\.h", "http"), (r"zlib\.h|zstd\.h", "http"),
    (r"mbedtls/.*|psa/.*", "tls"), (r"cjson/.*", "json"), (r"yaml\.h", "config"),
    (r"xxhash\.h", "core"), (r"sqlite3\.h|hiredis/.*", "store"),
]
# The pure half waits for nothing and talks to nobody.
IMPURE = (r"sys/(socket|un|epoll|select|wait|timerfd|eventfd)\.h|netinet/.*|netdb\.h|poll\.h|"
          r"pthread\.h|threads\.h|signal\.h")
FIRST_IO_RANK = 10
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def includes(name):
    text = read(name)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def check_layers():
    """layers.txt itself: imports exist and point strictly downward; folders have a row."""
    rows = layers()
    findings = []
    for module, (rank, imports, _) in rows.items():
        for other in sorted(imports):
            if other not in rows:
                findings.append("src/layers.txt: %s imports unknown %s" % (module, other))
            elif rows[other][0] >= rank:
                findings.append("src/layers.txt: %s (%d) may not import %s (%d)"
                                % (module, rank, other, rows[other][0]))
    seen = {module_of(name) for name in c_files("src", "include")} - {None}
    for module in sorted(seen - set(rows)):
        findings.append("src/layers.txt: no row for %s" % module)
    return findings


def check_imports():
    """The modules named in the row are included, and no other; private headers stay inside their
    module."""
    rows = layers()
    findings = []
    unused = {module: set(imports) for module, (_, imports, _) in rows.items()}
    for name in c_files("src", "include"):
        module = module_of(name)
        if module not in rows:
            continue
        for line, kind, path in includes(name):
            part = path.split("/")
            where = "%s:%d" % (name, line)
            if part[0] == "proa" and len(part) == 3:
                unused[module].discard(part[1])
                if part[1] != module and part[1] not in rows[module][1]:
                    findings.append("%s: %s may not import %s" % (where, module, part[1]))
                if not os.path.exists(os.path.join(ROOT, "include", path)):
                    findings.append("%s: no such header: %s" % (where, path))
            elif kind == '"':
                if name.startswith("include/"):
                    findings.append("%s: a public header includes a private one" % where)
                elif not os.path.exists(os.path.join(ROOT, os.path.dirname(name), path)):
                    findings.append("%s: \"%s\" is not in this module's folder" % (where, path))
    present = {module_of(name) for name in c_files("src", "include")}
    return findings + ["src/layers.txt: %s names %s and does not include it" % (module, other)
                       for module in rows if module in present
                       for other in sorted(unused[module])]


def check_outside_headers():
    """A library's headers appear in one module's .c and _priv.h files; no sockets in the pure half."""
    rows = layers()
    findings = []
    for name in c_files("src", "include"):
        module = module_of(name)
        for line, kind, path in includes(name):
            if kind == '"' and path.startswith("proa/"):
                continue
            for pattern, owner in OUTSIDE:
                if re.fullmatch(pattern, path) and (
                        module != owner or name.startswith("include/")):
                    findings.append("%s:%d: <%s> belongs in src/%s only" % (name, line, path, owner))
            if module in rows and rows[module][0] < FIRST_IO_RANK and re.fullmatch(IMPURE, path):
                findings.append("%s:%d: <%s> in the pure half" % (name, line, path))
    return findings
