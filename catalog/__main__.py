"""Writes what is derived from the catalogue into the repository: `python -m catalog`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from catalog import accessmatrix, inventory, load
from catalog.alerts import book as alertbook
from catalog.model import Catalog

ENVIRONMENTS = ("staging", "prod")


def derived_files(catalog: Catalog) -> Mapping[Path, str]:
    """Path from the root and text of every derived file; a test compares them with what is committed."""
    schema = Catalog.model_json_schema()
    return {
        Path("ACCESS.md"): accessmatrix.markdown(catalog, [load.environment(name) for name in ENVIRONMENTS]),
        Path("ALERTS.md"): alertbook.markdown(catalog, load.environment("prod")),
        Path("INVENTORY.md"): inventory.markdown(catalog),
        Path("catalog/secrets.schema.json"): json.dumps(schema, indent=2, sort_keys=True) + "\n",
    }


if __name__ == "__main__":
    for path, text in derived_files(load.catalog()).items():
        (load.ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
