"""The facts as a document: ``python -m taximeter.verdicts.document docs/facts.md``."""

import sys
from itertools import groupby
from pathlib import Path

from taximeter.verdicts.catalogue import FACTS
from taximeter.verdicts.facts import Fact
from taximeter.verdicts.judge import shorten
from taximeter.verdicts.results import Verdict
from taximeter.verdicts.undo import WORDS

_HEAD = """# The facts

`taximeter verdicts` writes each of these facts with a tracker's own documented API, reads it back from the store
in another process, and says what became of it.
Taximeter's exact record takes no part: this is what the tracker keeps by itself.
This page is made of the facts in `src/taximeter/verdicts/catalogue/`; `make facts` renews it.

## Verdicts
"""

_RULES = """
A verdict is about the value in its type: `1`, `1.0` and `'1'` are three values, and so are `0.0` and `-0.0`.

A change is **without loss** if what was written can be computed from what was read.
The computation is a function that the fact names before anything is written; it is given what was read and nothing
else, so it knows the kind of the value (a number, a name) and not the value.
`0.1` that comes back as the text `'0.1'` is changed without loss; that `1` and `'1'` can then no longer be told
apart is a loss, and a fact of its own.

A change or loss was **told** if there was a warning, a log record of a warning or worse, or a printed line with a
word of warning, that a run without the fact does not cause; warnings to developers of what is to go do not count.
The **silent-loss score** of a tracker is the number of facts that were dropped or changed with loss, and not told.

Every fact has a run of its own, and all facts of a tracker share a store; they share a process too, unless the
vendor takes one for each run or waits for seconds as a run ends.
A fact that hangs or kills its process costs itself only: the facts after it get a new process and a new store.
`unsupported` says whose gap it is: *not theirs* (the tracker has no such thing), *not yet ours* (nobody has
written the call or the reader), or *never*.

A tracker without a vendor (a spreadsheet, a Git repository) is written with taximeter's own interface and adapter.
"""

_COLUMNS = "| | fact | what is written, and when it is kept | undone by |"


def document() -> str:
    """Return the facts in Markdown."""
    lines = [_HEAD]
    lines += [f"- {verdict.glyph} **{verdict}**: {verdict.meaning}." for verdict in Verdict]
    lines.append(_RULES)
    for theme, facts in groupby(FACTS, key=lambda fact: fact.theme):
        rows = list(facts)
        lines += [f"## {str(theme).capitalize()}", "", _COLUMNS]
        lines += ["|--:|---|---|---|", *map(_row, rows), ""]
    return "\n".join(lines)


def _row(fact: Fact) -> str:
    written = shorten(repr(fact.written), 60).replace("|", "\\|")
    return f"| {fact.number} | {fact.name} | {fact.sentence} `{written}` | {WORDS.get(fact.undo, '–')} |"


def main() -> None:
    """Write the document into the file that is named."""
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
