"""The matrix of what came back bit for bit counts facts, in every part of the run."""

import pytest
from report_cases import make_tracker

from taximeter.diff import Difference
from taximeter.native import NativePart, fact_of, part_of
from taximeter.report.exact import exact_matrix

PARTS = [NativePart(part, 6, 6, 0, 0, 0, ()) for part in ("run", "params", "metrics", "datasets")]


@pytest.mark.parametrize(
    ("paths", "part", "text"),
    [
        (["ended"], "run", "5/6"),
        (["notes[0]", "notes[1]", "status"], "run", "3/6"),
        (["params['a.b'][0]", "params['a.b'][1]"], "params", "5/6"),
        (["params['it\\'s'][0]", 'params["it"]'], "params", "4/6"),
        (["metrics['loss'][3].value", "metrics['loss'][3].step"], "metrics", "5/6"),
        (["datasets[0]['name']", "datasets[0]['rows']"], "datasets", "5/6"),
    ],
)
def test_differences_of_one_fact_count_once(paths: list[str], part: str, text: str) -> None:
    """All other parts are whole."""
    differences = [Difference(path, "1", "2") for path in paths]
    tracker = make_tracker("csv", native=PARTS, differences=differences, equal=False)
    matrix = exact_matrix([tracker])
    assert matrix
    assert {name: marks[0].text for name, marks in matrix.rows} == {each.part: "6" for each in PARTS} | {
        part: text
    }


@pytest.mark.parametrize(
    ("path", "part", "fact"),
    [
        ("started", "run", "started"),
        ("notes[2]", "run", "notes[2]"),
        ("params['a][b'][1]['c']", "params", "params['a][b']"),
        ("source['commit']", "source", "source['commit']"),
        ("metrics['x'].points", "metrics", "metrics['x']"),
        ("metrics['x'][2].step (and 3 more)", "metrics", "metrics['x']"),
        ("metrics['x'][2].time (and 3 more)", "metric times", "metrics['x']"),
        ("metrics['[0].time']", "metrics", "metrics['[0].time']"),
    ],
)
def test_a_path_tells_its_fact_and_its_part(path: str, part: str, fact: str) -> None:
    """Whatever a name holds."""
    assert (part_of(path), fact_of(path)) == (part, fact)
