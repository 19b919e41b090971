"""How does one attack the timestamps of a XAdES signature? As in `xades`, with a document that has one."""

from __future__ import annotations

import copy
from typing import Any

from tests.attacks.xades import ATTACKS, DS, XADES, attack


@attack("timestamp")
def a_signature_timestamp_passed_off_as_an_archive_timestamp(root: Any) -> Any:
    stamp = next(root.iter(XADES + "SignatureTimeStamp"))
    stamp.tag = XADES + "ArchiveTimeStamp"
    return root


@attack("timestamp")
def a_signature_timestamp_repeated_as_one_over_references(root: Any) -> Any:
    stamp = next(root.iter(XADES + "SignatureTimeStamp"))
    again = copy.deepcopy(stamp)
    again.tag = XADES + "RefsOnlyTimeStamp"
    stamp.getparent().append(again)
    return root


@attack("timestamp")
def a_timestamp_cut_short(root: Any) -> Any:
    token = next(root.iter(XADES + "EncapsulatedTimeStamp"))
    token.text = token.text[:400]
    return root


@attack("timestamp")
def a_timestamp_without_a_token(root: Any) -> Any:
    token = next(root.iter(XADES + "EncapsulatedTimeStamp"))
    token.getparent().remove(token)
    return root


@attack("timestamp")
def a_timestamp_whose_signature_is_broken(root: Any) -> Any:
    token = next(root.iter(XADES + "EncapsulatedTimeStamp"))
    token.text = token.text[:-24] + "A" * 20 + token.text[-4:]
    return root


@attack("timestamp")
def the_signature_value_under_another_id(root: Any) -> Any:
    next(root.iter(DS + "SignatureValue")).set("Id", "other")
    return root


@attack("timestamp")
def doubled_unsigned_properties(root: Any) -> Any:
    unsigned = next(root.iter(XADES + "UnsignedProperties"))
    unsigned.getparent().append(copy.deepcopy(unsigned))
    return root


@attack("timestamp")
def a_hundred_timestamps(root: Any) -> Any:
    stamp = next(root.iter(XADES + "SignatureTimeStamp"))
    for _ in range(100):
        stamp.getparent().append(copy.deepcopy(stamp))
    return root


ON_TIMESTAMPS = [name for name, one in ATTACKS.items() if one.axis == "timestamp"]
