"""The JSON schema of repos.yaml and repos.local.yaml, for editors.

python -m runner.config.schema > docs/repos.schema.json
"""

import json
import sys
from typing import Any

from runner.config.model import ConfigFile


def schema() -> str:
    """Return the published schema. Nothing is required in it: what one file leaves out, the other or `defaults` may hold."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return f"{json.dumps(dialect | _without_required(ConfigFile.model_json_schema()), indent=2)}\n"


def _without_required(schema: dict[str, Any]) -> dict[str, Any]:
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
    return schema


if __name__ == "__main__":
    sys.stdout.write(schema())
