"""The suites behind tests/run: what they are, what they wait for, how their results are counted.

A suite is one command line, or a list of them, with a log in build/test-logs/. Suites run as soon
as those they need have passed and enough job slots are free, the first of the list first; a suite
whose need failed is reported as failed without being run. A slot is a processor that is kept busy: a
suite that waits more than it computes takes one whatever its workers, and one of no slots runs beside
all others. One that is `patient` has what the others leave of the processors. Standard library only.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "test-logs")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
CPUS = os.cpu_count() or 2


# How each runner's log says how much passed and failed: (passed, failed).

def count_pytest(log, ok):
    """The closing line of pytest: '3 failed, 40 passed, 1 skipped in 2.00s'."""
    lines = re.findall(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", log, re.M)
    numbers = {}
    for line in lines:
        for number, word in re.findall(r"(\d+) (\w+)", line):
            numbers[word] = numbers.get(word, 0) + int(number)
    failed = sum(numbers.get(word, 0) for word in ("failed", "error", "errors"))
    return numbers.get("passed", 0), failed if failed or ok else 1


def count_ctest(log, ok):
    """ctest runs programs; each cmocka program prints '[  PASSED  ] 12 test(s).'."""
    passed = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", log)))
    failed = sum(map(int, re.findall(r"\[  FAILED  \][^\n]*?(\d+) test\(s\), listed below", log)))
    if not passed:
        match = re.search(r"(\d+)% tests passed, (\d+) tests? failed out of (\d+)", log)
        if match:
            failed = int(match.group(2))
            passed = int(match.group(3)) - failed
    return passed, failed if failed or ok else 1


def count_lines(log, ok):
    """Our own scripts: 'PASS name' and 'FAIL name' at the start of a line."""
    passed = len(re.findall(r"^PASS ", log, re.M))
    failed = len(re.findall(r"^FAIL ", log, re.M))
    return passed, failed if failed or ok else 1


def count_one(log, ok):
    return (1, 0) if ok else (0, 1)


class Suite:
    def __init__(self, name, about, commands, needs=(), slots=1, count=count_one, env=None,
                 patient=False):
        self.name = name
        self.about = about
        self.commands = commands
        self.needs = needs
        self.slots = slots
        self.count = count
        self.env = env or {}
        self.patient = patient
        self.state = "waiting"
        self.seconds = 0.0
        self.cpu = 0.0  # user and system seconds of its processes
        self.passed = 0
        self.failed = 0

    @property
    def log_path(self):
        return os.path.join(LOGS, self.name + ".log")


def clang():
    return os.environ.get("PROA_CLANG", "clang-14")


def configure(preset, *extra):
    command = ["cmake", "--preset", preset, *extra]
    ccache = subprocess.run(["which", "ccache"], capture_output=True, check=False)
    if ccache.returncode == 0:
        command.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    return command


def ninja(folder, *targets):
    return ["ninja", "-C", "build/" + folder, "-k", "0", *targets]


def pytest(where, *args):
    return [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-ra", "--tb=short",
            "-n", os.environ.get("PROA_TEST_JOBS", str(max(2, min(4, CPUS + 1)))), *args, where]


def fuzzers():
    folder = os.path.join(ROOT, "tests", "fuzz")
    return sorted(name[:-2] for name in os.listdir(folder)
                  if name.startswith("fuzz_") and name.endswith(".c"))


def unit_programs(*modules):
    folder = os.path.join(ROOT, "tests", "unit")
    return ["test_%s_%s" % (module, name[5:-2]) for module in modules
            for name in sorted(os.listdir(os.path.join(folder, module)))
            if name.startswith("test_") and name.endswith(".c")]


DEV = {"PROA_BIN": os.path.join(ROOT, "build/dev/proa"), "PROA_TEST_SCALE": "3"}
RELEASE = {"PROA_BIN": os.path.join(ROOT, "build/release/proa")}
BESIDE = {**RELEASE, "PROA_TEST_SCALE": "3"}  # of suites that run beside others


def all_suites(options):
    suites = [
        Suite("lint", "layers, sizes, banned calls, format, links, names",
              [[PYTHON, "tests/lint/selftest"], [PYTHON, "tests/lint/run", "--static"]],
              slots=0, count=count_lines),
        Suite("build-dev", "gcc, ASan + UBSan, warnings are errors",
              [configure("dev"), ninja("dev")], slots=2),
        Suite("unit", "cmocka programs of the dev build",
              [["ctest", "--test-dir", "build/dev", "-L", "unit", "-j", str(CPUS), "-V"]],
              needs=("build-dev",), slots=2, count=count_ctest),
        Suite("smoke", "the shortest end-to-end tests, on the dev build",
              [pytest("tests/integration", "-m", "smoke")],
              needs=("build-dev",), slots=1, count=count_pytest, env=DEV),
        Suite("build-release", "gcc, O2, LTO, hardening",
              [configure("release"), ninja("release", "proa")], slots=2),
        # Its objects are thrown away: what counts is that there are some, and no warning.
        Suite("build-clang", "clang, its own warnings as errors",
              [configure("dev", "-B", "build/clang", "-DCMAKE_C_COMPILER=" + clang(),
                         "-DPROA_SANITIZE=", "-DCMAKE_C_FLAGS_DEBUG=-O0"),
               ninja("clang")], slots=2),
        Suite("tidy", "clang-tidy over src (unchanged files are remembered)",
              [[PYTHON, "tests/lint/run", "--tidy", "build/clang"]],
              needs=("build-clang",), slots=0, count=count_lines, patient=True),
        Suite("fuzz-regress", "corpus and past findings, replayed",
              [["ctest", "--test-dir", "build/dev", "-L", "fuzz-regress", "-j", str(CPUS),
                "--output-on-failure"]],
              needs=("build-dev",), slots=2, count=count_ctest),
        Suite("tsan", "io and net, where threads meet, under ThreadSanitizer",
              [configure("tsan"), ninja("tsan", *unit_programs("io", "net")),
               ["ctest", "--test-dir", "build/tsan", "-R", "^test_(io|net)_", "-V"]],
              slots=2, count=count_ctest),
        Suite("integration", "the dev build against misbehaving peers",
              [pytest("tests/integration", "-m", "not soak and not sdk")],
              needs=("build-dev",), slots=1, count=count_pytest, env=DEV),
        Suite("examples", "deploy/examples as they stand, the chat in a real browser",
              [["bash", "tests/examples/install"],
               [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-ra", "--tb=short",
                "tests/examples"]],
              needs=("build-release",), slots=1, count=count_pytest, env=BESIDE),
        Suite("sdk", "real SDKs from npm and PyPI",
              [["bash", "tests/sdk/run"]],
              needs=("build-release",), slots=1, count=count_lines, env=BESIDE),
        Suite("gates", "instructions and system calls per request against bench/gates.json",
              [[PYTHON, "bench/gates", "--no-build"]],
              needs=("build-release",), slots=1, count=count_lines),
        Suite("deploy", "image under runc, manifests, units: deploy/ without a cluster",
              [["bash", "tests/deploy/install"],
               [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-ra", "--tb=short",
                "tests/deploy"]],
              needs=("build-release",), slots=1, count=count_pytest, env=BESIDE),
        Suite("quickstart", "deploy/quickstart --check",
              [["bash", "deploy/quickstart", "--check", "--no-install"]],
              needs=("build-release",), slots=1),
        Suite("lint-built", "symbols and mutable data of the libraries",
              [[PYTHON, "tests/lint/run", "--built", "build/dev"]],
              needs=("build-dev",), count=count_lines),
        Suite("sim", "outages on a virtual clock against the bounds of bench/scenarios",
              [["build/release/proa", "sim", "--check", "bench/scenarios"]],
              needs=("build-release",), slots=1, count=count_lines),
        Suite("build-fuzz", "libFuzzer programs (clang)",
              [configure("fuzz", "-DCMAKE_C_COMPILER=" + clang()),
               ninja("fuzz", *fuzzers())], slots=2),
        Suite("soak", "hours of mixed faults on the release build",
              [[PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-ra", "--tb=short",
                "-m", "soak", "tests/integration"]],
              needs=("build-release",), count=count_pytest,
              env={**RELEASE, "PROA_SOAK_SECONDS": str(options.long or 0)}),
    ]
    for name in fuzzers():
        seconds = options.fuzz or 60
        suites.append(Suite(
            name.replace("fuzz_", "fuzz:"), "%d s of libFuzzer" % seconds,
            [["mkdir", "-p", "build/fuzz-corpus/" + name, "tests/fuzz/regress/" + name],
             ["build/fuzz/tests/fuzz/" + name, "-max_total_time=%d" % seconds, "-timeout=10",
              "-rss_limit_mb=2048", "-print_final_stats=1", "-max_len=65536",
              "-artifact_prefix=tests/fuzz/regress/%s/" % name,
              "build/fuzz-corpus/" + name, "tests/fuzz/corpus/" + name]],
            needs=("build-fuzz",)))
    return suites


QUICK = ["lint", "build-dev", "unit", "smoke"]
PLAIN = ["lint", "build-dev", "build-release", "build-clang", "unit", "fuzz-regress",
         "lint-built", "tidy", "tsan", "integration", "sim", "sdk", "examples", "gates",
         "quickstart", "deploy"]


def choose(suites, options):
    names = [suite.name for suite in suites]
    fuzz = ["build-fuzz"] + [name for name in names if name.startswith("fuzz:")]
    if options.only:
        wanted = []
        for name in options.only:
            if name == "fuzz":
                wanted += fuzz
            elif name in names:
                wanted.append(name)
            else:
                sys.exit("tests/run: no suite '%s'; --list names them" % name)
    elif options.quick:
        wanted = list(QUICK)
    elif options.long:
        wanted = PLAIN + fuzz + ["soak"]
    elif options.fuzz:
        wanted = list(fuzz)
    else:
        wanted = list(PLAIN)
    by_name = {suite.name: suite for suite in suites}
    pending = list(wanted)
    while pending:
        for need in by_name[pending.pop()].needs:
            if need not in wanted:
                wanted.append(need)
                pending.append(need)
    return [suite for suite in suites if suite.name in wanted]


def show(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stand_back(process):
    """Gives way to everybody else, where the kernel groups processes by session too."""
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, 10)
        with open("/proc/%d/autogroup" % process.pid, "w", encoding="ascii") as file:
            file.write("10")
    except OSError:
        pass  # it has ended, or there are no such groups


def wait_for(process, suite):
    """The exit code; what it and its children computed is added to the suite's."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    suite.cpu += usage.ru_utime + usage.ru_stime
    return process.returncode


