"""What the widget costs a page: the time that Chromium takes to compile and run its scripts on a slow processor."""

import json
import statistics
from typing import Any, NamedTuple

from playwright.sync_api import Browser, CDPSession, sync_playwright

CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
SLOWDOWN, TURNS, TURNS_WITH_BUTTON = 4, 10, 3
LONG_TASK = 50  # ms
SCRIPT_EVENTS = {"EvaluateScript", "v8.compile", "v8.compileModule", "v8.evaluateModule"}
# The page has no other script. With a button, the part that draws is loaded too.
LOAD = """([url, button]) => new Promise((resolve) => {
    window.voxpop = (...call) => (voxpop.queue ||= []).push(call);
    voxpop("on", "ready", () => requestIdleCallback(() => setTimeout(resolve, 100)));
    voxpop("init", {key: "pk_0_0", user: {guid: "bench"}, ...(button && {button: {product: "a", feature: "b"}})});
    document.head.append(Object.assign(document.createElement("script"), {src: url, async: true}));
})"""


class Cost(NamedTuple):
    """Processor time of a page load, in ms: of the scripts, and of the longest task with one of them."""

    scripts: float
    longest_task: float


class Figures(NamedTuple):
    """The median time in ms that the scripts of every page take, and the number of long tasks in all loads."""

    scripts: float
    long_tasks: int


def measure(url: str) -> Figures:
    """Loads the page several times: as it is, then with the button."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        plain = [_load(browser, url) for _ in range(TURNS)]
        drawn = [_load(browser, url, has_button=True) for _ in range(TURNS_WITH_BUTTON)]
        browser.close()
    long_tasks = sum(cost.longest_task > LONG_TASK for cost in plain + drawn)
    return Figures(statistics.median(cost.scripts for cost in plain), long_tasks)


def _load(browser: Browser, url: str, *, has_button: bool = False) -> Cost:
    """In a context of its own, so without what an earlier page left in caches."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/health/check")
    client = context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    trace = _start_trace(client)
    page.evaluate(LOAD, [f"{url}/widget/v1.js", has_button])
    events = _stop_trace(client, trace, page)
    context.close()
    return _cost(events)


def _start_trace(client: CDPSession) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    client.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    categories = "devtools.timeline,v8,disabled-by-default-v8.compile,toplevel"
    client.send("Tracing.start", {"categories": categories, "transferMode": "ReportEvents"})
    return events


def _stop_trace(client: CDPSession, events: list[dict[str, Any]], page: Any) -> list[dict[str, Any]]:
    done: list[bool] = []
    client.on("Tracing.tracingComplete", lambda _: done.append(True))
    client.send("Tracing.end")
    while not done:
        page.wait_for_timeout(20)  # the messages arrive meanwhile
    return events


def _cost(events: list[dict[str, Any]]) -> Cost:
    """Of the page's main thread. The page's own call is no script with an address, so it does not count."""
    first = next(each for each in events if each["name"] == "EvaluateScript" and "/widget/" in json.dumps(each["args"]))
    main = [each for each in events if (each["pid"], each["tid"]) == (first["pid"], first["tid"])]
    ours = [each for each in main if each["name"] in SCRIPT_EVENTS and each["ts"] >= first["ts"]]
    outer = [each for each in ours if not any(_contains(other, each) for other in ours if other is not each)]
    tasks = [each for each in main if "RunTask" in each["name"] and any(_contains(each, one) for one in ours)]
    return Cost(sum(map(_milliseconds, outer)), max(map(_milliseconds, tasks), default=0))


def _contains(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["ts"] <= other["ts"] and other["ts"] + other.get("dur", 0) <= one["ts"] + one.get("dur", 0)


def _milliseconds(event: dict[str, Any]) -> float:
    """Time of the processor, where it is known: other programs on the machine do not count."""
    return float(event.get("tdur", event.get("dur", 0))) / 1000
