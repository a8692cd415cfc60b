"""What we write of Strimzi's kinds, as a JSON Schema of our own: nothing but these fields, and these forms.

The fields are those of `kafka.strimzi.io/v1` in the custom resource definitions that Strimzi publishes.
"""

from typing import Any

__all__ = ["SCHEMA"]


def _closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_NAME = {"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"}
_METADATA = _closed(
    {"name": _NAME, "labels": {"type": "object", "required": ["strimzi.io/cluster"]}}, {"namespace": {"type": "string"}}
)
_TOPIC = _closed(
    {
        "partitions": {"type": "integer", "minimum": 1},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 32767},
        "config": {"type": "object", "additionalProperties": {"type": "string"}},
    }
)
_OPERATIONS = (
    *("Read", "Write", "Create", "Delete", "Alter", "Describe", "AlterConfigs", "DescribeConfigs"),
    *("ClusterAction", "IdempotentWrite", "All"),
)
_RESOURCE = {
    "oneOf": [
        _closed({"type": {"const": "cluster"}}),
        _closed(
            {
                "type": {"enum": ["topic", "group", "transactionalId"]},
                "name": {"type": "string", "minLength": 1},
                "patternType": {"enum": ["literal", "prefix"]},
            }
        ),
    ]
}
_RULE = _closed({"resource": _RESOURCE, "operations": {"type": "array", "minItems": 1, "items": {"enum": _OPERATIONS}}})
_USER = _closed(
    {
        "authentication": _closed({"type": {"const": "scram-sha-512"}}),
        "authorization": _closed(
            {"type": {"const": "simple"}, "acls": {"type": "array", "minItems": 1, "items": _RULE}}
        ),
    }
)


def _kind(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    api = {"const": "kafka.strimzi.io/v1"}
    return _closed({"apiVersion": api, "kind": {"const": name}, "metadata": _METADATA, "spec": spec})


SCHEMA = {"oneOf": [_kind("KafkaTopic", _TOPIC), _kind("KafkaUser", _USER)]}
