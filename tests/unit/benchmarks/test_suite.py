"""Everything fits into a quarter of an hour, and the quick form measures what the guard compares."""

from benchmarks.cases import Case, Role
from benchmarks.signing.contenders import peers
from benchmarks.suite import BENCHES, SHARES_S, guarded


async def nothing():
    return {"signatures_per_cpu_s": 1.0}


def case(setting, role):
    return Case("verifying", setting, "somebody", role, "signatures_per_cpu_s", nothing)


def test_all_benchmarks_together_take_a_quarter_of_an_hour():
    assert set(SHARES_S) == set(BENCHES)
    assert sum(SHARES_S.values()) <= 15 * 60


def test_the_quick_form_leaves_out_what_has_no_ratio_of_costs():
    kept = [case("PDF, 1 signature", Role.OURS), case("PDF, 1 signature", Role.PEER)]
    others = [
        case("PDF, 1 signature", Role.FLOOR),
        case("PDF, 20 signatures", Role.OURS),
        case("PDF, worker processes", Role.OURS),
    ]
    assert guarded([*kept, *others]) == kept


def test_frameworks_are_peers_only_where_they_are_asked_for():
    names = [one.name for one in peers([20], frameworks=False)]
    assert names == ["aio-pika, zeep, asyncpg, prefetch 20"]
    assert len(peers([20])) == 2
