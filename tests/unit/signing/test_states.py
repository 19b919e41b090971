"""The transition function: every command ends once, and final states stay."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Bug
from shared.signing.states import FINAL, Cause, Kind, State, transition


@pytest.mark.parametrize(("kind", "state", "cause"), list(itertools.product(Kind, sorted(FINAL), Cause)))
def test_a_final_state_is_never_left(kind, state, cause):
    with pytest.raises(Bug):
        transition(kind, state, cause)


@given(kind=st.sampled_from(list(Kind)), causes=st.lists(st.sampled_from(list(Cause)), max_size=40))
def test_no_order_of_causes_ends_a_job_twice(kind, causes):
    state, ends = State.RECEIVED, 0
    for cause in causes:
        try:
            state = transition(kind, state, cause)
        except Bug:
            continue
        ends += state in FINAL
    assert ends == (1 if state in FINAL else 0)


def test_a_lost_claim_goes_back_to_where_it_was_claimed():
    for kind in Kind:
        claimed = transition(kind, State.RECEIVED, Cause.CLAIM)
        assert transition(kind, claimed, Cause.LOST_CLAIM) is State.RECEIVED


def test_a_verification_never_expires():
    for state in State:
        with pytest.raises(Bug):
            transition(Kind.VERIFICATION, state, Cause.DEADLINE)
