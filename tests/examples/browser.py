"""A headless Chromium, driven over the DevTools protocol by two pipes: no port, no package."""
import json
import os
import select
import signal
import subprocess
import time

from testenv.poll import eventually, seconds

FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
         "--disable-background-networking --disable-component-update --disable-sync "
         "--disable-default-apps --disable-extensions --disable-breakpad --mute-audio "
         "--password-store=basic --window-size=800,900 --remote-debugging-pipe").split()
# Every name but the loopback's is unknown, so nothing can be asked of any other machine.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"


class Browser:
    """One browser with one page. Use as a context manager."""

    def __init__(self, folder):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self.reads, self.writes = ours_in, ours_out
        self.log = os.path.join(str(folder), "chromium.log")
        # Chromium takes orders from descriptor 3 and answers on 4; the shell moves them there.
        command = ["bash", "-c", 'exec "$@" 3<&%d 4>&%d' % (theirs_in, theirs_out), "-", "chromium",
                   *FLAGS, ALONE, "--user-data-dir=" + os.path.join(str(folder), "profile"),
                   "about:blank"]
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8",
               "TMPDIR": str(folder)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env=env, pass_fds=(theirs_in, theirs_out),
                                            stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.buffer = b""
        self.last = 0
        self.session = None
        targets = eventually(lambda: [each for each in self.call("Target.getTargets")["targetInfos"]
                                      if each["type"] == "page"], 20, "a page of the browser")
        attached = self.call("Target.attachToTarget", targetId=targets[0]["targetId"], flatten=True)
        self.session = attached["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.writes)  # it ends when the pipe does
        try:
            self.process.wait(seconds(10))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.reads)

    def _message(self, deadline):
        """The next message, which ends with a zero byte."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reads], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.reads, 1 << 16) if ready else b""
            if not data:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise AssertionError("the browser says nothing:\n" + log.read()[-2000:])
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, **params):
        """One command and its result; events on the way are of no interest."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + seconds(30)
        while True:
            answer = self._message(deadline)
            if answer.get("id") == self.last:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def value(self, expression):
        """What the page's script makes of an expression."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def open(self, url, ready):
        """Goes there and waits until the expression `ready` holds."""
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        eventually(lambda: self.value("document.readyState == 'complete' && !!(%s)" % ready), 20,
                   "the page at " + url)

    def click(self, selector):
        """The mouse, where the element is."""
        x, y = self.value("(({left, top, width, height}) => [left + width / 2, top + height / 2])"
                          "(document.querySelector(%s).getBoundingClientRect())"
                          % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        """The keyboard, into what has the focus."""
        for key in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=key, key=key)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def enter(self):
        self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", key="Enter",
                  windowsVirtualKeyCode=13)
        self.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", windowsVirtualKeyCode=13)
