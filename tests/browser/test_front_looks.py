"""The page at the bare address in a real browser: every size, light and language."""

import os
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.browser.street import Served, served, street
from tests.browser.tabs import browser, chromium, complaints_of

__all__ = ["browser", "chromium", "served", "street"]
pytestmark = pytest.mark.anyio
PHONE: Final[ViewportSize] = {"width": 320, "height": 720}
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_the_bare_address_is_a_page_that_leads_on(
    served: Served, browser: Browser, language: str
) -> None:
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        context = await browser.new_context(
            locale=language, viewport=viewport, reduced_motion="reduce"
        )
        page = await context.new_page()
        for light in ("light", "dark"):
            await page.emulate_media(color_scheme=light)
            answer = await page.goto(served.origin)
            assert answer is not None
            assert answer.status == 200
            assert await complaints_of(page) == []
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if folder := os.environ.get("PICTURES"):
                name = f"front-{size}-{light}-{language}.png"
                await page.screenshot(path=Path(folder) / name, full_page=True)
        first = page.locator("main a.tile").first
        await first.focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{served.origin}/report")
        await context.close()
