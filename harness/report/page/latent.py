"""What the model learned, as a section of the page."""

from collections.abc import Mapping
from typing import Any

from harness.report.drawing.style import NARROW
from harness.report.latent import latent_figures
from harness.report.latent.words import about
from harness.report.page.colours import Palette
from harness.report.page.drawings import shown_of


def latent_section(facts: Mapping[str, Any], palette: Palette) -> dict[str, Any]:
    """Figures of the latent space, ends of its axes, and neighbours of well-known titles.

    Parameters
    ----------
    facts : mapping
        As `harness.analysis.latent.latent_facts` finds them.
    palette : Palette
        Takes up the colours.
    """
    pairs = zip(latent_figures(facts), latent_figures(facts, NARROW), strict=True)
    return {
        "title": about(facts).title,
        "figures": [shown_of(wide, narrow, {}, palette) for wide, narrow in pairs],
        "axes": facts["axes"],
        "neighbours": facts["neighbours"],
    }
