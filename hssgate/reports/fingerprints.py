"""Fingerprints by which code hosts recognise an entry in the next run."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from hssgate.reference import Reference

Key = tuple[str | None, ...]

_SCHEME = "hssgate/1"  # a change of what goes into a fingerprint makes every alert a new one


def identities(references: Sequence[Reference]) -> list[Key]:
    """Return what makes each image the same image in the next run.

    Version and digest are left out, for both change with every push: an alert would never be seen again, nor closed.
    Only where one run asks for several versions of an image do they tell those apart, and so do its registries.

    Args:
        references: all images of the run.
    """
    names: list[Key] = [(found.cicd_name, found.namespace, found.image_name) for found in references]
    shared = Counter(names)
    return [
        (*name, found.image_version, found.image_digest, *([found.registry] if found.registry else []))
        if shared[name] > 1
        else name
        for name, found in zip(names, references, strict=True)
    ]


def group_key(group: str | None, reference: Reference) -> str | None:
    """Return the label of a group of rows without the version, where the reference gives all groups the same."""
    if group is None or reference.image_version is None:
        return group
    return group.removesuffix(f":{reference.image_version}")


def fingerprints(keyed: Iterable[tuple[Key, str]]) -> list[str]:
    """Return a fingerprint for each key, no two alike and independent of the order.

    Args:
        keyed: what is the same in the next run; and what tells those apart that have it in common, which are numbered.
    """
    alike: defaultdict[Key, list[tuple[str, int]]] = defaultdict(list)
    for position, (key, rest) in enumerate(keyed):
        alike[key].append((rest, position))
    return [
        mark
        for _, mark in sorted(
            (position, digest(*key, str(number) if number else None))
            for key, members in alike.items()
            for number, (_, position) in enumerate(sorted(members))
        )
    ]


def digest(*parts: str | None) -> str:
    """Return a hash of the parts, which may hold any characters."""
    return hashlib.sha256(json.dumps([_SCHEME, *parts]).encode()).hexdigest()
