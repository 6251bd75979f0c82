"""Values that carry a clip's route, and read what older and newer versions wrote."""

from typing import Any, cast

from pydantic import BaseModel, computed_field, field_validator, model_validator

from viralclip.steps import PLAIN_ROUTE, Route, Step, is_analysed, old_route


class Routed(BaseModel, frozen=True):
    """Something with a route: the steps of a clip that take time, in their order.

    `analysed` is what versions before routes read instead, and what is read of theirs.
    """

    route: Route = PLAIN_ROUTE

    @model_validator(mode="before")
    @classmethod
    def _read_old(cls, fields: object) -> object:
        known = _fields(fields)
        if known is None or "route" in known:
            return fields
        return {**known, "route": old_route(analysed=bool(known.get("analysed")))}

    @field_validator("route", mode="before")
    @classmethod
    def _leave_out_unknown(cls, route: Any) -> Any:
        """Steps that only a newer version knows are left out."""
        known = set(Step)
        return tuple(step for step in route if step in known)

    @computed_field
    @property
    def analysed(self) -> bool:
        return is_analysed(self.route)


def _fields(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None
