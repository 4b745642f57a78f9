"""The matrix of verdicts: facts by theme, trackers as columns, and the evidence behind every cell."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import msgspec

from taximeter.report.tables import Sheet, csv_link
from taximeter.report.text import counted, listed, moment, short_machine
from taximeter.results import TrackerResult
from taximeter.verdicts.results import Finding, TrackerVerdicts, Verdict

CLASSES: Final = {
    Verdict.IDENTICAL: "identical",
    Verdict.UNDONE: "changed",
    Verdict.LOSS: "differs",
    Verdict.REFUSED: "refused",
    Verdict.DROPPED: "dropped",
    Verdict.UNSUPPORTED: "unsupported",
}
"""What each verdict is called in the page's style."""

SILENT: Final = "silent"


class VerdictEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What lies behind one cell.

    Attributes:
        id: unique on the page.
        title: the tracker and the fact.
        finding: the verdict with all that is known.
        says: the verdict in words, and whether anybody was told.
        issue: what the tracker's users have reported, if it can be linked to.
        command: shows it again.
    """

    id: str
    title: str
    finding: Finding
    says: str
    issue: str
    command: str

    @property
    def style(self) -> str:
        """The verdict as the page's style knows it."""
        return CLASSES[self.finding.verdict]


class VerdictColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One tracker: its name, what was examined and when, and its silent-loss score."""

    name: str
    about: str
    score: int
    judged: int
    warning: str = ""


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, and a cell for each tracker; None where the tracker was not examined for it."""

    number: int
    name: str
    sentence: str
    cells: list[VerdictEvidence | None]


class VerdictMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `missing` are trackers of the comparison that have no saved verdicts, or keep nothing."""

    headline: str
    how: str
    examined: str
    columns: list[VerdictColumn]
    themes: list[tuple[str, list[VerdictRow]]]
    missing: list[str]

    @property
    def evidence(self) -> list[VerdictEvidence]:
        """The evidence of every cell, each once: trackers that keep a fact share theirs."""
        cells = [cell for _, rows in self.themes for row in rows for cell in row.cells if cell]
        return list({cell.id: cell for cell in cells}.values())

    @property
    def silent(self) -> list[VerdictEvidence]:
        """That of the silent losses."""
        return [cell for cell in self.evidence if cell.finding.is_silent_loss]

    @property
    def csv(self) -> str:
        """The verdicts as a link that holds them."""
        return csv_link(self.sheet)

    @property
    def sheet(self) -> Sheet:
        """The verdicts for a spreadsheet."""
        rows = [
            [row.number, theme, row.name, *(cell.says if cell else "" for cell in row.cells)]
            for theme, facts in self.themes
            for row in facts
        ]
        return Sheet(head=["fact", "theme", "name", *(column.name for column in self.columns)], rows=rows)

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        """Style, glyph and meaning of every verdict."""
        return [(CLASSES[verdict], verdict.glyph, str(verdict)) for verdict in Verdict]


def verdict_matrix(verdicts: Sequence[TrackerVerdicts], trackers: Sequence[TrackerResult]) -> VerdictMatrix | None:
    """Return the matrix of saved verdicts; None where there are none.

    Args:
        verdicts: at most one of each tracker.
        trackers: those that were compared; where a version is another one, its column says so.
    """
    verdicts = [each for each in verdicts if each.judged]
    if not verdicts:
        return None
    versions = {tracker.name: tracker.version for tracker in trackers}
    examined = {each.tracker for each in verdicts}
    return VerdictMatrix(
        headline=_headline(verdicts),
        how=_how(verdicts),
        examined=_examined(verdicts),
        columns=[_column(each, versions) for each in verdicts],
        themes=[(theme, list(rows)) for theme, rows in groupby(_rows(verdicts), key=_theme_of)],
        missing=[tracker.name for tracker in trackers if tracker.name not in examined],
    )


def _headline(verdicts: Sequence[TrackerVerdicts]) -> str:
    losers = [each for each in verdicts if each.silent_losses]
    if not losers:
        return f"None of {counted(len(verdicts), 'tracker')} lost a fact without a word"
    worst = max(losers, key=lambda each: each.silent_losses / each.judged)
    trackers = f"{len(losers)} of {counted(len(verdicts), 'tracker')} lost facts without a word"
    return f"{trackers}; {worst.tracker} lost {worst.silent_losses} of {worst.judged}"


def _how(verdicts: Sequence[TrackerVerdicts]) -> str:
    """Return how the facts were written, which is with code of our own where there is no vendor."""
    vendorless = [each.tracker for each in verdicts if each.vendor is None]
    sentence = (
        "Each fact was written with the vendor's own documented interface, without taximeter's exact record, and "
        "read back from the store."
    )
    if not vendorless:
        return sentence
    return (
        f"{sentence} There is no vendor of {listed(vendorless)}: there, code of taximeter's own wrote it, in the "
        "process that logs and without a journal."
    )


def _examined(verdicts: Sequence[TrackerVerdicts]) -> str:
    days = [moment(made) for made in (min(each.made for each in verdicts), max(each.made for each in verdicts))]
    return days[0] if days[0] == days[1] else f"between {days[0]} and {days[1]}"


def _column(verdicts: TrackerVerdicts, compared: dict[str, str | None]) -> VerdictColumn:
    """Return a tracker's column; `compared` are the versions of those that are in a comparison."""
    warning, used = "", compared.get(verdicts.tracker)
    if verdicts.tracker in compared and used != verdicts.version:
        warning = f"version {verdicts.version or 'unknown'}; the comparison used {used or 'an unknown one'}"
    return VerdictColumn(
        name=verdicts.tracker,
        about=f"{verdicts.version or 'no vendor'}, {moment(verdicts.made)}, {short_machine(verdicts.environment)}",
        score=verdicts.silent_losses,
        judged=verdicts.judged,
        warning=warning,
    )


