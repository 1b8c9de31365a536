"""The goals that Proa is held against, and what bench/compare prints."""
import rig

QUANTILES = ("p50", "p99", "p999")
COLUMN = 16

# Ratios of medians: row of the table, case, measure, ((peer, at most), ...).
RATIOS = [
    (1, ("1k", 64, "plain"), "cpu", (("nginx", 0.75), ("haproxy", 0.70), ("floor", 1.45))),
    (2, ("10k", 64, "plain"), "cpu", (("nginx", 0.85), ("haproxy", 0.75))),
    (3, ("100k", 64, "plain"), "cpu", (("haproxy", 0.80), ("nginx", 1.40))),
    (4, ("embed", 64, "plain"), "cpu", (("nginx", 0.55), ("haproxy", 0.55))),
    (5, ("event", 500, "sse"), "cpu", (("nginx", 0.85), ("haproxy", 0.90))),
    (6, ("1k", 1, "plain"), "added p50", (("nginx", 1.0), ("haproxy", 0.85))),
    (11, ("1k", 64, "cached"), "cpu", (("nginx", 0.45),)),
    (11, ("10k", 64, "cached"), "cpu", (("nginx", 0.20),)),
    (12, ("1k", 64, "tls"), "cpu", (("nginx", 1.10),)),
    (12, ("10k", 64, "tls"), "cpu", (("nginx", 2.5),)),
]
TRANSLATED = 3.0     # CPU of a translated request, to one that is passed on
MEMORY_RATIO = 0.75  # to HAProxy
IDLE_BYTES, STREAM_BYTES = 2.2 * 1024, 8 * 1024
START_MS, START_RSS_KIB = 10, 5 * 1024
POOLED = 0.99


def _row(number, what, value, goal, at_least=False):
    met = value >= goal if at_least else value <= goal
    return {"row": number, "what": what, "value": round(value, 4), "goal": goal,
            "at_least": at_least, "met": met}


def ratios(cases):
    by_key = {case.key(): case for case in cases}
    rows = []
    for number, key, measure, peers in RATIOS:
        case = by_key.get(key)
        if case is None:
            continue
        for peer, limit in peers:
            ours, theirs = ((case.value(who, "cpu_us") if measure == "cpu" else
                             case.added(who, "p50")) for who in ("proa", peer))
            rows.append(_row(number, "%s, %s to %s" % (case.title(), measure, peer),
                             ours / max(theirs, 0.001), limit))
    translated = by_key.get(("1k", 64, "translated"))
    if translated is not None:
        ours, passed = (translated.value(who, "cpu_us") for who in ("proa_translated", "proa"))
        rows.append(_row(14, "%s, cpu to one passed on" % translated.title(), ours / passed,
                         TRANSLATED))
    return rows


def memory(rest):
    """`rest` has what held.at_rest() found, by name."""
    ours, theirs = rest["proa"], rest["haproxy"]
    rows = []
    for kind, text, each in (("idle", "%d idle clients", IDLE_BYTES),
                             ("streams", "%d streams", STREAM_BYTES)):
        text %= ours[kind]["count"]
        rows.append(_row(7, "RSS with %s, to haproxy" % text,
                         ours[kind]["rss_kib"] / theirs[kind]["rss_kib"], MEMORY_RATIO))
        rows.append(_row(7, "bytes for each of %s" % text, ours[kind]["each_bytes"], each))
    rows.append(_row(8, "ms from the start to listening", ours["start_ms"], START_MS))
    rows.append(_row(8, "RSS at start, KiB", ours["start_rss_kib"], START_RSS_KIB))
    return rows


def reuse(seen):
    """`seen` counts what happened over TLS since the connections had been opened."""
    pooled = 1 - seen["dials"] / max(seen["requests"], 1)
    rows = [_row(13, "share of %d TLS requests on a pooled connection" % seen["requests"],
                 pooled, POOLED, at_least=True)]
    handshakes = seen["full"] + seen["resumed"]
    if handshakes > 0:
        rows.append(_row(13, "share of %d new handshakes that were resumed" % handshakes,
                         seen["resumed"] / handshakes, POOLED, at_least=True))
    return rows


def _line(title, cells):
    print("%-40s" % title + "".join(("%*s" % (COLUMN, cell) for cell in cells)))


def _cpu_cell(case, name):
    if name not in case.samples:
        return "-"
    cpu = case.value(name, "cpu_us")
    if name.startswith("proa"):
        return "%.2f" % cpu
    return "%.2f (%.2f)" % (cpu, case.value("proa", "cpu_us") / cpu)


def tables(cases):
    names = [*rig.PROXIES, *rig.ROLES]
    print("CPU per request or event, microseconds; in brackets what Proa's is to it\n")
    _line("", names)
    for case in cases:
        _line(case.title(), [_cpu_cell(case, name) for name in names])
    for quantile in QUANTILES:
        print("\nadded %s over direct, microseconds" % quantile)
        for case in cases:
            _line(case.title(), ["%.1f" % case.added(name, quantile) if name in case.samples else "-"
                                 for name in names])
    print("\nRSS, KiB")
    for case in cases:
        _line(case.title(), ["%d" % case.value(name, "rss_kib") if name in case.samples else "-"
                             for name in names])


def goals(rows):
    print("\ngoals")
    for row in sorted(rows, key=lambda row: row["row"]):
        print("%3d  %-58s %10.3f  %s %-8g %s" % (
            row["row"], row["what"], row["value"], ">=" if row["at_least"] else "<=", row["goal"],
            "met" if row["met"] else "MISSED"))
    print("%d of %d met" % (sum(row["met"] for row in rows), len(rows)))


def _number(value):
    return "%.2f" % value if value < 100 else "{:,.0f}".format(value)


def markdown(cases, rest, rows, about):
    """What was measured, as a page: CPU time, memory, goals."""
    text = ["# What bench/compare measured", "", about, "",
            "CPU per request or event, microseconds:", "",
            "| | " + " | ".join(rig.PROXIES) + " | proa on a unix socket | proa, translated |", "|---" * 7 + "|"]
    for case in cases:
        cells = ["%.1f" % case.value(name, "cpu_us") if name in case.samples else "–"
                 for name in (*rig.PROXIES, *rig.ROLES)]
        text.append("| %s | %s |" % (case.title(), " | ".join(cells)))
    if rest:
        names = list(rest)
        text += ["", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for what, value in (
                ("start to listening, ms", lambda r: "%.1f" % r["start_ms"]),
                ("RSS at start, MB", lambda r: "%.1f" % (r["start_rss_kib"] / 1024)),
                ("RSS with %d idle clients, MB · each, bytes" % rest["proa"]["idle"]["count"],
                 lambda r: "%.1f · %d" % (r["idle"]["rss_kib"] / 1024, r["idle"]["each_bytes"])),
                ("RSS with %d streams, MB · each, bytes" % rest["proa"]["streams"]["count"],
                 lambda r: "%.1f · %d" % (r["streams"]["rss_kib"] / 1024,
                                          r["streams"]["each_bytes"]))):
            text.append("| %s | %s |" % (what, " | ".join(value(rest[name]) for name in names)))
    text += ["", "The goals; where it says \"to\", ratios of medians:", "",
             "| row | what | measured | goal | |", "|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: row["row"]):
        text.append("| %d | %s | %s | %s %s | %s |" % (
            row["row"], row["what"], _number(row["value"]), "≥" if row["at_least"] else "≤",
            _number(row["goal"]), "met" if row["met"] else "**missed**"))
    text += ["", "%d of %d met." % (sum(row["met"] for row in rows), len(rows)), ""]
    return "\n".join(text)
