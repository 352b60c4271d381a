"""The values of the config, held against its schema, however they were written.

A JSON schema in YAML is what users of Snakemake know, and one file holds types, limits and the
words of each message. pydantic would not make this smaller: of the values that Snakemake leaves as
text on the command line, it converts numbers, but neither lists nor null; and its messages say
where an error is, but not what a key is for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ffensembles.errors import UserError

Schema = dict[str, Any]


SCHEMA = Path(__file__).with_name("config.schema.yaml")


def check_values(values: Mapping[str, Any], of: str | None = None) -> None:
    """Check values given in Python against the rules for the config's keys of the same names.

    Args:
        values: by name; None stands for one that is not given.
        of: the part of the schema that has these keys, such as `entry`; None: the config itself.

    Raises:
        UserError: naming the value, and what it may be.
    """
    rules = yaml.safe_load(SCHEMA.read_text("utf-8"))
    known = (rules["$defs"][of] if of else rules)["properties"]
    given = {name: _plain(value) for name, value in values.items() if value is not None}
    schema = {"$defs": rules["$defs"], "properties": {name: known[name] for name in given}}
    if error := _first_error(given, schema):
        raise UserError(_explain(error))


def _plain(value: Any) -> Any:
    """Return a value as YAML would give it: arrays as lists, NumPy's numbers as Python's."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, tuple) else value


def conform(config: dict[str, Any]) -> None:
    """Read the values of the config as the schema's types say, in place, and check them.

    Text stands for the number, boolean, null or list that it spells: Snakemake leaves what is
    inside braces and brackets on the command line as text, and YAML 1e-4. A whole number may be
    written 5.0.

    Raises:
        UserError: naming the key, what it holds, and what it may hold.
    """
    rules = yaml.safe_load(SCHEMA.read_text("utf-8"))
    config.update(_typed(config, rules, rules["$defs"]))
    for key, value in _leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"config: {key}: {value} is not a finite number")
    if error := _first_error(config, rules):
        raise UserError(f"config: {_explain(error)}")


def _first_error(values: Mapping[str, Any], rules: Schema) -> jsonschema.ValidationError | None:
    validator = jsonschema.Draft202012Validator(rules)
    return jsonschema.exceptions.best_match(validator.iter_errors(values))


def _typed(value: Any, schema: Schema, definitions: Schema) -> Any:
    """Return a value, and all within it, as the types of the schema that it spells."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]] | schema
    types = schema.get("type", "string")
    types = [types] if isinstance(types, str) else types
    if isinstance(value, str):
        spelled = _spelled(value)
        if "string" not in types or (spelled is None and "null" in types):
            value = spelled
    if isinstance(value, float) and "integer" in types and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
        return {k: _typed(inner, known.get(k, others), definitions) for k, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner, schema.get("items", {}), definitions) for inner in value]
    return value


def _spelled(text: str) -> Any:
    """Return what a text spells: as Snakemake reads the command line, and YAML its files."""
    for kind in (int, float, yaml.safe_load):
        try:
            return kind(text)
        except (ValueError, yaml.YAMLError):
            continue
    return text


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (key, value) of all values that hold no others."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, held in inner:
            yield from _leaves(held, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _explain(error: jsonschema.ValidationError) -> str:
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        return f"unknown key {f'{key}.' if key else ''}{unknown}; known: {', '.join(known)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"key {f'{key}.' if key else ''}{missing} is missing; see config/README.md"
    meaning = error.schema.get("description", "see config/README.md")
    return f"{key}: {' '.join(error.message.split())}; {meaning}"


def refuse_repeated_keys(file: str | Path) -> None:
    """Refuse a YAML file in which a key is given twice, of which YAML would take the last.

    Raises:
        UserError: naming the file, the line and the key.
    """
    text = Path(file).read_text(encoding="utf-8")
    nodes = [yaml.compose(text, Loader=yaml.SafeLoader)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise UserError(f"{file}, line {line}: key {key.value} is given twice; keep one")
            seen.add(key.value)
            nodes += [key, value]
