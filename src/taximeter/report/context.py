"""Everything that a report says, worked out from its material; its templates only arrange it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from taximeter.plugins import tracker_name
from taximeter.record import Environment
from taximeter.report.claims import Answer, Known, answer
from taximeter.report.comparison import Comparison, comparison_of, comparison_tables
from taximeter.report.cost_figures import cost_figures
from taximeter.report.cost_tables import costs_tables, releases_tables, workloads_tables
from taximeter.report.costs import calls_figure
from taximeter.report.experiment import Experiment, read_experiment
from taximeter.report.figures import Figure
from taximeter.report.gallery import Gallery
from taximeter.report.growth import growth_figures, growth_tables, sizes_tables
from taximeter.report.material import Material, Source, versions_of
from taximeter.report.matrix import Matrix
from taximeter.report.model_figures import model_figures
from taximeter.report.needs import NeedsTable, needs_table
from taximeter.report.samples import WAYS
from taximeter.report.sentences import (
    headline_of,
    limitations_of,
    principles_of,
    sentence_of,
)
from taximeter.report.story import story_table
from taximeter.report.survival import killed_figure, survival_matrix
from taximeter.report.tables import Cell, Table, code, text
from taximeter.report.text import counted, listed, machine, moment, short_machine
from taximeter.report.tracker_tables import (
    STATE_VERDICTS,
    distributions_table,
)
from taximeter.report.verdicts import VerdictMatrix, verdict_matrix


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker among the chips: the verdict of its state, the state, and its standing with the reason."""

    name: str
    verdict: str
    state: str
    standing: str = ""
    reason: str = ""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of measurements: which figures and tables stand in which section."""

    costs: list[str]
    growth: list[str]
    survival: dict[str, Matrix]
    killed: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates are given; what there is nothing of is None or empty."""

    name: str
    is_project: bool
    made: str
    taximeter: str
    machine: str
    versions: str
    environment: Environment
    sentence: str
    headline: str
    is_good: bool
    principles: list[str]
    limitations: list[str]
    chips: list[Chip]
    comparison: Comparison | None
    needs: NeedsTable | None
    measured: Measured | None
    verdict_matrix: VerdictMatrix | None
    claims: dict[str, list[Answer]]
    gallery: Gallery | None
    sources: Sequence[Source]
    figures: dict[str, Figure]
    tables: dict[str, Table]

    @property
    def ways(self) -> dict[str, str]:
        """The ways that it shows, and what they are called."""
        return WAYS

    @property
    def has_ways(self) -> bool:
        """Whether anything differs between the ways."""
        return self.needs is not None or self.measured is not None


def make_report(material: Material) -> Report:
    """Return what a report says.

    Raises:
        InputError: the results of the comparison hold no experiment that can be shown.
    """
    results, newest = material.comparison, _newest(material)
    experiment = read_experiment(results) if results else None
    names = material.names
    compared = results.trackers if results else []
    figures = _figures(material, experiment)
    return Report(
        name="What experiment trackers cost, survive and keep" if material.is_project else _name(material),
        is_project=material.is_project,
        made=moment(newest.made),
        taximeter=newest.taximeter,
        machine=machine(newest.environment),
        versions=versions_of(material),
        environment=newest.environment,
        sentence=sentence_of(material, experiment, names),
        headline=headline_of(results)
        if results
        else f"{counted(len(set(map(tracker_name, names))), 'tracker')} examined",
        is_good=results.all_equal if results else True,
        principles=principles_of(material),
        limitations=limitations_of(material, experiment),
        chips=_chips(material, names),
        comparison=comparison_of(results, experiment, material.comparison_address)
        if results and experiment
        else None,
        needs=needs_table(material, names, list(WAYS)) if material.is_project else None,
        measured=_measured(material, figures, names),
        verdict_matrix=verdict_matrix(material.verdicts, compared),
        claims=_claims(material),
        gallery=material.gallery if material.gallery.shown or material.gallery.missing else None,
        sources=material.measured,
        figures={figure.id: figure for figure in figures},
        tables={table.id: table for table in _tables(material, experiment, newest.environment)},
    )


def _name(material: Material) -> str:
    return material.comparison.name if material.comparison else ""


def _newest(material: Material) -> Any:
    """Return what was made last: results, a measurement or verdicts."""
    all_of_it = [source.content for source in material.measured]
    return max([*all_of_it, *([material.comparison] if material.comparison else [])], key=lambda each: each.made)


