"""Answers describe and describe-global from the org's objects."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.salesforce.objects import OBJECTS
from leadledger.sandbox.salesforce.schema import IDS, NUMBERS, Field, Kind, SObject

_SOAP = {
    Kind.ID: "tns:ID",
    Kind.REFERENCE: "tns:ID",
    Kind.BOOLEAN: "xsd:boolean",
    Kind.INT: "xsd:int",
    Kind.DOUBLE: "xsd:double",
    Kind.CURRENCY: "xsd:double",
    Kind.PERCENT: "xsd:double",
    Kind.DATE: "xsd:date",
    Kind.DATETIME: "xsd:dateTime",
    Kind.ANY: "xsd:anyType",
}


def describe_global(version: str) -> JsonObject:
    """GET /sobjects: what there is, in short."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(item, version) for item in OBJECTS.values()],
    }


def describe_basic(sobject: SObject, version: str) -> JsonObject:
    """GET /sobjects/X: the summary of one object."""
    return {"objectDescribe": _summary(sobject, version), "recentItems": []}


def describe(sobject: SObject, version: str) -> JsonObject:
    """GET /sobjects/X/describe: the object with its fields."""
    return {
        **_summary(sobject, version),
        "fields": [_field(item) for item in sobject.fields],
        "childRelationships": [],
        "recordTypeInfos": [],
        "supportedScopes": [{"label": f"All {sobject.label}s", "name": "everything"}],
    }


def _summary(sobject: SObject, version: str) -> JsonObject:
    root = f"/services/data/{version}/sobjects/{sobject.name}"
    return {
        "name": sobject.name,
        "label": sobject.label,
        "labelPlural": f"{sobject.label}s",
        "keyPrefix": sobject.key_prefix,
        "custom": sobject.name.endswith("__c"),
        "customSetting": False,
        "queryable": True,
        "retrieveable": True,
        "searchable": False,
        "createable": sobject.createable,
        "updateable": sobject.updateable,
        "deletable": sobject.deletable,
        "undeletable": False,
        "mergeable": False,
        "replicateable": sobject.has("SystemModstamp"),
        "triggerable": sobject.createable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": root + "/{ID}"},
    }


def _field(item: Field) -> JsonObject:
    sortable = item.filterable
    return {
        "name": item.name,
        "label": item.label,
        "type": item.kind.value,
        "soapType": _SOAP.get(item.kind, "xsd:string"),
        "length": item.length,
        "byteLength": item.length * 3 if item.kind not in IDS else item.length,
        "precision": item.precision if item.kind is not Kind.INT else 0,
        "scale": item.scale,
        "digits": item.precision if item.kind is Kind.INT else 0,
        "nillable": item.nillable,
        "createable": item.createable,
        "updateable": item.updateable,
        "calculated": item.calculated,
        "calculatedFormula": None,
        "custom": item.custom,
        "externalId": False,
        "unique": False,
        "idLookup": item.kind is Kind.ID or item.kind is Kind.EMAIL,
        "nameField": item.name == "Name",
        "filterable": item.filterable,
        "sortable": sortable,
        "groupable": sortable and item.kind not in NUMBERS and item.kind is not Kind.DATETIME,
        "aggregatable": sortable,
        "restrictedPicklist": item.restricted,
        "picklistValues": [
            {"value": value, "label": value, "active": True, "defaultValue": value == item.default}
            for value in item.values
        ],
        "referenceTo": list(item.references),
        "relationshipName": item.relationship or None,
        "polymorphicForeignKey": len(item.references) > 1,
        "compoundFieldName": None,
        "defaultValue": item.default if item.kind is Kind.BOOLEAN else None,
        "defaultedOnCreate": item.default is not None,
        "permissionable": item.custom,
        "deprecatedAndHidden": False,
    }
