"""Output of `hssgate policy test`: what the policies would do, as text and as JSON."""

from collections.abc import Sequence

from hssgate.cli.console import Console
from hssgate.judging.forecast import Forecast, ImageForecast
from hssgate.policy.load import LoadedPolicy
from hssgate.text import clean, plural

_MOST_SHOWN = 100  # images; JSON has all


def forecasts_as_text(images: Sequence[ImageForecast], console: Console) -> str:
    """Return what the policies would do, by rule and by image."""
    counts = {one: sum(image.forecast is one for image in images) for one in Forecast}
    others = [f"{count} {one}" for one, count in counts.items() if count and one is not Forecast.BLOCK]
    head = f"would block {counts[Forecast.BLOCK]} of {plural(len(images), 'image')}"
    head += f" ({', '.join(others)})" if others else ""
    lines = [console.paint_result(head, "bold"), *_table(images)]
    ordered = sorted(images, key=lambda image: [*Forecast].index(image.forecast))
    for image in ordered[:_MOST_SHOWN]:
        because = [rule.message for rule in image.rules if rule.forecast is image.forecast and not rule.only_warns]
        reason = image.message or "; ".join(because if image.forecast is not Forecast.ACCEPT else [])
        lines.append(
            f"  {image.forecast:<11}  {clean(image.image, 400)}" + (f": {clean(reason, 600)}" if reason else "")
        )
    if len(images) > _MOST_SHOWN:
        lines.append(f"  and {plural(len(images) - _MOST_SHOWN, 'more image')}; --format json has all")
    if any(rule.forecast is Forecast.NOT_JUDGED for image in images for rule in image.rules):
        lines.append("not judged: rules that need findings, files or baseline checks that were not read")
    return "\n".join(lines)


def _table(images: Sequence[ImageForecast]) -> list[str]:
    """Return the number of images by rule and by what it would do."""
    shown = [one for one in Forecast if one is not Forecast.NOT_SCANNED]
    counts = _by_rule(images)
    width = max(map(len, counts), default=0)
    if not counts:
        return []
    head = f"  {'rule':<{width}}" + "".join(f"  {one:>11}" for one in shown)
    return [
        head,
        *(f"  {rule:<{width}}" + "".join(f"  {found[one]:>11}" for one in shown) for rule, found in counts.items()),
    ]


def _by_rule(images: Sequence[ImageForecast]) -> dict[str, dict[Forecast, int]]:
    counts: dict[str, dict[Forecast, int]] = {}
    for image in images:
        for rule in image.rules:
            name = f"{rule.rule} ({clean(rule.policy, 200)})" if rule.policy else rule.rule
            counts.setdefault(name, dict.fromkeys(Forecast, 0))[rule.forecast] += 1
    return counts


def forecasts_as_json(images: Sequence[ImageForecast], policies: Sequence[LoadedPolicy]) -> dict[str, object]:
    """Return what the policies would do as a JSON document."""
    return {
        "policies": [{"path": loaded.source.path, "sha256": loaded.source.sha256} for loaded in policies],
        "summary": {
            one: sum(image.forecast is one for image in images) for one in Forecast if one is not Forecast.WARN
        },
        "rules": [{"rule": rule, **found} for rule, found in _by_rule(images).items()],
        "images": [
            {
                "image": image.image,
                "forecast": image.forecast,
                "message": image.message,
                "rules": [
                    {"rule": rule.rule, "policy": rule.policy, "forecast": rule.forecast, "message": rule.message}
                    for rule in image.rules
                ],
            }
            for image in images
        ],
    }
