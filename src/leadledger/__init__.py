"""One honest account of every lead, kept in a ledger and written back to the CRM."""

__version__ = "0.1.0"
