"""Pictures are taken in the browser tests' Chromium."""

from tests.browser.tabs import chromium

__all__ = ["chromium"]
