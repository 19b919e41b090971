"""Where do operators' commands find the broker and the database? As the services do: `shared.connections`.

A URL of the command line goes before the environment's, and has to fulfil the same: `REQUIRE_TLS`, the authorities, the
client certificates. What is missing or wrong ends the command with a line for each problem and exit code 2.
"""

from collections.abc import Callable
from typing import Annotated

import typer

AmqpUrl = Annotated[
    str | None,
    typer.Option(help="The broker, as the operator's user; otherwise AMQP_URL or the file of AMQP_URL_FILE says it."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="The gateway's database; otherwise DATABASE_URL or the file of DATABASE_URL_FILE says it."),
]


def broker_address(url: str | None) -> Callable[[], str]:
    """Return what tells the broker's URL at each connection, with the files that belong to it."""
    from shared.connections import BrokerConnection  # noqa: PLC0415 - comes with the extra `services`
    from shared.settings import load_settings  # noqa: PLC0415

    return load_settings(BrokerConnection, **_given(amqp_url=url)).amqp_address()


def database_address(url: str | None) -> Callable[[], str]:
    """Return what tells the database's URL at each connection, with the files that belong to it."""
    from shared.connections import DatabaseConnection  # noqa: PLC0415 - comes with the extra `services`
    from shared.settings import load_settings  # noqa: PLC0415

    return load_settings(DatabaseConnection, **_given(database_url=url)).database_address()


def _given(**urls: str | None) -> dict[str, str]:
    return {name: url for name, url in urls.items() if url is not None}
