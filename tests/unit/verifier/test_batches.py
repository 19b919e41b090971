"""Are a job's signatures spread over calls as they should be?"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.verifier.batches import Measure, halves, plan
from shared.persistence.job import JobContent

SIZES = st.lists(st.integers(min_value=1, max_value=200), max_size=60)


def contents(count: int) -> list[JobContent]:
    return [JobContent(position=position, ref=f"sha256:{position:064x}") for position in range(count)]


@given(SIZES, st.integers(1, 10), st.integers(1, 300))
def test_every_content_is_in_one_batch_in_order_and_no_batch_is_too_large(
    sizes: list[int], count: int, size: int
) -> None:
    items = contents(len(sizes))
    batches = list(plan(zip(items, sizes, strict=True), Measure(count, size)))
    assert [item for batch in batches for item in batch] == items
    for batch in batches:
        assert 1 <= len(batch) <= count
        assert len(batch) == 1 or sum(sizes[item.position] for item in batch) <= size


@given(SIZES, st.integers(1, 10), st.integers(1, 300))
def test_no_batch_could_have_taken_the_first_content_of_the_next(sizes: list[int], count: int, size: int) -> None:
    batches = list(plan(zip(contents(len(sizes)), sizes, strict=True), Measure(count, size)))
    for batch, following in pairwise(batches):
        both = [*batch, following[0]]
        assert len(both) > count or sum(sizes[item.position] for item in both) > size


def test_each_failure_before_makes_the_batches_a_quarter_down_to_single_signatures() -> None:
    measure = Measure(50, 1000)
    assert [measure.after(failures).count for failures in (0, 1, 2, 3, 99)] == [50, 12, 3, 1, 1]
    assert measure.after(3).size == 1000


def test_halves_share_a_batch() -> None:
    items = tuple(contents(5))
    assert halves(items) == (items[:2], items[2:])
    assert halves(items[:2]) == (items[:1], items[1:2])
