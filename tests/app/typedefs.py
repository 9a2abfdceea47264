"""What the page's JavaScript says that Python sends: JSDoc's typedefs, and whether a value is of such a type."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from vaecore import browser

FOLDER = Path(browser.__file__).parent
CLOSING = {"{": "}", "[": "]", "(": ")", "<": ">"}
PRIMITIVES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}
Type = str | dict[str, str]  # an expression; or the properties of an object, whose names end in "?" where they may lack


def typedefs() -> dict[str, Type]:
    """All of them, by name."""
    found: dict[str, Type] = {}
    for path in sorted(FOLDER.rglob("*.js")):
        text = path.read_text("utf-8").replace("=>", "to")  # which closes no bracket
        for comment in re.findall(r"/\*\*(.*?)\*/", text, re.DOTALL):
            for expression, name in tagged(comment, "typedef"):
                assert name not in found, f"two types are called {name}"
                found[name] = dict(properties(comment)) if expression == "object" else expression
    return found


def tagged(comment: str, tag: str) -> Iterator[tuple[str, str]]:
    """The type and the name of every tag of a kind."""
    for start in re.finditer(rf"@{tag} (?={{)", comment):
        expression, rest = bracketed(comment[start.end() :])
        name = re.match(r"\s*(\[?\w+\]?)", rest)
        assert name, comment
        yield expression.strip(), name[1]


def properties(comment: str) -> Iterator[tuple[str, str]]:
    for expression, name in tagged(comment, "property"):
        yield (f"{name[1:-1]}?" if name.startswith("[") else name), expression


def bracketed(text: str) -> tuple[str, str]:
    """What is inside the bracket that a text begins with, and what comes after it."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in CLOSING) - (character in CLOSING.values())
        if depth == 0:
            return text[1:at], text[at + 1 :]
    raise AssertionError(text)


def split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that are in no bracket."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in CLOSING) - (character in CLOSING.values())
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def complaints(value: object, type_: Type, known: Mapping[str, Type], where: str = "data") -> list[str]:
    """How a value is not of a type: where, and what was expected there."""
    if isinstance(type_, dict):
        return of_object(value, type_, known, where)
    options = split(type_, "|")
    if len(options) > 1:
        tried = [complaints(value, option, known, where) for option in options]
        return min(tried, key=len)
    if type_ in known:
        return complaints(value, known[type_], known, where)
    if type_.startswith("(") and type_.endswith(")"):
        return complaints(value, type_[1:-1], known, where)
    if type_.endswith("[]"):
        return (
            of_list(value, [type_[:-2]] * len(value), known, where)
            if isinstance(value, list)
            else [f"{where}: {type_}"]
        )
    if type_.startswith("["):
        parts = [split(part, ":")[-1] for part in split(type_[1:-1], ",")]
        return of_list(value, parts, known, where) if isinstance(value, list) else [f"{where}: {type_}"]
    if type_.startswith("{"):
        return of_object(value, dict(map(pair, split(type_[1:-1], ","))), known, where)
    if type_.startswith("Record<string,"):
        inner = type_[len("Record<string,") : -1].strip()
        return of_object(value, dict.fromkeys(value, inner) if isinstance(value, dict) else {}, known, where)
    return [] if is_primitive(value, type_) else [f"{where}: {type_}"]


def pair(text: str) -> tuple[str, str]:
    name, expression = split(text, ":")
    return name, expression


def is_primitive(value: object, type_: str) -> bool:
    if type_ == "null":
        return value is None
    if type_.startswith('"'):
        return value == type_.strip('"')
    assert type_ in PRIMITIVES, f"no type that is known: {type_}"
    return isinstance(value, PRIMITIVES[type_]) and (type_ == "boolean" or not isinstance(value, bool))


def of_list(value: list[object], parts: list[str], known: Mapping[str, Type], where: str) -> list[str]:
    if len(value) != len(parts):
        return [f"{where}: {len(parts)} values"]
    return [said for i, part in enumerate(parts) for said in complaints(value[i], part, known, f"{where}[{i}]")]


def of_object(value: object, type_: Mapping[str, str], known: Mapping[str, Type], where: str) -> list[str]:
    """Exactly the keys that a type names, but for those that may lack."""
    if not isinstance(value, dict):
        return [f"{where}: an object"]
    types = {name.rstrip("?"): expression for name, expression in type_.items()}
    needed = {name for name in type_ if not name.endswith("?")}
    said = [f"{where}.{name}: is missing" for name in sorted(needed - value.keys())]
    said += [f"{where}.{name}: is in no typedef" for name in sorted(value.keys() - types.keys())]
    inside = [complaints(value[name], types[name], known, f"{where}.{name}") for name in types if name in value]
    return said + [each for part in inside for each in part]
