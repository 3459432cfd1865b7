"""describe, from the same tables that check the writes (REST guide, "sObject Describe" and
"Describe Global").
"""

from typing import Any

from bot.sandbox.salesforce.schema import Field, Kind, Schema, SObject

_BYTES_PER_CHARACTER = 3
_TEXTS = {Kind.STRING, Kind.EMAIL, Kind.PICKLIST}


def describe_global(schema: Schema, base: str) -> dict[str, Any]:
    objects = [_brief(one, base) for one in schema.objects]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}


def describe_object(schema: Schema, entity: SObject, base: str) -> dict[str, Any]:
    children = [
        {
            "childSObject": child.name,
            "field": one.name,
            "relationshipName": one.child_relationship,
            "cascadeDelete": False,
        }
        for child, one in schema.children(entity).values()
    ]
    fields = [{**_field(one), "permissionable": _is_guarded(entity, one)} for one in entity.fields]
    return {**_brief(entity, base), "childRelationships": children, "fields": fields}


def _brief(entity: SObject, base: str) -> dict[str, Any]:
    url = f"{base}/sobjects/{entity.name}"
    return {
        "name": entity.name,
        "label": entity.label or entity.name,
        "keyPrefix": entity.prefix,
        "custom": entity.name.endswith("__c"),
        "createable": entity.createable,
        "updateable": entity.updateable,
        "deletable": entity.deletable,
        "queryable": True,
        "retrieveable": True,
        "urls": {
            "sobject": url,
            "describe": f"{url}/describe",
            "rowTemplate": f"{url}/{{ID}}",
        },
    }


def _is_guarded(entity: SObject, one: Field) -> bool:
    """Say whether field-level security applies: not to required and system fields, nor the owner.

    Source: SOAP API guide, describeSObjects, Field.permissionable; help, "Field-Level Security".
    Of setup objects only custom fields have it here, which is [M].
    """
    if one.name.endswith("__c"):
        return True
    is_free = one.updateable and not one.required and one.name != "OwnerId"
    return is_free and not entity.is_setup


def _field(one: Field) -> dict[str, Any]:
    length = one.length if one.kind in {*_TEXTS, Kind.ID, Kind.REFERENCE} else 0
    values = [{"value": v, "label": v, "active": True, "defaultValue": False} for v in one.values]
    return {
        "name": one.name,
        "label": one.title,
        "type": str(one.kind),
        "length": length,
        "byteLength": length * _BYTES_PER_CHARACTER if one.kind in _TEXTS else length,
        "filterable": one.filterable,
        "nillable": not (one.required or one.required_unless)
        and one.kind not in {Kind.BOOLEAN, Kind.ID},
        "createable": one.createable,
        "updateable": one.updateable,
        "defaultedOnCreate": one.default is not None,
        "unique": one.unique,
        "externalId": one.external_id,
        "idLookup": one.external_id or one.kind is Kind.ID,
        "caseSensitive": one.case_sensitive,
        "custom": one.name.endswith("__c"),
        "restrictedPicklist": bool(one.values),
        "picklistValues": values,
        "referenceTo": list(one.refers_to),
        "relationshipName": one.relationship or None,
    }
