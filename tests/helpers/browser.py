"""Headless Chromium, driven over the Chrome DevTools protocol.

The protocol runs over a pipe: JSON messages, each ended by a NUL byte, go to Chromium's file
descriptor 3 and come from its descriptor 4. That needs neither a driver nor a port.
"""

import json
import os
import select
import shutil
import subprocess
import time
from contextlib import suppress
from itertools import count

PATIENCE = 20  # seconds until something that should happen counts as failed


def find_chromium():
    """Return the path of a Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


class Refused(Exception):
    """Chromium did not do what it was asked."""


class Browser:
    """One page in a headless Chromium, which ends with the `with` block.

    `requests` are the addresses that the page and its frames asked for, `errors` what went wrong
    in them: exceptions, and errors on the console or in the browser's log.
    """

    def __init__(self, program, profile):
        self.requests, self.errors = [], []
        self._contexts = {}
        self._numbers, self._replies, self._received = count(1), {}, b""
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()

        def move_pipes():  # in the child: to where Chromium looks for them
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._process = subprocess.Popen(
            [
                *[program, "--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}"],
                *["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
                *["--disable-background-networking", "--window-size=1400,900", "about:blank"],
            ],
            pass_fds=(3, 4),
            preexec_fn=move_pipes,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def call(self, method, **params):
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while number not in self._replies:
            self._receive(deadline)
        reply = self._replies.pop(number)
        if "error" in reply:
            raise Refused(f"{method}: {reply['error']}")
        return reply["result"]

    def evaluate(self, expression, frame=0):
        """Return the value of a JavaScript expression on the page (0), or in one of its frames."""
        tree = self.call("Page.getFrameTree")["frameTree"]
        frames = [tree["frame"], *(child["frame"] for child in tree.get("childFrames", ()))]
        reply = self.call(
            "Runtime.evaluate",
            expression=expression,
            contextId=self._contexts[frames[frame]["id"]],
            returnByValue=True,
        )
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def wait_for(self, expression, frame=0):
        """Wait until a JavaScript expression is true there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(LookupError, Refused):  # the frame is not there yet, or being replaced
                if self.evaluate(expression, frame):
                    return
            assert time.monotonic() < deadline, f"never came true: {expression}"
            time.sleep(0.05)

    def open(self, address):
        """Load a page."""
        self.call("Page.navigate", url=address)
        self.wait_for("location.href != 'about:blank' && document.readyState == 'complete'")

    def click(self, element):
        """Click on an element, given as a JavaScript expression, once it is there and at rest."""
        deadline = time.monotonic() + PATIENCE
        before, place = None, self._place(element)
        while place is None or place != before:
            assert time.monotonic() < deadline, f"cannot be clicked: {element}"
            time.sleep(0.1)
            before, place = place, self._place(element)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def _place(self, element):
        """Return where the mouse would hit an element; None where it would not."""
        return self.evaluate(
            f"""(element => {{
                if (!element) return null;
                element.scrollIntoView({{block: "nearest"}});
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                return element.contains(document.elementFromPoint(x, y)) ? {{x, y}} : null;
            }})({element})"""
        )

    def type(self, text):
        """Type a text, then Enter, into what has the focus."""
        self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Enter", text="\r")

    def _receive(self, deadline):
        """Take in whatever Chromium sends next."""
        ready, _, _ = select.select([self._from], [], [], max(0, deadline - time.monotonic()))
        assert ready, "Chromium does not answer"
        chunk = os.read(self._from, 2**20)
        assert chunk, "Chromium ended"
        *messages, self._received = (self._received + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._replies[message["id"]] = message
            else:
                self._note(message["method"], message["params"])

    def _note(self, event, details):
        if event == "Runtime.executionContextCreated":
            context = details["context"]
            self._contexts[context["auxData"]["frameId"]] = context["id"]
        elif event == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif (
            event == "Runtime.exceptionThrown"
            or (event == "Runtime.consoleAPICalled" and details["type"] in ("error", "assert"))
            or (event == "Log.entryAdded" and details["entry"]["level"] == "error")
        ):
            self.errors.append(details)
