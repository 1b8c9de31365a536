"""deploy/examples/nextjs, built as its package.json says and used by a person's means: a real
browser, its keyboard and its mouse."""
import os
import socket
import subprocess
import threading
import urllib.request

import pytest
from browser import Browser
from conftest import BUILD, NODE
from testenv import TOLERANT, eventually, free_port
from testenv import upstream as up
from testenv.gateway import BINARY, environment
from testenv.poll import seconds

FOLDER = os.path.join(BUILD, "nextjs")
WORDS = ["These", " words", " come", " one", " by", " one."]

# What the page showed: every text of the last answer, and every alert, in order.
WATCH = """
window.shown = []; window.alerts = [];
new MutationObserver(() => {
  const answers = document.querySelectorAll("[data-role=assistant]");
  const text = [...(answers[answers.length - 1]?.querySelectorAll("span") ?? [])]
    .map((each) => each.innerText).join("");
  if (text && text !== shown.at(-1)) shown.push(text);
  const alert = document.querySelector("[role=alert]")?.innerText;
  if (alert && alert !== alerts.at(-1)) alerts.push(alert);
}).observe(document.querySelector("main"), {subtree: true, childList: true, characterData: true});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as made:
        yield made


class Page:
    """The chat, as the browser has it."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.open(url, "document.querySelector('form button')")
        browser.value(WATCH)

    def say(self, text):
        self.browser.click("form input")
        self.browser.type(text)
        self.browser.enter()

    def shown(self):
        return self.browser.value("shown")

    def texts(self, role):
        return self.browser.value("[...document.querySelectorAll('[data-role=%s]')].map((each) =>"
                                  " each.querySelector('span')?.innerText)" % role)

    def status(self):
        return self.browser.value("document.querySelector('main').dataset.status")

    def whole(self, text):
        """Waits for the end of an answer that is this."""
        eventually(lambda: self.status() in ("ready", "error") and self.texts("assistant")
                   and self.texts("assistant")[-1] == text, 30,
                   "the answer " + text)
        assert self.status() == "ready"

    def by(self):
        """Who gave the last answer, as the page tells."""
        return self.browser.value("[...document.querySelectorAll('[data-role=assistant] small')]"
                                  ".at(-1).innerText").strip()


@pytest.fixture
def page(browser, surroundings, outside, tmp_path):
    """page(gateway) -> the chat of `next start` in the browser."""
    running = []

    def make(gateway):
        port = free_port()
        url = "http://127.0.0.1:%d/" % port
        log = open(tmp_path / "next.log", "wb")
        running.append((subprocess.Popen(
            [NODE, "node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port",
             str(port)], cwd=FOLDER, env=surroundings(gateway.url), stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT), log))

        def up_and_running():
            assert running[-1][0].poll() is None, (tmp_path / "next.log").read_text()
            try:
                with urllib.request.urlopen(url, timeout=seconds(10)) as response:
                    return response.status == 200
            except OSError:
                return False
        eventually(up_and_running, 30, "next start answering")
        return Page(browser, url)
    yield make
    for process, log in running:
        # Asked to end, Node waits for the connections that a browser holds in reserve.
        process.kill()
        process.wait()
        log.close()
    browser.open("about:blank", "true")
    assert not outside.asked, outside.asked


