"""The command ``verdicts``: what each tracker does by itself to what it is given."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.status import Status
from rich.text import Text

from taximeter.cli.output import console, plain, print_json, print_matrix, stderr
from taximeter.cli.reports import RESULTS
from taximeter.errors import TaximeterError, TrackerError
from taximeter.plugins import installed
from taximeter.verdicts.results import Finding, TrackerVerdicts, Verdict, save_verdicts

_STYLES = {
    Verdict.IDENTICAL: "green",
    Verdict.UNDONE: "blue",
    Verdict.LOSS: "yellow",
    Verdict.REFUSED: "magenta",
    Verdict.DROPPED: "yellow",
    Verdict.UNSUPPORTED: "dim",
}


def judge_trackers(
    trackers: Annotated[
        list[str] | None, typer.Argument(metavar="[TRACKER]…", help="Every installed one by default.")
    ] = None,
    fact: Annotated[int | None, typer.Option(help="Only this fact, with its evidence.")] = None,
    save: Annotated[bool, typer.Option("--save", help=f"Keep the results below {RESULTS}/.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Write numbered facts with each tracker's own API, read them back, and judge what became of each.

    Nothing of taximeter's own exact record takes part. Each tracker takes up to a minute, and is examined with the
    version of its vendor that is installed here.

    Example: taximeter verdicts csv --fact 9
    """
    from taximeter.verdicts import FACTS, examine  # noqa: PLC0415 - the help needs none of it
    from taximeter.verdicts.catalogue import fact_of  # noqa: PLC0415 - as above
    from taximeter.verdicts.examine import check_examinable  # noqa: PLC0415 - as above

    names = list(trackers or installed())
    for name in names:
        check_examinable(name)
    facts = FACTS if fact is None else (fact_of(fact),)
    found: list[TrackerVerdicts] = []
    problems: list[str] = []
    with stderr.status("starting") as status:
        for name in names:
            if not stderr.is_terminal:
                stderr.print(f"taximeter: {name}", style="dim", highlight=False)
            try:
                found.append(examine(name, facts, on_fact=partial(_tell, status, name)))
            except TrackerError as error:
                problems.append(str(error))
    files = [save_verdicts(verdicts, RESULTS) for verdicts in found] if save else []
    if as_json:
        print_json(found)
    elif fact is not None:
        _print_evidence(found)
    elif found:
        _print_matrix(found)
    for file in files:
        stderr.print(f"saved: {file}", highlight=False, soft_wrap=True)
    if problems:
        raise TaximeterError(" ".join(problems))


def _tell(status: Status, name: str, what: str) -> None:
    status.update(f"{name}: {what} …")


def _print_matrix(found: Sequence[TrackerVerdicts]) -> None:
    rows: list[tuple[Any, ...]] = []
    findings = zip(*(verdicts.findings for verdicts in found), strict=True)
    for theme, group in groupby(findings, key=lambda row: row[0].theme):
        rows += [(Text(theme, style="bold"),)]
        rows += [(f"{row[0].fact:>3} {row[0].name}", *map(_mark, row)) for row in group]
    lost = (Text(str(each.silent_losses), style="bold") for each in found)
    rows += [(Text("silent losses", style="bold"), *lost), ("of facts judged", *(each.judged for each in found))]
    print_matrix("What each tracker keeps by itself", "fact", [each.tracker for each in found], rows)
    console.print(_legend())
    console.print("The evidence of one: taximeter verdicts TRACKER --fact N", style="dim")


def _mark(finding: Finding) -> Text:
    """Return a glyph; a loss that nobody was told of stands out."""
    style = "bold white on red" if finding.is_silent_loss else _STYLES[finding.verdict]
    return Text(f" {finding.verdict.glyph}{'!' if finding.is_silent_loss else ' '}", style=style)


def _legend() -> Text:
    legend = Text()
    for verdict in Verdict:
        legend.append(f"{verdict.glyph} ", style=_STYLES[verdict]).append(f"{verdict}   ")
    return legend.append(" ○!", style="bold white on red").append(" lost in silence")


def _print_evidence(found: Sequence[TrackerVerdicts]) -> None:
    for verdicts in found:
        for finding in verdicts.findings:
            console.print(plain(f"{verdicts.tracker} {verdicts.version or ''}".strip()), style="bold")
            for name, text in _evidence(finding, verdicts.issues.get(str(finding.fact), "")):
                console.print(Text(f"  {name:<9}", style="dim").append(plain(text)))


def _evidence(finding: Finding, issue: str) -> list[tuple[str, Any]]:
    told = "in silence" if finding.is_silent_loss else ""
    verdict = f"{finding.verdict.glyph} {finding.verdict} {told}".rstrip()
    lines = [("fact", f"{finding.fact} {finding.name}: {finding.sentence}"), ("verdict", verdict)]
    lines += [("written", finding.written), ("read", finding.read), ("reason", finding.reason)]
    lines += [("said", line) for line in finding.said] + [("issue", issue)]
    return [(name, text) for name, text in lines if text]
