"""The encoder equals scikit-learn's DictVectorizer, and the saved step equals the encoder."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer

from taximeter.taxi.features import UNSEEN, Encoder, frame
from taximeter.taxi.trips import Trips

Row = tuple[int | None, int | None, float]
MakeTrips = Callable[[Sequence[Row]], Trips]

# Few zones, so that pairs repeat and some are unseen; 1 and 11 sort as text, not as numbers.
_ZONES = st.sampled_from([1, 2, 11, 74, 265, -3, 2**40, None])
_MILES = st.one_of(st.sampled_from([0.0, -0.0, 1.5, 84731.57]), st.floats(allow_nan=False, allow_infinity=False))
_ROWS = st.lists(st.tuples(_ZONES, _ZONES, _MILES), min_size=1, max_size=40)


def _records(rows: Sequence[Row]) -> list[dict[str, str | float]]:
    """Return what the course gives to DictVectorizer."""
    texts = [[str(zone).replace("None", "null") for zone in row[:2]] for row in rows]
    return [
        {"PU_DO": "_".join(text), "trip_distance": miles} for text, (_, _, miles) in zip(texts, rows, strict=True)
    ]


@settings(deadline=None)
@given(train=_ROWS, other=_ROWS)
def test_the_matrix_is_that_of_dict_vectorizer(train: list[Row], other: list[Row], make_trips: MakeTrips) -> None:
    """Names, order, values and even stored zeros agree, for training trips and for others with unseen pairs."""
    vectorizer = DictVectorizer()
    expected = [vectorizer.fit_transform(_records(train)), vectorizer.transform(_records(other))]
    encoder = Encoder(make_trips(train))
    assert encoder.feature_names == vectorizer.get_feature_names_out().tolist()
    for rows, matrix in zip((train, other), expected, strict=True):
        ours = encoder.sparse(make_trips(rows))
        assert ours.shape == matrix.shape
        assert [part.dtype.name for part in (ours, ours.indices, ours.indptr)] == ["float64", "int32", "int32"]
        np.testing.assert_array_equal(ours.indptr, matrix.indptr)
        np.testing.assert_array_equal(ours.indices, matrix.indices)
        np.testing.assert_array_equal(ours.data, matrix.data)


@settings(deadline=None, max_examples=40)
@given(train=_ROWS, other=_ROWS)
def test_a_saved_step_encodes_like_the_encoder(train: list[Row], other: list[Row], make_trips: MakeTrips) -> None:
    """The scikit-learn steps make the same columns from text and miles as the encoder makes from arrays."""
    encoder, trips = Encoder(make_trips(train)), make_trips(other)
    sparse = encoder.as_sparse_step().transform(frame(trips))
    dense_of = getattr(sparse, "toarray", lambda: sparse)  # scikit-learn returns a full matrix as an array
    np.testing.assert_array_equal(dense_of(), encoder.sparse(trips).toarray())
    np.testing.assert_array_equal(encoder.as_dense_step().transform(frame(trips)), encoder.dense(trips))


def test_unseen_pairs_are_counted_not_encoded(make_trips: MakeTrips) -> None:
    """A pair is unseen even where training knew both of its zones, in other pairs or in the other direction."""
    encoder = Encoder(make_trips([(1, 2, 1.0), (3, 4, 1.0), (None, 2, 1.0)]))
    others = make_trips([(1, 2, 1.0), (2, 1, 1.0), (1, 4, 1.0), (9, 9, 1.0), (None, 2, 1.0), (None, None, 1.0)])
    assert (encoder.codes(others) == UNSEEN).tolist() == [False, True, True, True, False, True]
    assert encoder.sparse(others).nnz == 6 + 2


def test_a_null_zone_is_a_category_of_its_own(make_trips: MakeTrips) -> None:
    """It has a column, and a text that no zone has."""
    trips = make_trips([(None, 75, 1.0), (74, None, 2.0)])
    assert Encoder(trips).feature_names == ["PU_DO=74_null", "PU_DO=null_75", "trip_distance"]
    assert frame(trips)["PU_DO"].tolist() == ["null_75", "74_null"]


def test_the_dense_form_does_not_grow_with_the_pairs(make_trips: MakeTrips) -> None:
    """Trees get two numbers a trip: the pair's place among the sorted pairs, and the miles."""
    trips = make_trips([(1, 2, 0.5), (1, 10, 1.5), (1, 2, 2.5)])
    assert Encoder(trips).dense(trips).tolist() == [[1.0, 0.5], [0.0, 1.5], [1.0, 2.5]]


@pytest.mark.parametrize("rows", [1, 7])
def test_an_encoder_of_one_pair_works(rows: int, make_trips: MakeTrips) -> None:
    """The smallest training set has two columns."""
    trips = make_trips([(74, 75, 2.0)] * rows)
    assert Encoder(trips).sparse(trips).toarray().tolist() == [[1.0, 2.0]] * rows
