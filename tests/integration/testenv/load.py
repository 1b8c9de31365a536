"""A steady stream of requests, and what became of each."""
import threading
import time

from .client import Closed


class Result:
    """One request: when it was due, how long it took, and what came."""

    def __init__(self, due):
        self.due = due
        self.seconds = 0.0
        self.status = 0  # 0: no answer
        self.provider = None
        self.attempts = 0
        self.trail = ""
        self.whole = False
        self.retry_after = None


class Load:
    """Calls send(number) `rate` times a second for `duration` seconds, each on a thread of its own,
    whatever became of the others; use as a context manager, or call run()."""

    def __init__(self, send, rate, duration):
        self.send = send
        self.gap = 1.0 / rate
        self.duration = duration
        self.started = 0.0
        self.results = []
        self.threads = []
        self.pacer = threading.Thread(target=self._pace, daemon=True)

    def __enter__(self):
        self.started = time.monotonic()
        self.pacer.start()
        return self

    def __exit__(self, *_):
        self.join()

    def join(self):
        self.pacer.join()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a request never ended"

    def _pace(self):
        number = 0
        while number * self.gap < self.duration:
            due = self.started + number * self.gap
            time.sleep(max(0.0, due - time.monotonic()))
            result = Result(due)
            self.results.append(result)
            thread = threading.Thread(target=self._one, args=(result, number), daemon=True)
            thread.start()
            self.threads.append(thread)
            number += 1

    def _one(self, result, number):
        begun = time.monotonic()
        try:
            response = self.send(number)
            result.status = response.status
            result.provider = response.header("x-proa-provider")
            result.attempts = int(response.header("x-proa-attempts") or 0)
            result.trail = response.header("x-proa-trail") or ""
            result.retry_after = response.header("retry-after")
            result.whole = bool(response.text) if response.status == 200 else True
        except (OSError, Closed):
            pass
        result.seconds = time.monotonic() - begun

    def until(self, seconds_from_start):
        """Sleeps until so long after the start."""
        time.sleep(max(0.0, self.started + seconds_from_start - time.monotonic()))

    def between(self, begin, end):
        """The requests that were due in this span, in seconds from the start."""
        return [result for result in self.results
                if begin <= result.due - self.started < end]


def ok(results):
    return [result for result in results if result.status == 200 and result.whole]


def success(results):
    return len(ok(results)) / max(1, len(results))


def amplification(results):
    return sum(result.attempts for result in results) / max(1, len(results))


def share(results, provider):
    answered = ok(results)
    return sum(result.provider == provider for result in answered) / max(1, len(answered))