@pytest.fixture
def mock():
    """mock(recipe) -> (base URL, process) of a `proa mock` of its own, which may be killed."""
    running = []

    def make(recipe="gap=60ms"):
        port = free_port()
        running.append(subprocess.Popen([BINARY, "mock", "--quiet", "--listen", "127.0.0.1:%d" % port],
                                        env=environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def listening():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        eventually(listening, 10, "the mock listening")
        return "http://127.0.0.1:%d/%s/v1" % (port, recipe), running[-1]
    yield make
    for process in running:
        process.kill()
        process.wait()


def two(first, second, **policy):
    """The route `demo` with one provider after the other."""
    return {"providers": {"alpha": {"dialect": "openai", "base_url": first, "keys": []},
                          "beta": {"dialect": "openai", "base_url": second, "keys": [],
                                   "prefill": "assistant"}},
            "policies": [{"name": "test", "balance": {"standby": 0}, **TOLERANT, **policy}],
            "routes": [{"model": "demo", "policy": "test", "tiers": [["alpha/echo"], ["beta/echo"]]}]}


def grows(shown, whole):
    """Each text is the beginning of the next one, and there were several before the last."""
    assert shown[-1] == whole
    assert all(later.startswith(earlier) for earlier, later in zip(shown, shown[1:])), shown
    return len(shown)


def test_a_streamed_answer_from_the_mock(gateways, page):
    """As the README has it, but that the mock takes its time between the words."""
    chat = page(gateways(args=["--mock", "--mock-fault", "gap=60ms"]))
    words = " ".join("word%d" % number for number in range(20))
    chat.say(words)
    chat.whole(words)
    assert grows(chat.shown(), words) >= 4
    assert chat.by() == "by mock, attempts: 2"
    chat.say("and again")
    chat.whole("and again")
    assert chat.texts("user") == [words, "and again"]
    assert chat.texts("assistant") == [words, "and again"]
    assert chat.browser.value("alerts") == []


def test_each_word_is_in_the_page_before_the_next_is_sent(gateways, upstream, page):
    """No timing: the provider waits until the person could have read what it has said so far."""
    chat, read = None, threading.Event()

    def word_by_word(exchange):
        exchange.send(up.STREAM_HEAD)
        for number in range(len(WORDS)):
            exchange.send(up.chunk(up.sse(up.delta(WORDS[number]))))
            assert read.wait(seconds(30))
            read.clear()
        exchange.send(up.chunk(up.sse(up.delta(finish="stop"))) + up.chunk(up.sse("[DONE]"))
                      + b"0\r\n\r\n")

    upstream.default = word_by_word
    chat = page(gateways({
        "providers": {"p": {"dialect": "openai", "base_url": upstream.url, "keys": []}},
        "routes": [{"model": "demo", "tiers": [["p/m"]]}]}))
    chat.say("go")
    for number in range(len(WORDS)):
        so_far = "".join(WORDS[:number + 1])
        eventually(lambda: (chat.texts("assistant") or [""])[-1] == so_far, 30, so_far)
        assert chat.status() == "streaming"
        read.set()
    chat.whole("".join(WORDS))


def test_a_provider_dies_between_two_questions(gateways, mock, page):
    """The second one is answered by the other provider; the page has nothing to say about it."""
    (first, dying), (second, _) = mock(), mock()
    chat = page(gateways(two(first, second)))
    chat.say("who is there")
    chat.whole("who is there")
    assert chat.by() == "by alpha, attempts: 1"
    dying.kill()
    dying.wait()
    chat.say("and who is there now")
    chat.whole("and who is there now")
    assert chat.by() == "by beta, attempts: 2"
    assert chat.browser.value("alerts") == []


def test_a_provider_dies_in_the_middle_of_an_answer(gateways, mock, page):
    """The words that came stay, the page says what happened, and its button asks the other one."""
    (first, dying), (second, _) = mock("gap=100ms"), mock("gap=10ms")
    chat = page(gateways(two(first, second)))
    words = " ".join("word%d" % number for number in range(60))
    chat.say(words)
    eventually(lambda: len(chat.shown()) >= 4, 30, "some words in the page")
    dying.kill()
    dying.wait()
    eventually(lambda: chat.status() == "error", 30, "the error in the page")
    begun = chat.texts("assistant")[-1]
    assert begun and words.startswith(begun) and begun != words
    assert chat.browser.value("alerts")[-1].startswith("The answer broke off.")
    chat.browser.click("[role=alert] button")
    chat.whole(words)
    assert chat.by() == "by beta, attempts: 2"
    assert len(chat.texts("assistant")) == 1


def test_another_provider_goes_on_with_an_answer(gateways, mock, page):
    """With `midstream: resume` the page has nothing to say about it: one answer, and no word twice."""
    (first, dying), (second, _) = mock("gap=100ms"), mock("gap=10ms")
    chat = page(gateways(two(first, second, midstream="resume")))
    words = " ".join("word%d" % number for number in range(60))
    chat.say(words)
    eventually(lambda: len(chat.shown()) >= 4, 30, "some words in the page")
    dying.kill()
    dying.wait()
    chat.whole(words)
    grows(chat.shown(), words)
    assert chat.by() == "by beta, attempts: 2"
    assert chat.browser.value("alerts") == []


def test_stop_ends_the_call(gateways, upstream, page):
    """The button of the page, and the connection to the provider closes."""
    closed = threading.Event()

    def endless(exchange):
        exchange.send(up.STREAM_HEAD + up.chunk(up.sse(up.delta("begun"))))
        exchange.wait_closed(60)
        closed.set()
        return False

    upstream.default = endless
    chat = page(gateways({
        "providers": {"p": {"dialect": "openai", "base_url": upstream.url, "keys": []}},
        "routes": [{"model": "demo", "tiers": [["p/m"]]}]}))
    chat.say("go")
    eventually(lambda: chat.texts("assistant") == ["begun"], 30, "the beginning in the page")
    chat.browser.click("form button")
    assert closed.wait(seconds(20))
    eventually(lambda: chat.status() == "ready", 10, "the page being ready again")
