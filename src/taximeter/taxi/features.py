"""The course's two features, encoded as scikit-learn's DictVectorizer encodes them, but by whole columns.

A trip is ``PU_DO``, the text ``<pickup zone>_<dropoff zone>``, and ``trip_distance``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from taximeter.taxi.trips import MISSING, Trips

PAIR = "PU_DO"
DISTANCE = "trip_distance"
NO_ZONE = "null"
"""A missing zone is a category of its own, as in ``null_75``."""

UNSEEN = -1


class Encoder:
    """What the training trips taught about pairs of zones.

    Attributes:
        pairs: the pairs in the order of their columns, which is the order of their text.
    """

    def __init__(self, trips: Trips) -> None:
        """Learn the pairs of the training trips."""
        self._zones = pd.Index(pd.unique(np.concatenate([trips.pickup_zone, trips.dropoff_zone])))
        found = pd.unique(self._keys(trips))
        texts = [self._text(key) for key in found.tolist()]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        self.pairs = [texts[place] for place in order]
        self._known = pd.Index(found[order])

    @property
    def feature_names(self) -> list[str]:
        """The columns' names as DictVectorizer gives them."""
        return [*(f"{PAIR}={pair}" for pair in self.pairs), DISTANCE]

    def codes(self, trips: Trips) -> npt.NDArray[np.int64]:
        """Return each trip's column of its pair, (n,) int64, `UNSEEN` for a pair that training did not hold."""
        codes: npt.NDArray[np.int64] = self._known.get_indexer(pd.Index(self._keys(trips))).astype(np.int64)
        return codes

    def sparse(self, trips: Trips) -> csr_matrix:
        """Return what DictVectorizer returns, zero distances stored and all, but with int32 indices.

        Returns:
            (n, pairs + 1) CSR matrix of float64: 1 in the column of the pair, miles in the last column.
        """
        codes = self.codes(trips)
        seen = codes != UNSEEN
        starts = np.zeros(len(trips) + 1, np.int32)
        np.cumsum(seen + 1, out=starts[1:])
        indices = np.full(starts[-1], len(self.pairs), np.int32)
        values = np.empty(starts[-1])
        pair_places = starts[:-1][seen]
        indices[pair_places] = codes[seen]
        values[pair_places] = 1
        values[starts[1:] - 1] = trips.distance
        return csr_matrix((values, indices, starts), shape=(len(trips), len(self.pairs) + 1))

    def dense(self, trips: Trips) -> npt.NDArray[np.float64]:
        """Return (n, 2) float64: the pair's code and the miles; 16 bytes a trip, however many pairs there are."""
        return np.column_stack([self.codes(trips).astype(np.float64), trips.distance])

    def as_sparse_step(self) -> ColumnTransformer:
        """Return a fitted scikit-learn step that turns a `frame` into the columns of `sparse`."""
        pairs = OneHotEncoder(categories=[self._categories()], handle_unknown="ignore")
        return _fitted_step(pairs, self.pairs[0], sparse_threshold=1.0)

    def as_dense_step(self) -> ColumnTransformer:
        """Return a fitted scikit-learn step that turns a `frame` into the columns of `dense`."""
        unseen = {"handle_unknown": "use_encoded_value", "unknown_value": UNSEEN}
        return _fitted_step(OrdinalEncoder(categories=[self._categories()], **unseen), self.pairs[0])

    def _categories(self) -> npt.NDArray[np.object_]:
        return np.array(self.pairs, dtype=object)

    def _keys(self, trips: Trips) -> npt.NDArray[np.int64]:
        """Return one integer a pair, `UNSEEN` where training did not hold a zone."""
        pickup = self._zones.get_indexer(pd.Index(trips.pickup_zone)).astype(np.int64)
        dropoff = self._zones.get_indexer(pd.Index(trips.dropoff_zone)).astype(np.int64)
        return np.where((pickup < 0) | (dropoff < 0), UNSEEN, pickup * len(self._zones) + dropoff)

    def _text(self, key: int) -> str:
        pickup, dropoff = divmod(key, len(self._zones))
        return f"{_zone_text(self._zones[pickup])}_{_zone_text(self._zones[dropoff])}"


def frame(trips: Trips) -> pd.DataFrame:
    """Return the two features as the saved model takes them: `PU_DO` as text and `trip_distance` in miles."""
    pairs = _zone_texts(trips.pickup_zone) + "_" + _zone_texts(trips.dropoff_zone)
    return pd.DataFrame({PAIR: pairs, DISTANCE: trips.distance})


def _zone_texts(zones: npt.NDArray[np.int64]) -> pd.Series:
    codes, found = pd.factorize(zones)
    return pd.Series([_zone_text(zone) for zone in found.tolist()]).take(codes).reset_index(drop=True)


def _zone_text(zone: Any) -> str:
    return NO_ZONE if zone == MISSING else str(zone)


def _fitted_step(pairs: Any, example: str, **settings: Any) -> ColumnTransformer:
    step = ColumnTransformer([("pair", pairs, [PAIR]), ("distance", "passthrough", [DISTANCE])], **settings)
    return step.fit(pd.DataFrame({PAIR: [example], DISTANCE: [1.0]}))
