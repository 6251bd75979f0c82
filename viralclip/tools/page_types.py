"""`viralclip types`: writes the page's TypeScript types from the API's own description, and its
table of steps from ours."""

import json
import subprocess
from pathlib import Path
from typing import Any

from viralclip.errors import InvalidRequestError
from viralclip.server.app import routes
from viralclip.steps import (
    ENDS,
    OLD_ANALYSED_ROUTE,
    PLAIN_ROUTE,
    STEPS,
    Step,
    StepFacts,
    order_of,
)

_WEB = Path(__file__).parent.parent.parent / "web"
_TYPES = "src/api.gen.ts"
_STEPS = "src/steps.gen.ts"
_TOOL = "node_modules/.bin/openapi-typescript"


class GeneratorMissingError(InvalidRequestError):
    """The page's tools are not installed: run `npm ci` in the folder web of a source checkout."""

    code = "generator_missing"


class StaleTypesError(InvalidRequestError):
    """The page's types do not describe this API; run `viralclip types` and commit web/{target}."""

    code = "stale_types"


def write_types(*, web: Path = _WEB) -> None:
    """Write both where the page imports them from."""
    for target, content in _generated(web).items():
        (web / target).write_text(content, encoding="utf-8")


def check_types(*, web: Path = _WEB) -> None:
    """Fail if what is in the tree is not what this API and these steps generate."""
    for target, content in _generated(web).items():
        path = web / target
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            raise StaleTypesError(target=target)


def step_table() -> str:
    """The steps as TypeScript."""
    rows = {step: _row(step, facts) for step, facts in STEPS.items()}
    routes = {"plain": PLAIN_ROUTE, "analysed": OLD_ANALYSED_ROUTE}
    return "\n".join(
        [
            "// Written by `viralclip types` from viralclip/steps.py.",
            "",
            'import type { Step } from "./api.gen";',
            "",
            "/** `order` is its place in a clip's way; a step without one says how a clip goes. */",
            "export interface StepFacts {",
            "  words: string;",
            "  weight: number;",
            "  order: number;",
            "}",
            "",
            "export const STEPS: Record<Step, StepFacts> = {",
            *(f"  {step}: {json.dumps(row)}," for step, row in rows.items()),
            "};",
            "",
            "/** Of clips whose outline says only whether they are analysed. */",
            "export const OLD_ROUTES: { plain: Step[]; analysed: Step[] } = {",
            *(f"  {name}: {json.dumps(route)}," for name, route in routes.items()),
            "};",
            "",
            f"export const ENDS: ReadonlySet<Step> = new Set<Step>({json.dumps(sorted(ENDS))});",
            "",
        ]
    )


def _row(step: Step, facts: StepFacts) -> dict[str, str | float]:
    return {"words": facts.words, "weight": facts.weight, "order": order_of(step)}


def description() -> dict[str, Any]:
    """The API as OpenAPI."""
    return routes().openapi()


def _generated(web: Path) -> dict[str, str]:
    """Both files by their path under the page's folder."""
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
    return {_TYPES: made.stdout, _STEPS: step_table()}
