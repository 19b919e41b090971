"""How does one attack a XAdES signature? Each attack is a name and a change to the tree of a good document."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Attack:
    """A change of the root element, which returns the new root, and the axis on which it must be refused.

    `elsewhere` tells for which forms another axis shows it.
    """

    change: Change
    axis: str
    elsewhere: dict[str, str]

    def axis_on(self, form: str) -> str:
        return self.elsewhere.get(form, self.axis)


ATTACKS: dict[str, Attack] = {}


def attack(axis: str = "integrity", **elsewhere: str) -> Callable[[Change], Change]:
    """Take a change into the suite, under its own name."""

    def taken(change: Change) -> Change:
        ATTACKS[change.__name__] = Attack(change, axis, elsewhere)
        return change

    return taken


def mounted(name: str, document: bytes) -> bytes:
    """The document after the attack of that name."""
    return bytes(etree.tostring(ATTACKS[name].change(etree.fromstring(document)).getroottree()))


def _signature(root: Any) -> Any:
    return next(root.iter(DS + "Signature"))


def _properties(root: Any) -> Any:
    return next(root.iter(XADES + "SignedProperties"))


def _content_reference(root: Any) -> Any:
    return _signature(root)[0].findall(DS + "Reference")[-1]


def _properties_reference(root: Any) -> Any:
    return _signature(root)[0].find(DS + "Reference")


def _content(root: Any) -> Any:
    """What the last reference leads to."""
    name = _content_reference(root).get("URI").removeprefix("#")
    return root.xpath(f"//*[@Id='{name}']")[0] if name else root


def _doubled_properties(root: Any, attribute: str) -> Any:
    fake = etree.SubElement(_signature(root), DS + "Object")
    fake.append(etree.Element("anything", {attribute: _properties(root).get("Id")}))
    return root


@attack()
def an_object_with_the_id_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, "Id")


@attack()
def a_foreign_attribute_with_the_id_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, WSU + "Id")


@attack()
def an_xml_id_like_that_of_the_properties(root: Any) -> Any:
    return _doubled_properties(root, "{http://www.w3.org/XML/1998/namespace}id")


@attack()
def fake_properties_where_the_signed_ones_stood(root: Any) -> Any:
    signed = _properties(root)
    fake = copy.deepcopy(signed)
    fake.set("Id", "other")
    signed.getparent().replace(signed, fake)
    etree.SubElement(_signature(root), DS + "Object").append(signed)
    return root


@attack()
def a_second_set_of_qualifying_properties(root: Any) -> Any:
    holder = _properties(root).getparent().getparent()
    again = copy.deepcopy(holder)
    for node in again.iter():
        node.attrib.pop("Id", None)
    holder.addprevious(again)
    return root


@attack()
def qualifying_properties_by_reference(root: Any) -> Any:
    holder = etree.SubElement(_signature(root), DS + "Object")
    etree.SubElement(holder, XADES + "QualifyingPropertiesReference", URI="http://example.org/properties.xml")
    return root


@attack()
def an_earlier_signing_time(root: Any) -> Any:
    next(root.iter(XADES + "SigningTime")).text = "2001-01-01T00:00:00Z"
    return root


@attack()
def a_signing_time_split_by_a_comment(root: Any) -> Any:
    node = next(root.iter(XADES + "SigningTime"))
    comment = etree.Comment("x")
    comment.tail = "1" + node.text
    node.text = "2"
    node.append(comment)
    return root


@attack()
def something_beside_the_signed_properties(root: Any) -> Any:
    etree.SubElement(_properties(root).getparent(), XADES + "SignedDataObjectProperties").text = "paid"
    return root


@attack("coverage")
def an_attribute_that_speaks_beside_the_properties(root: Any) -> Any:
    _properties(root).getparent().getparent().set("amount", "1000000")
    return root


@attack("coverage")
def an_empty_object_whose_attribute_speaks(root: Any) -> Any:
    etree.SubElement(_signature(root), DS + "Object", amount="1000000")
    return root


@attack("integrity", base64="coverage")
def an_attribute_that_speaks_on_what_is_signed(root: Any) -> Any:
    _content(root).set("amount", "1000000")
    return root


@attack("integrity", base64="coverage")
def a_style_sheet_inside_of_what_is_signed(root: Any) -> Any:
    _content(root).append(etree.ProcessingInstruction("xml-stylesheet", 'href="evil.xsl"'))
    return root


@attack()
def properties_meant_for_another_signature(root: Any) -> Any:
    _properties(root).getparent().set("Target", "#other")
    return root


@attack()
def the_reference_to_the_properties_taken_out(root: Any) -> Any:
    info = _signature(root)[0]
    info.remove(info.find(DS + "Reference"))
    return root


@attack()
def an_external_style_sheet_among_the_transforms(root: Any) -> Any:
    reference = _content_reference(root)
    steps = reference.find(DS + "Transforms")
    if steps is None:
        steps = etree.Element(DS + "Transforms")
        reference.insert(0, steps)
    etree.SubElement(steps, DS + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    return root


@attack()
def a_hundred_transforms(root: Any) -> Any:
    steps = etree.Element(DS + "Transforms")
    for _ in range(100):
        etree.SubElement(steps, DS + "Transform", Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    reference = _content_reference(root)
    for old in reference.findall(DS + "Transforms"):
        reference.remove(old)
    reference.insert(0, steps)
    return root


@attack()
def an_hmac_with_the_public_key(root: Any) -> Any:
    method = next(root.iter(DS + "SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    etree.SubElement(method, DS + "HMACOutputLength").text = "0"
    return root


@attack()
def an_empty_signature_value(root: Any) -> Any:
    next(root.iter(DS + "SignatureValue")).text = ""
    return root


@attack()
def the_signature_without_its_certificate(root: Any) -> Any:
    signature = _signature(root)
    signature.remove(signature.find(DS + "KeyInfo"))
    return root


@attack()
def signed_info_moved_into_an_object(root: Any) -> Any:
    signature = _signature(root)
    etree.SubElement(signature, DS + "Object").append(signature[0])
    return root


@attack()
def a_second_signed_info(root: Any) -> Any:
    signature = _signature(root)
    signature.insert(0, copy.deepcopy(signature[0]))
    return root


@attack("coverage", enveloped="integrity")
def a_false_message_around_the_signed_document(root: Any) -> Any:
    message = etree.Element("message")
    etree.SubElement(message, "pay", to="the attacker").text = "all of it"
    message.append(root)
    return message


@attack("coverage", enveloped="integrity")
def a_false_message_in_an_attribute_around_the_signed_document(root: Any) -> Any:
    message = etree.Element("message", pay="the attacker")
    message.append(root)
    return message


@attack("coverage")
def an_unsigned_object(root: Any) -> Any:
    etree.SubElement(_signature(root), DS + "Object").text = "pay the attacker"
    return root


@attack("coverage")
def an_element_beside_the_qualifying_properties(root: Any) -> Any:
    etree.SubElement(_properties(root).getparent().getparent(), "pay").text = "the attacker"
    return root


@attack()
def a_message_hidden_in_something_like_a_signature(root: Any) -> Any:
    holder = etree.SubElement(_signature(root), DS + "Object")
    etree.SubElement(holder, DS + "Signature").text = "pay the attacker"
    return root


@attack()
def a_message_hidden_in_a_counter_signature_at_the_wrong_place(root: Any) -> Any:
    holder = etree.SubElement(etree.SubElement(_signature(root), DS + "Object"), XADES + "CounterSignature")
    etree.SubElement(holder, DS + "Signature").text = "pay the attacker"
    return root


@attack("coverage", enveloped="integrity")
def a_style_sheet_that_shows_something_else(root: Any) -> Any:
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", 'href="http://example.org/evil.xsl"'))
    return root


@attack()
def an_element_inside_of_what_is_signed(root: Any) -> Any:
    etree.SubElement(_content(root), "pay", to="the attacker")
    return root


@attack()
def the_signed_content_replaced_by_a_copy_of_the_properties(root: Any) -> Any:
    _content_reference(root).set("URI", "#" + _properties(root).get("Id"))
    return root


@attack()
def the_reference_without_its_target(root: Any) -> Any:
    _content_reference(root).set("URI", "#nowhere")
    return root


@attack()
def the_reference_to_a_file_elsewhere(root: Any) -> Any:
    _content_reference(root).set("URI", "file:///etc/passwd")
    return root


@attack()
def a_base64_transform_that_sees_only_text(root: Any) -> Any:
    reference = _properties_reference(root)
    steps = etree.Element(DS + "Transforms")
    etree.SubElement(steps, DS + "Transform", Algorithm="http://www.w3.org/2000/09/xmldsig#base64")
    reference.insert(0, steps)
    return root


@attack()
def a_weaker_digest_named(root: Any) -> Any:
    next(root.iter(DS + "DigestMethod")).set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    return root


@attack()
def another_canonicalisation_named(root: Any) -> Any:
    next(root.iter(DS + "CanonicalizationMethod")).set("Algorithm", "http://example.org/own-canonicalisation")
    return root


@attack()
def the_digest_value_split_by_a_comment(root: Any) -> Any:
    node = next(root.iter(DS + "DigestValue"))
    comment = etree.Comment(node.text)
    comment.tail = "A" * 43 + "="
    node.text = ""
    node.append(comment)
    return root


@attack()
def another_certificate_digest(root: Any) -> Any:
    next(next(root.iter(XADES + "CertDigest")).iter(DS + "DigestValue")).text = "A" * 43 + "="
    return root


@attack()
def text_between_the_parts_of_the_signature(root: Any) -> Any:
    _signature(root)[0].tail = "pay the attacker"
    return root


@attack()
def unsigned_properties_in_the_place_of_signed_ones(root: Any) -> Any:
    _properties(root).tag = XADES + "UnsignedProperties"
    return root


@attack()
def properties_of_an_unknown_version(root: Any) -> Any:
    for node in _properties(root).getparent().iter("{*}*"):
        node.tag = node.tag.replace("v1.3.2", "v9.9.9")
    return root
