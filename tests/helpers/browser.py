"""Headless Chromium, the one that is installed, driven by Playwright."""

import shutil
from contextlib import contextmanager

from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=20_000)  # milliseconds; long, for a busy machine


def find_chromium():
    """Return the path of a Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def open_browser():
    """Yield Playwright's browser, which ends with the `with` block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()


@contextmanager
def offline_page(browser):
    """Yield a page without a network, and what goes wrong in it and in its frames.

    That is a list, which grows: the addresses asked for outside this machine, what is reported as
    an error on the console, and exceptions.
    """
    with browser.new_context(offline=True, viewport={"width": 1400, "height": 900}) as context:
        wrong = []
        context.on("request", lambda r: r.url.startswith("file:") or wrong.append(r.url))
        context.on("console", lambda said: said.type != "error" or wrong.append(said.text))
        context.on("weberror", lambda thrown: wrong.append(str(thrown.error)))
        yield context.new_page(), wrong
