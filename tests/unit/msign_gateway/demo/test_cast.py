from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.table import Table

from msign_gateway.demo.cast import mandates_of, places_of, table_of
from msign_gateway.demo.mandates import MANDATES
from msign_gateway.demo.people import Person, owner_of
from msign_gateway.demo.show import Show

PEOPLE = (
    Person("Ștefania Exemplu-Modelescu", "2000000000017", "moldsign", "1234", note="certificate expired"),
    Person("Ana Exemplu", "2000000000017", "moldsign", "4321"),
    Person("Ana Exemplu", "2000000000017", "mobile", "5678", msisdn="37369000017"),
    Person(
        "Елена Примерова", "2000000000031", "tax", "cheia-firmei-2026", "Exemplu SRL", key_file=Path("/pki/tax-31.p12")
    ),
)


def printed(width: int, table: Table | None = None) -> list[str]:
    output = io.StringIO()
    Show(Console(file=output, width=width, highlight=False)).print(table or table_of(PEOPLE))
    return output.getvalue().splitlines()


def test_the_table_fits_into_80_columns_and_says_everything():
    lines = printed(80)
    assert max(map(len, lines)) <= 80
    for person in PEOPLE:
        assert any(person.idnp in line and person.pin in line for line in lines)
        assert all(any(word in line for line in lines) for word in person.note.split())


def test_in_a_narrow_terminal_no_personal_number_is_broken():
    lines = printed(60)
    assert max(map(len, lines)) <= 60
    assert all(any(person.idnp in line for line in lines) for person in PEOPLE)


def test_the_table_of_mandates_says_who_may_sign_for_whom():
    lines = printed(80, mandates_of(PEOPLE))
    assert max(map(len, lines)) <= 80
    for one in MANDATES:
        number = one.person or one.organization
        assert any(str(number) in line and str(one.role or "any") in line for line in lines)
    assert any("Ana Exemplu" in line and "organisation" in line for line in lines)


def test_phones_and_key_files_are_where_one_can_go():
    assert list(places_of(PEOPLE, "http://127.0.0.1:8000")) == [
        "phone of Ana Exemplu, 37369000017: http://127.0.0.1:8000/phone/37369000017",
        "key file of Елена Примерова: /pki/tax-31.p12",
    ]


def test_an_address_is_never_broken_over_lines():
    output = io.StringIO()
    (line, _) = places_of(PEOPLE, "http://127.0.0.1:8000")
    Show(Console(file=output, width=30, highlight=False)).line(line)
    assert line in output.getvalue()


def test_who_signs_has_a_good_certificate():
    assert owner_of("moldsign", PEOPLE) == PEOPLE[1]
    assert owner_of("securesign", PEOPLE) is None
