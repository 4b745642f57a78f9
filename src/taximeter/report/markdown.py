"""The report as Markdown: tables of GitHub's flavour, in which no value can break out of its cell."""

import re
from collections.abc import Iterable
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from taximeter.report.context import Report
from taximeter.report.fates import MEANINGS as FATES
from taximeter.report.matrix import VERDICTS, Evidence, Mark, Matrix, is_absent
from taximeter.report.model_figures import MODEL_FIGURES
from taximeter.report.needs import MEANINGS as NEEDS
from taximeter.report.needs import NeedsTable
from taximeter.report.tables import Cell, Table
from taximeter.report.text import visible
from taximeter.report.verdicts import VerdictEvidence, VerdictMatrix

_PUNCTUATION: Final = re.compile(r"[\\`*\[\]<>|~&$#@]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK: Final = re.compile(r"^(\d*)(?=[-+=.)](?:\s|[-=]*$))")
"""The place for a backslash in text that would begin a list, a rule or a heading."""


class _Done(str):
    """Text that is Markdown already."""

    __slots__ = ()


def render_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    environment = Environment(
        loader=PackageLoader("taximeter.report"),
        autoescape=False,  # noqa: S701 - it makes no HTML, and `finalize` escapes
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("report.md.j2")
    return template.render(
        it=report,
        ways=report.ways,
        model_figures=[name for name in report.figures if name.startswith(MODEL_FIGURES)],
        needs=_needs,
        need_meanings=NEEDS,
        fate_meanings=FATES,
        glyphs={name: glyph for name, (glyph, _) in VERDICTS.items()},
        table=_table,
        matrix=_matrix,
        flaws=_flaws,
        verdicts=_verdicts,
        evidence=_evidence,
        code=_code,
        fence=_fence,
    )


def _escaped(value: Any) -> Any:
    return value if isinstance(value, _Done) or not isinstance(value, str) else _text(value)


def _text(value: str) -> _Done:
    """Return words in which nothing is markup."""
    plain = _PUNCTUATION.sub(_backslash, visible(value))
    return _Done(_BLOCK.sub(r"\1\\", plain))


def _backslash(found: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")


def _code(value: str) -> _Done:
    """Return a code span that may stand in a table."""
    plain = visible(value)
    if not plain.strip():
        return _text(plain)
    ticks = "`" * (1 + _longest_run(plain))
    space = " " if plain[0] in "` " or plain[-1] in "` " else ""
    return _Done(f"{ticks}{space}{plain}{space}{ticks}".replace("|", "\\|"))


def _fence(value: str, language: str = "") -> _Done:
    """Return a block of code."""
    ticks = "`" * max(3, 1 + _longest_run(value))
    lines = "\n".join(map(visible, value.splitlines()))
    return _Done(f"{ticks}{language}\n{lines}\n{ticks}")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _table(table: Table) -> _Done:
    """Return a table with its caption before it, and its note and the problems of its cells after it."""
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    problems = _problems(
        (", ".join(head.text for head in row[: table.heads]), column, cell.problem)
        for row in table.rows
        for column, cell in zip(table.columns[table.heads :], row[table.heads :], strict=True)
        if cell.kind == "number" or cell.problem
    )
    parts = [f"{_text(table.caption)}:", _grid(table.columns, rows, table.numeric), _text(table.note), problems]
    return _Done("\n\n".join(filter(None, parts)))


def _problems(cells: Iterable[tuple[str, str, str]]) -> str:
    """Return what a page says on hover as a list, given row, column and problem of each cell; most have none."""
    found: dict[str, dict[str, list[str]]] = {}
    for row, column, problem in cells:
        found.setdefault(row, {}).setdefault(problem, []).append(column)
    lines = [
        f"{row}: {problem}" if len(problems) == 1 else f"{row} ({'; '.join(columns)}): {problem}"
        for row, problems in found.items()
        for problem, columns in problems.items()
        if problem
    ]
    return "\n".join(f"- {_text(line)}" for line in lines)


def _matrix(matrix: Matrix) -> _Done:
    """Return a matrix, and below it what is behind its cells."""
    rows = [[_text(name), *map(_mark, marks)] for name, marks in matrix.rows]
    return _Done(_grid([matrix.head, *matrix.trackers], rows, [False] * (1 + len(matrix.trackers))))


def _flaws(matrix: Matrix) -> _Done:
    """Return what speaks against the cells of a matrix, by tracker."""
    return _Done(
        _problems(
            (tracker, row, marks[place].problem)
            for place, tracker in enumerate(matrix.trackers)
            for row, marks in matrix.rows
        )
    )


def _needs(table: NeedsTable, way: str) -> _Done:
    """Return the needs by trackers on one way."""
    glyphs = {style: glyph for style, glyph, _ in NEEDS}
    rows = [
        [_text(need.name), *(_Done(f"{glyphs[mark.verdict]} {_text(mark.text)}".strip()) for mark in marks[way])]
        for need, marks in table.rows
    ]
    return _Done(_grid(["need", *table.trackers], rows, [False] * (1 + len(table.trackers))))


def _verdicts(matrix: VerdictMatrix) -> _Done:
    """Return the verdicts, a row for each fact; silent losses are bold."""
    rows = [[_text("lost in silence"), *(_text(f"{each.score} of {each.judged}") for each in matrix.columns)]]
    for _, facts in matrix.themes:
        rows += [[_text(f"{row.number} {row.name}"), *map(_verdict, row.cells)] for row in facts]
    head = ["fact", *(column.name for column in matrix.columns)]
    return _Done(_grid(head, rows, [False] * len(head)))


def _verdict(cell: VerdictEvidence | None) -> _Done:
    if cell is None:
        return _Done("")
    glyph = cell.finding.verdict.glyph
    return _Done(f"**{glyph}**" if cell.finding.is_silent_loss else glyph)


def _evidence(evidence: Evidence) -> _Done:
    """Return what was logged beside what came back."""
    rows = [[_code(each.path), _code(each.left), _side(each.right)] for each in evidence.examples]
    grid = _grid(["where", "logged", "came back"], rows, [False] * 3)
    return _Done(f"{_text(evidence.title)} ({_text(evidence.sentences[0].rstrip('.'))}):\n\n{grid}")


def _side(text: str) -> _Done:
    return _text("absent") if is_absent(text) else _code(text)


def _grid(head: list[str], rows: list[list[_Done]], right: list[bool]) -> str:
    if not rows:
        return "There is none."
    rules = [_Done("---:" if is_right else "---") for is_right in right]
    lines = [list(map(_text, head)), rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Cell) -> _Done:
    glyph = f"{VERDICTS[cell.verdict][0]} " if cell.verdict else ""
    if cell.kind == "code":
        return _code(cell.text)
    if cell.kind == "number":
        return _text(cell.text.strip("\u2007\u2008"))
    return _Done(f"{glyph}{_text(cell.text)}")


def _mark(mark: Mark) -> _Done:
    return _Done(f"{mark.glyph} {_text(mark.text)}".strip())
