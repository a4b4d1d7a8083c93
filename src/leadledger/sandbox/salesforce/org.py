"""The fixed facts of the pretended org: who logs in, as whom, and where unassigned leads go."""

from __future__ import annotations

ORG_ID = "00D9S000000LdgrUAC"
INTEGRATION_USER_ID = "0059S000000IntgQAC"
INTEGRATION_USERNAME = "integration@leadledger.sandbox"
CONSUMER_KEY = "3MVG9sandbox.leadledger.consumer.key"
CONSUMER_SECRET = "sandbox-consumer-secret"  # noqa: S105 - opens nothing but the sandbox on loopback
REFRESH_TOKEN = "5Aep861sandbox.leadledger.refresh"  # noqa: S105 - opens nothing but the sandbox

ASSIGNMENT_QUEUE_ID = "00G9S000000DfltEAE"
"""Where the default lead-assignment rule puts a lead that was written without `Sforce-Auto-Assign: FALSE`."""

FIRST_VERSION = 58
LAST_VERSION = 68
DAILY_API_REQUESTS = 115_000
SEED_STAMP = "2020-01-01T00:00:00.000+0000"
