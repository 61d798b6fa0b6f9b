"""Physical names for resources that were given none."""

import hashlib

from sandbox.provider.resource import AutoName, Call
from sandbox.provider.values import Props

_DIGITS = 7


def physical_name(rule: AutoName, logical: str, inputs: Props, seed: bytes) -> str:
    """`<logical>-<seven hexadecimal digits>`, the same for the same `seed`, so that a preview and its update agree."""
    digits = hashlib.sha256(seed or logical.encode()).hexdigest()[:_DIGITS]
    prefix = inputs.get(rule.prefix) if rule.prefix else None
    suffix = _suffix(rule, inputs)
    room = rule.max_length - _DIGITS - len(suffix) - len(rule.form.format(""))
    start = str(prefix)[:room] if isinstance(prefix, str) else f"{logical}-".replace("-", rule.separator)[:room]
    bare = f"{start}{digits}{suffix}"
    bare = bare.lower() if rule.lower else bare
    return bare if isinstance(prefix, str) else rule.form.format(bare)


def _suffix(rule: AutoName, inputs: Props) -> str:
    if rule.suffix_when is None:
        return ""
    condition, suffix = rule.suffix_when
    return suffix if inputs.get(condition) is True else ""


def tag_list(tags: Props | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of pairs that most AWS calls take."""
    return [{key: name, value: content} for name, content in sorted((tags or {}).items())]


def tag_map(pairs: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> Props:
    """Tags as a map; AWS's own (`aws:`) are left out, as nobody may set them."""
    return {pair[key]: pair[value] for pair in pairs or [] if not pair[key].startswith("aws:")}


def tag_changes(call: Call) -> tuple[list[str], Props]:
    """What an update does to tags: the keys to take away, and the tags to set."""
    old, new = call.old.get("tags") or {}, call.new.get("tags") or {}
    return [key for key in sorted(old) if key not in new], {
        key: content for key, content in new.items() if old.get(key) != content
    }
