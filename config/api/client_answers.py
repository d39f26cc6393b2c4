"""The answer types of the Python client, generated from the API's document by
datamodel-code-generator.

`manage.py write_client_answers` writes them; the generator is a development dependency.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from datamodel_code_generator import InputFileType, LiteralType, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import DatetimeClassType, Formatter, PythonVersion

from config.api.routes import api

PATH: Final = (
    Path(__file__).resolve().parents[2] / "clients" / "python" / "zizhi_client" / "answers.py"
)
NAMES: Final = {
    "GateDecisionOut": "Decision",
    "ReleaseOut": "ReleasedResume",
    "DefaultOut": "CandidateDefault",
    "SecretOut": "EndpointWithSecret",
}
"""Schemas whose client name is not their name in the document without `Out`."""
BASES: Final = {"SecretOut": "EndpointOut"}
"""Schemas that extend another one."""
CHOICES: Final = {
    "AccountClass": ("AccountClass",),
    "Language": ("MemberIn", "language"),
    "Purpose": ("LinkPurpose",),
    "Role": ("MemberIn", "role"),
}
"""Types of arguments, each from a schema or a property of a schema."""
ENVELOPES: Final = ("Page_", "EventsOut", "DeliveriesOut")
"""Envelopes of lists, which the client unpacks."""
HEADER: Final = '''"""The responses of the API as frozen dataclasses, and the values that its arguments accept.

Generated from the API's document. Do not edit: run `manage.py write_client_answers`.
"""
'''  # noqa: E501
Schema = dict[str, Any]


def client_answers_source() -> str:
    """Return the text of the client's `answers.py` for the current document."""
    schemas: dict[str, Schema] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Answers", "version": "1"},
        "paths": {},
        "components": {"schemas": _types(schemas)},
    }
    text = generate(
        document,
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.DataclassesDataclass,
        target_python_version=PythonVersion.PY_310,
        frozen_dataclasses=True,
        keep_model_order=True,
        output_datetime_class=DatetimeClassType.Datetime,
        enum_field_as_literal=LiteralType.All,
        use_schema_description=True,
        use_field_description=True,
        use_inline_field_description=True,
        use_single_line_docstring=True,
        use_double_quotes=True,
        disable_timestamp=True,
        formatters=[Formatter.BUILTIN],
        custom_file_header=HEADER,
        base_class_map={"Decision": "zizhi_client.reading.YesOrNo"},
    )
    assert isinstance(text, str)
    return text.rstrip() + "\n"


def _types(document: dict[str, Any]) -> dict[str, Schema]:
    """Return the schemas to write, by their names in the client."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    types = {name: _choice(schemas, *where) for name, where in CHOICES.items()}
    for name in _response_schemas(document):
        schema = schemas[name]
        if "properties" in schema and not name.startswith(ENVELOPES):
            types[_named(name)] = _rewritten(
                _beyond(schema, schemas, BASES[name]) if name in BASES else schema, schemas
            )
    return types


def _response_schemas(document: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that any response reaches."""
    operations = [
        operation for methods in document["paths"].values() for operation in methods.values()
    ]
    open_ = [
        response
        for each in operations
        for status, response in each["responses"].items()
        if status.startswith("2")
    ]
    found: set[str] = set()
    while open_:
        new = set(_references(open_.pop())) - found
        found |= new
        open_ += [document["components"]["schemas"][name] for name in new]
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield _target(value)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _target(reference: Schema) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]


def _named(name: str) -> str:
    return NAMES.get(name) or name.removesuffix("Out")


def _choice(schemas: dict[str, Schema], name: str, field: str | None = None) -> Schema:
    schema = schemas[name]["properties"][field] if field else schemas[name]
    return {"type": "string", "enum": schema["enum"], "description": schema["description"]}


def _beyond(schema: Schema, schemas: dict[str, Schema], base: str) -> Schema:
    """Return `schema` as `base` plus its additional properties."""
    own = {
        name: each
        for name, each in schema["properties"].items()
        if name not in schemas[base]["properties"]
    }
    more = {"type": "object", "properties": own, "required": list(own)}
    return {
        "description": schema["description"],
        "allOf": [{"$ref": f"#/components/schemas/{base}"}, more],
    }


def _rewritten(value: Any, schemas: dict[str, Schema]) -> Any:
    """Return `value` with the client's names. Enumerations become plain strings, since later
    versions may add values.
    """
    if isinstance(value, list):
        return [_rewritten(each, schemas) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: each
        for key, each in value.items()
        if isinstance(each, dict) or key not in ("enum", "title", "$ref")
    }
    plain = {key: _rewritten(each, schemas) for key, each in kept.items()}
    if not isinstance(value.get("$ref"), str):
        return plain
    name = _target(value)
    return plain | (
        {"type": "string"}
        if "enum" in schemas[name]
        else {"$ref": f"#/components/schemas/{_named(name)}"}
    )
