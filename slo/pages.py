"""What all reports look like: one page that needs nothing from outside, with drawings in it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from slo.tables import count, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart by people who see fewer colours.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and a tenth of the bytes
    "svg.hashsalt": "petswipe",  # the same data gives the same bytes
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def page_environment(package: str) -> Environment:
    """Return the templates of a package, which extend `page.html.j2`; what they show is escaped."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("slo", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "share": share}
    return environment


def figure_svg(figure: Figure) -> Markup:
    """Return a drawing as an element of a page; draw and call this within `STYLE`."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    # Our own drawing of numbers and label values; matplotlib escapes its text.
    return Markup(text[text.index("<svg") :])  # noqa: S704
