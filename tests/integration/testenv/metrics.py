"""Prometheus text, parsed strictly enough to notice a broken exposition."""
import functools
import re
import types

_SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)(?: -?\d+)?$')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)",?')


@functools.lru_cache(maxsize=50000)
def _labels(inside):
    """Of what stands between the braces; a test that waits reads the same ones again and again."""
    assert _LABEL.sub("", inside) == "", "labels {%s}" % inside
    return types.MappingProxyType(dict(_LABEL.findall(inside)))


class Metrics:
    def __init__(self, text):
        self.text = text
        self.types = {}
        self.samples = []  # (name, labels, value)
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                assert name not in self.types, "TYPE of %s given twice" % name
                self.types[name] = kind
            elif line and not line.startswith("#"):
                match = _SAMPLE.match(line)
                assert match, "not a metric line: %r" % line
                inside = match.group(2)[1:-1] if match.group(2) else ""
                self.samples.append((match.group(1), _labels(inside), float(match.group(3))))

    def find(self, name, **labels):
        return [(have, value) for sample, have, value in self.samples
                if sample == name and all(have.get(key) == want for key, want in labels.items())]

    def total(self, name, **labels):
        """The sum over all series of that name and those labels; 0 when there is none."""
        return sum(value for _, value in self.find(name, **labels))

    def names(self):
        return {name for name, _, _ in self.samples}
