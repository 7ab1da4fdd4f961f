import numpy as np
from lianju.export.verify import top_k


def test_ties_go_to_the_lower_index_at_the_cut_too():
    values, index = top_k(np.array([[1.0, 3.0, 2.0, 3.0, 2.0, 2.0]]), 3)
    assert index.tolist() == [[1, 3, 2]]
    assert values.tolist() == [[3.0, 3.0, 2.0]]


def test_many_ties():
    values = np.random.default_rng(3).integers(0, 3, (4, 300)).astype(np.float32)
    for row, index in zip(values, top_k(values, 200)[1], strict=True):
        assert index.tolist() == sorted(range(300), key=lambda i, row=row: (-row[i], i))[:200]


def test_fewer_allowed_than_asked():
    values, index = top_k(np.array([[-np.inf, -1.0, -np.inf]]), 2)
    assert index.tolist() == [[1, 0]]
    assert values.tolist() == [[-1.0, -np.inf]]


def test_nan_shows():
    values, _ = top_k(np.array([[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]]), 2)
    assert np.isnan(values[0]).all()
    assert values[1].tolist() == [3.0, 2.0]
