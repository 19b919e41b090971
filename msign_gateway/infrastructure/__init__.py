"""Which RabbitMQ and PostgreSQL do the demo and the tests run on, and who starts and ends them?

Each of the two is chosen on its own: what `AMQP_URL` / `DATABASE_URL` name, else private native processes on free
ports, else containers. `open_infrastructure` is the way in.
"""

from msign_gateway.infrastructure.broker import Broker
from msign_gateway.infrastructure.database import Database
from msign_gateway.infrastructure.opening import Infrastructure, open_infrastructure

__all__ = ["Broker", "Database", "Infrastructure", "open_infrastructure"]