def _rows(verdicts: Sequence[TrackerVerdicts]) -> Iterable[VerdictRow]:
    """Yield a row for each fact of any of the results, which may be of different days."""
    facts = {finding.fact: finding for each in reversed(verdicts) for finding in each.findings}
    columns = [{finding.fact: finding for finding in each.findings} for each in verdicts]
    for number, fact in sorted(facts.items()):
        yield VerdictRow(
            number=number,
            name=fact.name,
            sentence=fact.sentence,
            cells=[
                _cell(place, verdicts[place], column[number]) if number in column else None
                for place, column in enumerate(columns)
            ],
        )


def _theme_of(row: VerdictRow) -> str:
    return next(cell.finding.theme for cell in row.cells if cell)


def _cell(place: int, verdicts: TrackerVerdicts, finding: Finding) -> VerdictEvidence:
    if finding.verdict == Verdict.IDENTICAL and not finding.said:
        return _kept(finding)
    issue = verdicts.issues.get(str(finding.fact), "")
    return VerdictEvidence(
        id=f"verdict-{place}-{finding.fact}",
        title=f"{verdicts.tracker}: {finding.fact} {finding.name}",
        finding=finding,
        says=_says(finding),
        issue=issue if issue.startswith("https://") else "",
        command=f"taximeter verdicts {verdicts.tracker} --fact {finding.fact}",
    )


def _kept(finding: Finding) -> VerdictEvidence:
    """Return the evidence that all trackers share that keep a fact as it is, and have nothing to say."""
    return VerdictEvidence(
        id=f"verdict-kept-{finding.fact}",
        title=f"{finding.fact} {finding.name}",
        finding=finding,
        says=str(finding.verdict),
        issue="",
        command=f"taximeter verdicts --fact {finding.fact}",
    )


def _says(finding: Finding) -> str:
    if finding.is_silent_loss:
        return f"{finding.verdict}, in silence"
    is_loss = finding.verdict in {Verdict.LOSS, Verdict.DROPPED}
    return f"{finding.verdict}, and told" if is_loss else str(finding.verdict)
