"""Who may call the API? Systems, known by the serial number and issuer of their client certificates."""

from services.msign.consumers.registry import Consumer, Consumers, serial_of

__all__ = ["Consumer", "Consumers", "serial_of"]
