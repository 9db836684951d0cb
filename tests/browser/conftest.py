"""What every browser test finds: Chromium, started once for the tests of a module."""

from tests.browser.tabs import chromium

__all__ = ["chromium"]
