"""Chromium, driven by Playwright, and what tests read and do there."""

import re
import shutil
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PATIENCE_MS = 60_000  # of anything that is waited for, on a slow machine


@contextmanager
def chromium():
    """Starts the system's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE_MS
        )
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page in a context of its own, and everything that goes wrong in it.

    Attributes:
        page: Playwright's page.
        faults: Errors on the console, uncaught exceptions, requests to other servers.
        requests: The address of each request.
    """

    def __init__(self, browser, address, path="", **options):
        options = {"locale": "en-US", "viewport": {"width": 1100, "height": 900}} | options
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.faults, self.requests, self._address = [], [], address
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", self._watch)
        self.page.goto(address + path)

    def close(self):
        self.context.close()

    def _hear(self, message):
        # Chromium reports every status from 400 on, although ours come with a page.
        is_status = "the server responded with a status of" in message.text
        if message.type in ("error", "warning") and not is_status:
            self.faults.append(message.text)

    def _dismiss(self, dialog):
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _watch(self, request):
        self.requests.append(request.url)
        if not request.url.startswith(self._address):
            self.faults.append(f"request to {request.url}")


def shown(page, given=False):
    """The lines of each answer: the new ones, or those of the prompt."""
    selector = ".line.given" if given else ".line:not(.given)"
    return [
        [re.sub("[，。]", "", text.strip()) for text in verse.locator(selector).all_text_contents()]
        for verse in page.locator(".answers .verse").all()
    ]


def query(page):
    """The parameters in the address."""
    return {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}


def ask(page, line):
    """Types a line and Enter, and waits for its answers."""
    from playwright.sync_api import expect

    page.get_by_label("A line of classical verse").fill(line)
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text(line)


def direction(page):
    """How the verse is set, as CSS calls it."""
    return page.locator(".answers .verse").first.evaluate("v => getComputedStyle(v).writingMode")
