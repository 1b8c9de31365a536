"""Waiting: every wait has a deadline, and every deadline is scaled by PROA_TEST_SCALE."""
import os
import time

SCALE = float(os.environ.get("PROA_TEST_SCALE", "1"))


def seconds(value):
    """A time allowed to the program under test, longer where the build is slow."""
    return value * SCALE


def eventually(probe, timeout=5.0, what="the condition"):
    """Calls probe() until it returns something true, and returns that; fails after the deadline."""
    deadline = time.monotonic() + seconds(timeout)
    pause = 0.002
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("%s did not hold within %.1f s" % (what, seconds(timeout)))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
