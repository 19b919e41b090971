"""Where do a service's settings come from, and what happens when one is missing or wrong?

Every field is read from the environment variable of its name, or from the file that `<NAME>_FILE` names (for
secrets mounted as files). A problem stops the start with one readable line each and exit code 2.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, AnyUrl, Field, PostgresDsn, TypeAdapter, UrlConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.watched import Watched

Port = Annotated[int, Field(ge=1, le=65535)]

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def url_text(*schemes: str, several_hosts: bool = False) -> Any:
    """Return a type for a URL with one of `schemes`, kept as the text that was given; it may name `several_hosts`."""
    kind: Any = PostgresDsn if several_hosts else AnyUrl
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[kind, UrlConstraints(allowed_schemes=list(schemes))])

    def check(value: str) -> str:
        adapter.validate_python(value)
        return value

    return Annotated[str, AfterValidator(check)]


def read_secret(path: Path) -> str:
    """Return a file's text without the newline at its end."""
    return path.read_text(encoding="utf-8").rstrip("\r\n")


class FileSource(PydanticBaseSettingsSource):
    """Reads a field from the file that the environment variable `<NAME>_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text without the trailing newline, or nothing when the variable is not set."""
        path = os.environ.get(f"{field_name.upper()}_FILE")
        return read_secret(Path(path)) if path else None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return every field that has a file."""
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


class Settings(BaseSettings):
    """The base of all settings: environment first, then `_FILE` variants."""

    model_config = SettingsConfigDict(
        extra="ignore", hide_input_in_errors=True, frozen=True, use_attribute_docstrings=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, files."""
        return init_settings, env_settings, FileSource(settings_cls)

    def follow(self, name: str) -> Callable[[], str]:
        """Return what tells the value of a text setting at each moment: its file is read again when it changes.

        What a changed file says is checked like every setting at the start, and refused like there. A setting that
        does not come from a file stays what it is.
        """
        given = getattr(self, name)
        path = Path(os.environ.get(f"{name.upper()}_FILE", ""))
        if not path.name or name.upper() in map(str.upper, os.environ):
            return lambda: str(given)
        return Watched(
            (path,), lambda: str(getattr(type(self)(**vars(self) | {name: read_secret(path)}), name))
        ).current


class ServiceSettings(Settings):
    """What every service needs, whatever its job."""

    ops_host: str = "127.0.0.1"
    """The address that the ops port listens on; `0.0.0.0` where orchestrators and Prometheus come from outside."""
    ops_port: Port
    """Where `/livez`, `/readyz` and `/metrics` answer; sign_gateway's `/status`, too. Without TLS and passwords."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe log lines that are written."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`json`: an object a line; `console`: for people; `auto`: for people on a terminal, else JSON."""
    otel_exporter_otlp_endpoint: url_text("http", "https") | None = None  # type: ignore[valid-type]
    """Where traces go by OTLP over HTTP; none are made without it."""
    drain_s: float = Field(default=10.0, ge=0)
    """How many seconds work under way gets to finish after SIGTERM."""


def load_settings(settings_type: type[SettingsT], **given: Any) -> SettingsT:
    """Return the settings of this process, or print one line per problem and exit with code 2.

    What is `given` goes before the environment.
    """
    try:
        return settings_type(**given)
    except ValidationError as error:
        stop_with([describe(problem) for problem in error.errors(include_url=False)])
    except OSError as error:
        stop_with([f"{error.filename}: {error.strerror} (named by a _FILE setting)"])


def describe(problem: Any) -> str:
    """Return one readable line for a pydantic problem; the value itself is never shown, it may be a secret."""
    name = ".".join(str(part) for part in problem["loc"]).upper() or "settings"
    if problem["type"] == "missing":
        return f"{name}: is required; set {name} or {name}_FILE"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"


def stop_with(lines: list[str]) -> NoReturn:
    """Print the lines to standard error and exit with code 2."""
    for line in lines:
        print(f"setting {line}", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)
