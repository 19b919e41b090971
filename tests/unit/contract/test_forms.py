from shared.contract.forms import read_form


def test_names_are_matched_without_regard_to_case():
    pairs = [("RETURNURL", "https://a"), ("relaystate", "ș"), ("Msisdn", "373"), ("LANG", "ru"), ("requestid", "1")]
    assert read_form(pairs) == {
        "ReturnUrl": "https://a", "RelayState": "ș", "MSISDN": "373", "lang": "ru", "RequestID": "1",
    }  # fmt: skip


def test_the_first_of_equal_parameters_counts_and_unknown_ones_do_not():
    assert read_form([("Instrument", "tax"), ("instrument", "mobile"), ("x", "y")]) == {"Instrument": "tax"}
