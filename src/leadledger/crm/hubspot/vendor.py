"""Owners, properties and pipelines through HubSpot's own client, under our governor and our errors.

hubspot-api-client 12 makes one connection pool per attribute access, has no time-out of its own, one family of
exceptions per package, and models that cost twenty times the JSON. So: one api object per package, explicit
time-outs, a permit before each call, no retry inside, raw bodies, and every exception translated here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tenacity
import urllib3

from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.api import OWNERS, PIPELINES, PROPERTIES, Api, JsonObject
from leadledger.crm.hubspot.errors import body_of, classify, codes
from leadledger.crm.replies import Reply
from leadledger.crm.transport import ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S, PATIENCE_S
from leadledger.errors import CrmUnavailableError, RetryLaterError
from leadledger.ports import Sleeper

TIMEOUT_S = (10.0, 60.0)
OWNERS_LIMIT = 100


class VendorClient:
    """The three parts of hubspot-api-client that we use. Nothing is imported before the first call."""

    def __init__(
        self,
        access: HubSpotAccess,
        api: Api,
        sleeper: Sleeper,
        *,
        proxy: str | None = None,
        ca_bundle: str | None = None,
    ) -> None:
        self._access = access
        self._api = api
        self._sleeper = sleeper
        self._settings = {"proxy": proxy, "ssl_ca_cert": ca_bundle}
        self._objects: dict[tuple[str, str], Any] = {}
        self._client: Any = None

    def owners(self, *, archived: bool) -> Iterator[list[JsonObject]]:
        """Owners in pages: the active ones, or those who were deactivated."""
        after: str | None = None
        while True:
            page = self._call(
                OWNERS,
                self._hubspot().crm.owners.owners_api.get_page,
                limit=OWNERS_LIMIT,
                archived=archived,
                **({"after": after} if after else {}),
            )
            yield page["results"]
            following = (page.get("paging") or {}).get("next") or {}
            after = following.get("after")
            if not after:
                return

    def properties(self, object_: str) -> list[JsonObject]:
        """The property definitions of an object."""
        page = self._call(
            PROPERTIES, lambda **o: self._hubspot().crm.properties.core_api.get_all(object_, **o)
        )
        return list(page["results"])

    def pipelines(self, object_: str) -> list[JsonObject]:
        """The pipelines of an object with their stages."""
        page = self._call(
            PIPELINES,
            lambda **o: self._hubspot().crm.pipelines.pipelines_api.get_all(object_, **o),
        )
        return list(page["results"])

    def close(self) -> None:
        """Give the connections back."""
        for one in self._objects.values():
            one.api_client.rest_client.pool_manager.clear()
        self._objects.clear()

    def _hubspot(self) -> Any:
        if self._client is None:
            # Not at the top: the client is 50 MB of generated code, and a run that only plans offline needs none.
            client = importlib.import_module("hubspot").HubSpot
            self._access.headers()
            self._client = client(access_token=self._access.token, api_factory=self._object)
        return self._client

    def _object(self, package: Any, name: str, config: Mapping[str, Any]) -> Any:
        key = (package.__name__, name)
        if key not in self._objects:
            configuration = package.Configuration()
            configuration.access_token = config["access_token"]
            configuration.host = self._api.transport.base_url
            configuration.retries = urllib3.Retry(0)
            for setting, value in self._settings.items():
                if value:
                    setattr(configuration, setting, value)
            self._objects[key] = getattr(package, name)(package.ApiClient(configuration=configuration))
        return self._objects[key]

    def _call(self, api: str, function: Callable[..., Any], **options: Any) -> JsonObject:
        retrying = tenacity.Retrying(
            sleep=self._sleeper.sleep,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait_s,
            retry=tenacity.retry_if_exception(self._worth_another_try),
            reraise=True,
        )
        reply: Reply = retrying(self._once, api, function, options)
        if reply.status >= 400:
            msg = (
                f"{reply.describe(codes(body_of(reply)))}: HubSpot refuses this call. The client library speaks v3; "
                "if that version ended, update leadledger"
            )
            raise CrmUnavailableError(msg)
        page = reply.json()
        results = page.get("results") if isinstance(page, dict) else None
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            msg = f"{reply.describe()}: an answer without results; this is not what HubSpot documents. Run again"
            raise CrmUnavailableError(msg)
        return dict(page)

    def _once(self, api: str, function: Callable[..., Any], options: Mapping[str, Any]) -> Reply:
        with self._api.governor.permit(api):
            reply = self._reply(api, function, options)
        self._api.observe(reply.headers)
        error = classify(reply)
        if isinstance(error, RetryLaterError):
            self._api.governor.slow_down(api, error.after_s)
        if error is not None:
            raise error
        self._api.governor.succeeded(api)
        return reply

    def _reply(self, api: str, function: Callable[..., Any], options: Mapping[str, Any]) -> Reply:
        label = f"HubSpot {api}"
        try:
            response = function(**options, _preload_content=False, _request_timeout=TIMEOUT_S)
            return Reply(response.status, response.headers, bytes(response.data), label)
        except Exception as error:  # noqa: BLE001 - every package of the client has its own classes without a common base
            status, body = getattr(error, "status", None), getattr(error, "body", None)
            headers = getattr(error, "headers", None)
            if isinstance(status, int) and status > 0:
                text = body.encode() if isinstance(body, str) else bytes(body or b"")
                return Reply(status, headers or urllib3.HTTPHeaderDict(), text, label)
            # The texts of these errors hold addresses and parts of bodies; only their kind is told.
            msg = f"{label}: no whole answer came ({type(error).__name__}). Check the network and run again"
            raise CrmUnavailableError(msg) from None

    def _worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, RetryLaterError):
            passes = error.after_s is not None and error.after_s <= PATIENCE_S
            return passes and self._api.governor.may_retry()
        return isinstance(error, CrmUnavailableError) and self._api.governor.may_retry()


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryLaterError) and error.after_s is not None:
        return error.after_s
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (state.attempt_number - 1)))
