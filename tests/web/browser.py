"""Chromium, driven by Playwright."""

import shutil
from contextlib import contextmanager

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
PATIENCE_MS = 120_000  # of anything that is waited for, on a slow machine


@contextmanager
def chromium():
    """Starts the system's Chromium."""
    from playwright.sync_api import sync_playwright

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