def run_suite(suite, running):
    """Runs the commands of one suite in order, in a process group of their own."""
    started = time.monotonic()
    ok = True
    env = {**os.environ, **suite.env}
    with open(suite.log_path, "wb") as log:
        for command in suite.commands:
            log.write(("$ " + " ".join(shlex.quote(word) for word in command) + "\n").encode())
            log.flush()
            try:
                process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=subprocess.STDOUT,
                                           start_new_session=True)
            except OSError as error:
                log.write(("cannot run it: %s\n" % error).encode())
                ok = False
                break
            running.add(process)
            if suite.patient:
                stand_back(process)
            code = wait_for(process, suite)
            running.discard(process)
            if code != 0:
                log.write(("exit code %d\n" % code).encode())
                ok = False
                break
    with open(suite.log_path, encoding="utf-8", errors="replace") as log:
        text = log.read()
    suite.passed, suite.failed = suite.count(text, ok)
    if ok and suite.passed + suite.failed == 0:
        suite.failed = 1
        text += "\nno test was run\n"
    suite.seconds = time.monotonic() - started
    suite.state = "passed" if ok and suite.failed == 0 else "failed"
    line = "%-14s %s  %4d passed, %d failed  %6.1f s, %6.1f s computing" % (
        suite.name, "ok  " if suite.state == "passed" else "FAIL", suite.passed, suite.failed,
        suite.seconds, suite.cpu)
    if suite.state == "failed":
        tail = text.splitlines()[-60:]
        line += "\n" + "\n".join("    | " + entry for entry in tail)
        line += "\n    whole log: " + os.path.relpath(suite.log_path, ROOT)
    show(line)


