"""Files up to 600 lines (900 with a reason in the opening comment), functions up to 100. Tests may
be half as long again: tables of cases are long and simple."""
import re

from source import c_files, code, read

FILE_LINES = 600
FILE_LINES_EXPLAINED = 900
FUNCTION_LINES = 100


def _allowed(name, lines):
    return lines * 3 // 2 if name.startswith("tests/") else lines


def check_files():
    findings = []
    for name in c_files():
        text = read(name)
        lines = text.count("\n")
        if lines <= _allowed(name, FILE_LINES):
            continue
        opening = re.match(r"\s*/\*.*?\*/", text, re.S)
        explained = opening and re.search(r"\b(one file|this file is long|long because|lines because)\b",
                                          opening.group(0), re.I)
        if not explained:
            findings.append("%s: %d lines, over %d without a reason ('long because ...') in its "
                            "opening comment" % (name, lines, _allowed(name, FILE_LINES)))
        elif lines > _allowed(name, FILE_LINES_EXPLAINED):
            findings.append("%s: %d lines, over %d"
                            % (name, lines, _allowed(name, FILE_LINES_EXPLAINED)))
    return findings


def functions(name):
    """(name, first line, lines) of each body: braces in column 0, as clang-format leaves them."""
    lines = code(name).splitlines()
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[max(0, start - 6):start])
            named = re.findall(r"(\w+)\s*\(", head)
            yield (named[-1] if named else "?"), start + 1, number - start + 1
            start = None


def check_functions():
    findings = []
    for name in c_files():
        for function, line, length in functions(name):
            if length > _allowed(name, FUNCTION_LINES):
                findings.append("%s:%d: %s() has %d lines, over %d"
                                % (name, line, function, length, _allowed(name, FUNCTION_LINES)))
    return findings
