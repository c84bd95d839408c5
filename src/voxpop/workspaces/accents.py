"""Accent colours: pure functions on `#rrggbb`."""

import re

ACCENT = re.compile("#[0-9a-f]{6}")
BLACK, WHITE = "#000000", "#ffffff"


def is_accent(text: str) -> bool:
    """Whether it is a colour as it is stored: `#rrggbb` in lower case."""
    return ACCENT.fullmatch(text) is not None


def text_colour(background: str) -> str:
    """Black or white, the one that is easier to read on the colour. The better one always has at least 4.58:1."""
    return max((BLACK, WHITE), key=lambda text: contrast(text, background))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2, from 0 to 1."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
