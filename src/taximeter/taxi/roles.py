"""The months of an experiment, read for the roles that they play."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from taximeter.errors import InputError
from taximeter.taxi.describe import MonthReport, load_month
from taximeter.taxi.leak import check_leaks
from taximeter.taxi.months import find_months
from taximeter.taxi.trips import Trips, concat_trips

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class RoleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one role's months hold together; `unseen` trips have a pair of zones that training did not."""

    months: list[MonthReport]
    rows: int
    kept: int
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Roles:
    """The trips of every role, what is known of them, and the leaks that were allowed."""

    trips: dict[str, Trips]
    reports: dict[str, RoleReport]
    leaks: list[str]

    @property
    def kind(self) -> str:
        """Where the trips come from, such as ``NYC TLC`` or ``synthetic sample``."""
        return " and ".join(sorted({month.kind for role in self.reports.values() for month in role.months}))

    @property
    def colour(self) -> str:
        """The colours that the months have."""
        return " and ".join(sorted({month.colour for role in self.reports.values() for month in role.months}))


def load_roles(
    named: Mapping[str, Sequence[str]],
    *,
    data: str | None,
    colour: str,
    max_distance: float | None,
    allow_leak: bool,
) -> Roles:
    """Find and read the months of every role, and compare each with each.

    Args:
        named: the months of `train`, `validation` and, if not empty, `test`.
        data: as for `taximeter.taxi.months.find_months`.
        colour: as for `find_months`.
        max_distance: miles; longer trips are left out of every role.
        allow_leak: go on where the same trips play two roles.

    Raises:
        InputError: a month cannot be found or read, or the same trips play two roles.
    """
    for role in (TRAIN, VALIDATION):
        if not named.get(role):
            raise InputError(f"the {role} months are missing: give at least one, such as 2025-01.")
    pairs = [(role, name) for role, names in named.items() for name in names]
    months = find_months([name for _, name in pairs], data=data, colour=colour)
    loaded = [load_month(month, max_distance) for month in months]
    labels = [f"{role} {part[2].label}" for (role, _), part in zip(pairs, loaded, strict=True)]
    prints = [replace(part[2], label=label) for label, part in zip(labels, loaded, strict=True)]
    leaks = check_leaks(prints, allow=allow_leak)
    parts: dict[str, list[tuple[MonthReport, Trips]]] = {}
    for (role, _), (report, trips, _print) in zip(pairs, loaded, strict=True):
        parts.setdefault(role, []).append((report, trips))
    return Roles(
        {role: concat_trips([trips for _, trips in months]) for role, months in parts.items()},
        {role: _report([report for report, _ in months]) for role, months in parts.items()},
        leaks,
    )


def _report(months: list[MonthReport]) -> RoleReport:
    return RoleReport(
        months=months, rows=sum(month.rows for month in months), kept=sum(month.kept for month in months)
    )
