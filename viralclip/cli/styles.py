"""`viralclip styles`: the styles that are installed, and what a scene can tell them."""

from viralclip.steps import STEPS, route_of
from viralclip.styles import OptionedStyle, Style, all_styles, broken_styles


def show() -> None:
    for style in all_styles().values():
        print(style.name)
        print(f"  {style.summary}")
        for option in _options(style):
            print(f"  option: {option}")
        print(f"  steps: {_steps(style)}")
    for broken in broken_styles():
        print(f"{broken.name} of {broken.package} cannot be used: {broken.problem}")


def _options(style: Style) -> list[str]:
    if not isinstance(style, OptionedStyle):
        return []
    about = " ".join((style.options.__doc__ or "").split())
    return [f"{name} - {about}" for name in style.options.model_fields]


def _steps(style: Style) -> str:
    return ", ".join(STEPS[step].words for step in route_of(analysed=style.analysed))
