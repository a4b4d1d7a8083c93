"""`/crm/pipelines/{v}/deals`: the sales pipeline and its stages, read only."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.definitions import BEGINNING
from leadledger.sandbox.hubspot.errors import not_found
from leadledger.sandbox.hubspot.object_properties import DEAL_PIPELINE, DEAL_STAGES


def _pipeline() -> JsonObject:
    id_, label = DEAL_PIPELINE
    return {
        "id": id_,
        "label": label,
        "displayOrder": 0,
        "stages": [
            {
                "id": stage,
                "label": name,
                "displayOrder": order,
                "metadata": {"isClosed": "true" if closed else "false", "probability": probability},
                "createdAt": BEGINNING,
                "updatedAt": BEGINNING,
                "archived": False,
            }
            for order, (stage, name, probability, closed) in enumerate(DEAL_STAGES)
        ],
        "createdAt": BEGINNING,
        "updatedAt": BEGINNING,
        "archived": False,
    }


def list_pipelines() -> Response:
    """The pipelines of deals."""
    return Response.json(200, {"results": [_pipeline()]})


def get_pipeline(id_: str) -> Response:
    """One pipeline with its stages."""
    if id_ != DEAL_PIPELINE[0]:
        raise not_found()
    return Response.json(200, _pipeline())


def list_stages(id_: str) -> Response:
    """The stages of one pipeline, in display order."""
    if id_ != DEAL_PIPELINE[0]:
        raise not_found()
    return Response.json(200, {"results": _pipeline()["stages"]})


def get_stage(id_: str, stage_id: str) -> Response:
    """One stage of one pipeline."""
    stages = _pipeline()["stages"] if id_ == DEAL_PIPELINE[0] else []
    for stage in stages:
        if stage["id"] == stage_id:
            return Response.json(200, stage)
    raise not_found()
