"""A retailer's color and what follows from it, so that text stays readable everywhere. Pure.

Contrast as WCAG 2.2 defines it (relative luminance of sRGB); 4.5 to 1 is what success criterion 1.4.3 asks of text.
"""

from dataclasses import dataclass

from kontor.core.errors import InvalidInput

ENOUGH = 4.5
# The palest and the darkest ground on which pages set the color as text: the role `raised` of the design tokens.
LIGHT_GROUND, DARK_GROUND = "#e9edf2", "#222932"
ON_LIGHT, ON_DARK = "#ffffff", "#0b1a30"
_WHITE, _BLACK = "#ffffff", "#000000"


class WeakContrast(InvalidInput):
    """Text in this color would be hard to read; `suggestion` is the nearest darker one that is not."""

    default_code = "CONTRAST_TOO_WEAK"


@dataclass(frozen=True, slots=True)
class Shades:
    """A color for one theme: itself, what is written on it, under the pointer, and as a pale ground."""

    color: str
    on_color: str
    hover: str
    tint: str


@dataclass(frozen=True, slots=True)
class Palette:
    """A retailer's color in both themes."""

    light: Shades
    dark: Shades


def luminance(color: str) -> float:
    """Relative luminance, 0 for black to 1 for white; raises `InvalidInput` for what is no color like #1f3a5f."""
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """From 1 for the same to 21 for black on white."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palette(color: str) -> Palette:
    """All shades of a color. Raises `WeakContrast` when it cannot be read on the palest ground of a page."""
    shown = contrast(color, LIGHT_GROUND)
    if shown < ENOUGH:
        raise WeakContrast(
            f"The contrast is {shown:.1f}; {ENOUGH} is needed.",
            path=("color",),
            contrast=f"{shown:.1f}",
            needed=str(ENOUGH),
            suggestion=_until_readable(color, _BLACK, LIGHT_GROUND),
        )
    light = Shades(color.lower(), ON_LIGHT, _mixed(color, _BLACK, 0.15), _tint(color, _WHITE))
    bright = _until_readable(color, _WHITE, DARK_GROUND)
    dark = Shades(bright, ON_DARK, _mixed(bright, _WHITE, 0.2), _tint(bright, "#0f1317"))
    return Palette(light, dark)


def _channels(color: str) -> list[int]:
    try:
        channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    except ValueError:
        channels = []
    if len(color) != 7 or color[0] != "#" or len(channels) != 3:
        raise InvalidInput(f"{color!r} is not a color like #1f3a5f.", code="COLOR_INVALID", path=("color",))
    return channels


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _until_readable(color: str, toward: str, ground: str) -> str:
    """The color, moved in small steps until it can be read on the ground, and what is written on it can be too."""
    for step in range(101):
        tried = _mixed(color, toward, step / 100)
        on = ON_DARK if toward == _WHITE else ON_LIGHT
        if contrast(tried, ground) >= ENOUGH and contrast(tried, on) >= ENOUGH:
            return tried
    return toward


def _tint(color: str, ground: str) -> str:
    """A pale ground of the color on which the color itself can still be read."""
    for step in range(12, 0, -1):
        tried = _mixed(ground, color, step / 100)
        if contrast(tried, color) >= ENOUGH:
            return tried
    return ground
