"""Who may sign for somebody else? People, by mandates that an operator registers."""

from services.msign.mandates.registry import Mandates, NoMandates, StoredMandates

__all__ = ["Mandates", "NoMandates", "StoredMandates"]