def _figures(material: Material, experiment: Experiment | None) -> list[Figure]:
    figures: list[Figure] = []
    if material.comparison and experiment:
        place = short_machine(material.comparison.environment)
        figures += model_figures(experiment, f"{experiment.kind}; {place}")
        figures += cost_figures(material.comparison.trackers, place)
    if cost := material.of("cost"):
        mute = [each.tracker for each in cost if not material.keeps_metrics(each.tracker)]
        figures.append(calls_figure(cost, _places(cost), mute))
    if growth := material.of("growth"):
        figures += growth_figures(growth, _places(growth))
    if crash := material.of("crash"):
        figures.append(killed_figure(crash, _places(crash)))
    return figures


def _places(measured: Sequence[Any]) -> str:
    """Return the machines and days of measurements."""
    places = dict.fromkeys(short_machine(each.environment) for each in measured)
    days = sorted({moment(each.made).split(" ")[0] for each in measured})
    return f"{listed(places)}; {days[0] if len(days) == 1 else f'{days[0]} to {days[-1]}'}"


def _measured(material: Material, figures: Sequence[Figure], names: Sequence[str]) -> Measured | None:
    kinds = {kind: material.of(kind) for kind in ("crash", "faults", "contention") if material.of(kind)}
    shown = [figure.id for figure in figures]
    if not (kinds or material.of("cost") or material.of("growth")):
        return None
    tried = [name for name in names if any(each.tracker == name for found in kinds.values() for each in found)]
    return Measured(
        costs=[name for name in shown if name == "calls"],
        growth=[name for name in shown if name.startswith("growth-")],
        survival={way: survival_matrix(kinds, tried, way) for way in WAYS} if kinds else {},
        killed="killed" in shown,
    )


def _chips(material: Material, names: Sequence[str]) -> list[Chip]:
    if not material.comparison:
        return [Chip(name=name, verdict="unsupported", state="not compared") for name in names]
    compared = {
        each.name: Chip(
            name=each.name,
            verdict=STATE_VERDICTS[each.state],
            state=each.state,
            standing=each.standing.state,
            reason=each.standing.reason,
        )
        for each in material.comparison.trackers
    }
    others = [name for name in names if name not in compared]
    return [
        *compared.values(),
        *(Chip(name=name, verdict="unsupported", state="not compared") for name in others),
    ]


def _claims(material: Material) -> dict[str, list[Answer]]:
    measured = {(source.kind, source.tracker): source.content for source in material.measured}
    judged = {name: content for (kind, name), content in measured.items() if kind == "verdicts"}
    known = Known(measured, judged | {each.tracker: each for each in material.verdicts})
    groups: dict[str, list[Answer]] = {}
    for claim in material.claims:
        groups.setdefault(claim.group, []).append(answer(claim, known))
    return groups


def _tables(material: Material, experiment: Experiment | None, environment: Environment) -> list[Table]:
    tables = []
    if material.comparison and experiment:
        tables += comparison_tables(material.comparison, experiment)
    if cost := material.of("cost"):
        tables += [*costs_tables(cost), *workloads_tables(cost)]
    tables += releases_tables(material.releases("cost"))
    if growth := material.of("growth"):
        tables += [*sizes_tables(growth), *growth_tables(growth).values()]
    if material.measured:
        tables.append(_sources_table(material))
    if material.is_project and (story := story_table(material)):
        tables.append(story)
    return [*tables, distributions_table(environment.distributions)]


def _sources_table(material: Material) -> Table:
    return Table(
        id="sources",
        caption="The files that this page is made of, and the commands that made them",
        columns=["file", "kind", "tracker", "version", "depth", "taken", "taximeter", "machine", "command"],
        rows=[
            [
                msgspec.structs.replace(code(source.address.rpartition("/")[2]), link=source.address),
                text(source.kind),
                text(source.tracker),
                text(source.content.version or "–"),
                text(getattr(source.content, "depth", "–")),
                text(_taken(source.content)),
                _code(source.content),
                text(short_machine(source.content.environment)),
                code(getattr(source.content, "command", f"taximeter verdicts {source.tracker} --save")),
            ]
            for source in material.measured
        ],
    )


def _taken(content: Any) -> str:
    """Return from when to when the samples of a file were taken."""
    times = [time for row in getattr(content, "rows", ()) for time in row.taken]
    if not times:
        return moment(content.made)
    return f"{moment(min(times)).removesuffix(' UTC')} to {moment(max(times))}"


def _code(content: Any) -> Cell:
    """Return the version of taximeter that took them, and its commit."""
    commit = getattr(content, "commit", None) or ""
    short = f"{commit[:12]}{'+' if commit.endswith('+') else ''}"
    return code(f"{content.taximeter} {short}".strip(), commit)
