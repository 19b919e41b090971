"""The environment of one service among all of them."""

from msign_gateway.commands.serve import own_environment


def test_a_variable_with_the_services_name_in_front_stands_for_the_plain_one(monkeypatch):
    monkeypatch.setenv("OPS_PORT", "9000")
    monkeypatch.setenv("VERIFIER_OPS_PORT", "9003")
    assert own_environment("verifier")["OPS_PORT"] == "9003"
    assert own_environment("sign_gateway")["OPS_PORT"] == "9000"
