"""The colours of figures in a page: each a variable, with one value by day and one by night."""

import colorsys
import re

from markupsafe import Markup

_COLOUR = re.compile(r"(?<=[: \"])#([0-9a-fA-F]{6})(?=[;\"])")
# Lightness of what is white by day, how much is left between it and white, and what lifts the rest.
_NIGHT, _SPAN, _LIFT = 0.135, 0.79, 0.75


class Palette:
    """Colours that were met in drawings."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def themed(self, svg: str) -> Markup:
        """A drawing with variables in place of its colours."""

        def variable(match: re.Match[str]) -> str:
            colour = match[1].lower()
            self._met.add(colour)
            return f"var(--c{colour})"

        return Markup(_COLOUR.sub(variable, svg))  # noqa: S704 - matplotlib escapes text

    @property
    def day(self) -> str:
        """Declarations of all variables in a page that is light."""
        return "".join(f"--c{colour}:#{colour};" for colour in sorted(self._met))

    @property
    def night(self) -> str:
        """Declarations of all variables in a page that is dark."""
        return "".join(f"--c{colour}:{dark(colour)};" for colour in sorted(self._met))


def dark(colour: str) -> str:
    """The same hue for a dark page: what stands out from white stands out from black.

    Parameters
    ----------
    colour : str
        Six hexadecimal digits.
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    inverted = _NIGHT + _SPAN * (1 - lightness) ** _LIFT
    parts = colorsys.hls_to_rgb(hue, inverted, 0.85 * saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
