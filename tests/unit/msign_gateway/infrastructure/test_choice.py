from __future__ import annotations

import pytest

from msign_gateway.infrastructure.choice import FORCE, Machine, Origin, choose
from msign_gateway.infrastructure.errors import InfrastructureError

EVERYTHING = Machine(installed=True, installable=True, docker=True)
NOTHING = Machine(installed=False, installable=False, docker=False)


def chosen(machine: Machine, **environment: str) -> Origin:
    return choose("RabbitMQ", "AMQP_URL", environment, machine)


def test_a_given_url_comes_before_everything_else():
    assert chosen(EVERYTHING, AMQP_URL="amqp://there", MSIGN_INFRASTRUCTURE="containers") == Origin.GIVEN


def test_an_empty_url_is_not_given():
    assert chosen(EVERYTHING, AMQP_URL="") == Origin.NATIVE


@pytest.mark.parametrize(
    "machine", [Machine(installed=True, installable=False, docker=True), Machine(False, True, True)]
)
def test_native_comes_before_containers(machine: Machine):
    assert chosen(machine) == Origin.NATIVE


def test_containers_are_used_where_nothing_can_be_installed():
    assert chosen(Machine(installed=False, installable=False, docker=True)) == Origin.CONTAINERS


def test_containers_can_be_forced():
    assert chosen(EVERYTHING, **{FORCE: "containers"}) == Origin.CONTAINERS


def test_forced_native_without_a_way_is_refused():
    with pytest.raises(InfrastructureError, match="MSIGN_INFRASTRUCTURE=native rules out"):
        chosen(Machine(installed=False, installable=False, docker=True), **{FORCE: "native"})


def test_forced_containers_without_docker_are_refused():
    with pytest.raises(InfrastructureError, match="MSIGN_INFRASTRUCTURE=containers rules out"):
        chosen(Machine(installed=True, installable=True, docker=False), **{FORCE: "containers"})


def test_no_way_at_all_names_the_ways():
    with pytest.raises(InfrastructureError, match="set AMQP_URL, or install RabbitMQ"):
        chosen(NOTHING)


def test_an_unknown_way_is_refused():
    with pytest.raises(InfrastructureError, match="must be native or containers"):
        chosen(EVERYTHING, **{FORCE: "magic"})
