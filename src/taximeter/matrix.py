"""The table of features by tracker, made of what the trackers declare.

``python -m taximeter.matrix FILE`` writes it into a Markdown file, between two lines ``<!-- matrix -->``.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from taximeter.plugins import installed, load
from taximeter.tracker import Feature, Tracker


def capability_matrix(trackers: Iterable[type[Tracker]]) -> str:
    """Return the table as Markdown: ● for what a tracker does by itself, – for what only our record keeps."""
    columns = list(trackers)
    lines = [
        f"| by itself | {' | '.join(tracker.name for tracker in columns)} |",
        f"|---|{':-:|' * len(columns)}",
    ]
    for feature in Feature:
        marks = ("●" if feature in tracker.features else "–" for tracker in columns)
        lines.append(f"| {feature} | {' | '.join(marks)} |")
    return "\n".join(lines)


def main() -> None:
    """Renew the table in the file that is named."""
    file = Path(sys.argv[1])
    table = capability_matrix(load(name) for name in installed())
    mark = "<!-- matrix -->"
    file.write_text(re.sub(f"{mark}.*{mark}", f"{mark}\n{table}\n{mark}", file.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main()
