"""`viralclip types`: writes the page's TypeScript types from the API's own description."""

import json
import subprocess
from pathlib import Path
from typing import Any, cast

from viralclip.errors import InvalidRequestError
from viralclip.server.app import create_app
from viralclip.server.identity import NoSignIn
from viralclip.server.services import Services

_WEB = Path(__file__).parent.parent.parent / "web"
_TARGET = "src/api.gen.ts"
_TOOL = "node_modules/.bin/openapi-typescript"


class GeneratorMissingError(InvalidRequestError):
    """The page's tools are not installed: run `npm ci` in the folder web of a source checkout."""

    code = "generator_missing"


class StaleTypesError(InvalidRequestError):
    """The page's types do not describe this API; run `viralclip types` and commit web/{target}."""

    code = "stale_types"


def write_types(*, web: Path = _WEB) -> Path:
    """Write the types where the page imports them from."""
    target = web / _TARGET
    target.write_text(_generated(web), encoding="utf-8")
    return target


def check_types(*, web: Path = _WEB) -> None:
    """Fail if the types in the tree are not those that this API generates."""
    if (web / _TARGET).read_text(encoding="utf-8") != _generated(web):
        raise StaleTypesError(target=_TARGET)


def description() -> dict[str, Any]:
    """The API as OpenAPI; describing it touches none of the services."""
    nothing = cast("Any", None)
    services = Services(
        catalog=nothing,
        channel=nothing,
        jobs=nothing,
        feeds=nothing,
        storage_url="",
        engine_url="",
        open_storage=nothing,
        probe=nothing,
        identify=nothing,
        uploads=Path(),
    )
    return create_app(services, sign_in=NoSignIn()).openapi()


def _generated(web: Path) -> str:
    tool = web / _TOOL
    if not tool.exists():
        raise GeneratorMissingError
    made = subprocess.run(
        [tool, "--root-types", "--root-types-no-schema-prefix"],
        input=json.dumps(description()),
        capture_output=True,
        check=True,
        text=True,
        cwd=web,
    )
    return made.stdout
