"""What the document on security says of settings is what there is."""

import re
from pathlib import Path

from msign_gateway.doctor.management import ManagementSettings
from services.callback_web.settings import Settings as CallbackSettings
from services.msign.settings import MSignSettings
from services.sign_gateway.settings import Settings as SignSettings
from shared.addresses import weakness

DOCUMENT = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
FIELDS = {
    name.upper()
    for settings in (SignSettings, CallbackSettings, MSignSettings, ManagementSettings)
    for name in settings.model_fields
}


def test_every_setting_that_is_named_exists():
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=\w+)?`", DOCUMENT))
    assert {"REQUIRE_TLS", "LINK_SECRET_FILE", "RETENTION_DAYS"} <= named
    assert [name for name in sorted(named) if not {name, name.removesuffix("_FILE")} & FIELDS] == []


def test_every_setting_about_certificates_is_told():
    about = {name for name in FIELDS if re.match(r"(AMQP|DATABASE|MSIGN)_(CA_BUNDLE|CLIENT_)", name)}
    assert len(about) == 9
    assert [name for name in sorted(about) if f"`{name}`" not in DOCUMENT] == []


def test_the_urls_that_are_shown_are_strong_enough():
    shown = re.findall(r"\?(sslmode=[^`]+)`", DOCUMENT)
    assert shown
    assert [one for one in shown if weakness(f"postgresql://host/name?{one}")] == []


def test_the_retention_that_is_told_is_the_default():
    assert f"`RETENTION_DAYS` ({SignSettings.model_fields['retention_days'].default})" in DOCUMENT
    assert f"`REQUEST_RETENTION_HOURS` ({MSignSettings.model_fields['request_retention_hours'].default})" in DOCUMENT
