"""What would the External Secrets Operator make of an ExternalSecret?

It knows the three forms of template that ours use: a value, a value as part of a URL, a value as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

EXPRESSION = re.compile(r'{{ (?:\.(\w+)|index \. "([\w-]+)")(?: \| (\w+))? }}')
PASSWORD = 'p@ss/w:rd"?%'
"""Of what a store has no other value: what has to survive in URLs and JSON."""

FORMS: dict[str | None, Callable[[str], str]] = {None: str, "urlquery": quote_plus, "toJson": json.dumps}


def rendered(resources: list[dict[str, Any]], store: dict[str, Any]) -> dict[str, dict[str, bytes]]:
    """Return the Secrets' data by the Secrets' names; `store` has the values by key and property."""
    return {resource["metadata"]["name"]: secret(resource["spec"], store) for resource in resources}


def secret(spec: dict[str, Any], store: dict[str, Any]) -> dict[str, bytes]:
    """Return one Secret's data."""
    values = {}
    for one in spec["data"]:
        ref = one["remoteRef"]
        values[one["secretKey"]] = store.get(ref["key"], {}).get(ref["property"], PASSWORD)
    templates = spec.get("target", {}).get("template", {}).get("data")
    if templates is None:
        return {name: value.encode() for name, value in values.items()}
    return {name: filled(template, values).encode() for name, template in templates.items()}


def filled(template: str, values: dict[str, str]) -> str:
    """Return a template with its values. A form that nobody wrote down here is an error."""
    text = EXPRESSION.sub(lambda found: FORMS[found[3]](values[found[1] or found[2]]), template)
    assert "{{" not in text, text
    return text
