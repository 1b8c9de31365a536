"""Bar charts as SVG, by hand: a chart needs no library."""
from xml.sax.saxutils import escape

COLOURS = {"floor": "#9aa5b1", "proa": "#0f766e", "proa_unix": "#5fb3a7", "proa_translated": "#2d8f9e", "nginx": "#c2703d",
           "haproxy": "#5b6ea6"}
BAR, GAP, LEFT, WIDTH, TOP = 13, 14, 290, 900, 64


def bars(title, groups):
    """groups: [(label, [(name, value), ...]), ...]. Each group has a scale of its own, since cases
    differ by a factor of a hundred: the longest bar fills the width."""
    parts = []
    y = TOP
    room = WIDTH - LEFT - 80
    for label, values in groups:
        top = max(value for _, value in values)
        middle = y + len(values) * BAR / 2 + 4
        parts.append('<text x="%d" y="%.0f" text-anchor="end">%s</text>'
                     % (LEFT - 10, middle, escape(label)))
        for name, value in values:
            width = max(1.0, value / top * room)
            parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
                         % (LEFT, y, width, BAR - 2, COLOURS.get(name, "#666")))
            parts.append('<text class="v" x="%.1f" y="%d">%s</text>'
                         % (LEFT + width + 5, y + BAR - 4, "%.1f" % value))
            y += BAR
        y += GAP
    legend = []
    x = LEFT
    for name, colour in COLOURS.items():
        legend.append('<rect x="%d" y="38" width="11" height="11" fill="%s"/>'
                      '<text x="%d" y="48">%s</text>' % (x, colour, x + 16, name))
        x += 100
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" '
            'font-size="12">\n<style>.v{font-size:10px;fill:#444}</style>\n'
            '<rect width="100%%" height="100%%" fill="#fff"/>\n'
            '<text x="%d" y="24" font-size="15">%s</text>\n%s\n%s\n</svg>\n'
            % (WIDTH, y + 6, LEFT, escape(title), "\n".join(legend), "\n".join(parts)))
