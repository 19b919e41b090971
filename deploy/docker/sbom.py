"""Which parts is the image made of? `sbom.py PYTHON.json SYSTEM.tsv OUT.json`, as CycloneDX.

cyclonedx-py lists the Python packages; Debian's, as dpkg tells them, are added here.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote


def component(line: str) -> dict[str, Any]:
    """Return a Debian package as a component, from its line of `package, version, architecture, source`."""
    package, version, architecture, source = line.split("\t")
    purl = f"pkg:deb/debian/{quote(package)}@{quote(version, safe='')}?arch={architecture}&upstream={quote(source)}"
    return {"bom-ref": purl, "type": "library", "name": package, "version": version, "purl": purl}


def with_system(sbom: dict[str, Any], lines: list[str]) -> dict[str, Any]:
    """Return the list of parts with Debian's packages at its end."""
    return sbom | {"components": [*sbom.get("components", []), *map(component, lines)]}


if __name__ == "__main__":
    python, system, out = map(Path, sys.argv[1:])
    whole = with_system(json.loads(python.read_text()), system.read_text().splitlines())
    out.write_text(json.dumps(whole, indent=1))
