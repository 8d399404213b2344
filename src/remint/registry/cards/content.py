"""The whole card: which sections it has, in which order, and which pictures belong to which."""

from collections.abc import Iterator

from remint.config.metrics import label
from remint.registry.cards.about import About
from remint.registry.cards.blocks import Card, Plots, Section
from remint.registry.cards.figures import amount, figure, interval
from remint.registry.cards.findings import Findings
from remint.registry.cards.limits import limits_section
from remint.registry.cards.origin import data_section, gates_section, mint_section, purpose_section, training_section
from remint.registry.cards.quality import (
    calibration_section,
    metrics_section,
    rivals,
    robustness_section,
    slices_section,
)
from remint.registry.cards.trust import (
    attributions_section,
    cost_section,
    fairness_section,
    mistakes_section,
    sanity_section,
)
from remint.registry.cards.words import arrow

_PICTURES = {
    "slices": ("slice",),
    "calibration": ("calibration", "reliability"),
    "fairness": ("fairness",),
    "robustness": ("robustness",),
    "attributions": ("attribution", "importance", "features", "heat", "highlight", "tokens", "steps", "attention"),
    "mistakes": ("samples", "forecast", "mistakes", "worst"),
    "metrics": ("confusion", "roc", "residuals", "horizon", "lengths"),
    "training": ("loss",),
}
"Section to how the names of its pictures begin."


def card_content(found: Findings, about: About) -> Card:
    """Give the content of a card. The same for the same findings."""
    version = "" if about.version is None else f", version {figure(about.version)}"
    return Card(
        title=about.model + version,
        subtitle=f"Model card · {about.created}",
        verdict=_verdict(found),
        tiles=tuple(_tiles(found, about)),
        sections=tuple(_sections(found, about)),
    )


def _sections(found: Findings, about: About) -> Iterator[Section]:
    pictures = _by_section(found.plots)
    yield purpose_section(about)
    yield metrics_section(found, about, pictures["metrics"])
    yield limits_section(found, about)
    yield gates_section(found)
    yield slices_section(found, about, pictures["slices"])
    if about.task == "classification":
        yield calibration_section(found, pictures["calibration"])
        yield fairness_section(found, pictures["fairness"])
    yield robustness_section(found, about, pictures["robustness"])
    yield attributions_section(found, pictures["attributions"])
    yield mistakes_section(found, pictures["mistakes"])
    yield sanity_section(found, ())
    yield cost_section(found)
    yield data_section(about)
    yield training_section(about, pictures["training"])
    yield mint_section(about)
    if pictures["more"]:
        yield Section("More pictures", (Plots(pictures["more"]),))


def _by_section(plots: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give each section its pictures; `more` has those of none."""
    homes = {
        plot: next((home for home, names in _PICTURES.items() if plot.startswith(names)), "more") for plot in plots
    }
    return {home: tuple(plot for plot in plots if homes[plot] == home) for home in (*_PICTURES, "more")}


def _verdict(found: Findings) -> tuple[bool, str] | None:
    if found.decision is None:
        return None
    promoted = bool(found.decision["promoted"])
    return promoted, "promoted to champion" if promoted else "not promoted"


def _tiles(found: Findings, about: About) -> Iterator[tuple[str, str]]:
    metric = about.primary_metric
    own = found.overall(metric)
    if own is not None:
        ends = interval(own).removeprefix(figure(own["value"])).strip()
        yield figure(own["value"]), f"{label(metric)}{arrow(metric)} {ends}".strip()
    for name, metrics in list(rivals(found, about).items())[:1]:
        if metrics.get(metric) is not None:
            yield figure(metrics[metric]), f"{label(metric)} of the {name}"
    if found.intervals is not None:
        yield figure(found.intervals["rows"]), "test rows"
    if found.cost is not None:
        yield figure(found.cost["parameters"]), "parameters"
        yield amount(found.cost["latency_ms"]["p50"], "ms"), "for one row, median"