def run_all(suites, slots):
    os.makedirs(LOGS, exist_ok=True)
    running = set()
    free = slots
    threads = {}
    changed = threading.Condition()

    def work(suite):
        try:
            run_suite(suite, running)
        finally:
            with changed:
                changed.notify()

    def stop(number, _frame):
        for process in list(running):
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        sys.exit(128 + number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    by_name = {suite.name: suite for suite in suites}
    while True:
        with changed:
            for suite in suites:
                if suite.state == "running" and not threads[suite.name].is_alive():
                    suite.state = "failed"
                    suite.failed = suite.failed or 1
                if suite.state in ("passed", "failed") and suite.name in threads:
                    threads.pop(suite.name).join()
                    free += min(suite.slots, slots)
            for suite in suites:
                if suite.state != "waiting":
                    continue
                needs = [by_name[name].state for name in suite.needs]
                if "failed" in needs:
                    suite.state = "failed"
                    suite.failed = 1
                    show("%-14s FAIL  not run: %s failed" % (suite.name, ", ".join(
                        name for name in suite.needs if by_name[name].state == "failed")))
                elif all(state == "passed" for state in needs):
                    cost = min(suite.slots, slots)
                    if cost <= free:
                        free -= cost
                        suite.state = "running"
                        threads[suite.name] = threading.Thread(target=work, args=(suite,))
                        threads[suite.name].start()
            if not any(suite.state in ("waiting", "running") for suite in suites) and not threads:
                return
            changed.wait(timeout=0.5)


def main():
    parser = argparse.ArgumentParser(
        prog="tests/run", description="Builds Proa and runs its tests. Without an option: "
        "everything that a change must pass.")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="under 3 minutes: lint, unit, smoke")
    kind.add_argument("--long", nargs="?", const=3600, type=int, metavar="SECONDS",
                      help="everything, then fuzz and soak for SECONDS each (default 3600)")
    parser.add_argument("--fuzz", nargs="?", const=60, type=int, metavar="SECONDS",
                        help="each fuzzer for SECONDS (default 60)")
    parser.add_argument("--only", action="append", metavar="SUITE",
                        help="this suite and what it needs; may be repeated; 'fuzz' means all of them")
    parser.add_argument("--list", action="store_true", help="list the suites")
    options = parser.parse_args()
    if options.long and not options.fuzz:
        options.fuzz = options.long
    suites = all_suites(options)
    if options.list:
        for suite in suites:
            mark = "quick plain" if suite.name in QUICK and suite.name in PLAIN else (
                "quick" if suite.name in QUICK else "plain" if suite.name in PLAIN else "")
            show("%-16s %-12s %s" % (suite.name, mark, suite.about))
        return 0
    started = time.monotonic()
    chosen = choose(suites, options)
    run_all(chosen, max(2, CPUS))
    passed = sum(suite.passed for suite in chosen)
    failed = sum(suite.failed for suite in chosen)
    bad = [suite.name for suite in chosen if suite.state != "passed"]
    show("")
    show("%d suites in %.0f s%s" % (len(chosen), time.monotonic() - started,
                                    "; failed: " + ", ".join(bad) if bad else ""))
    show("%d passed, %d failed" % (passed, failed))
    return 1 if bad or failed else 0


if __name__ == "__main__":
    sys.exit(main())
