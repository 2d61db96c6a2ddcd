"""Fingerprints by which code hosts recognise an entry in the next run."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from hssgate.reference import Reference

Key = tuple[str | None, ...]

_SCHEME = "hssgate/1"  # part of each hash; changing it, or the parts of a fingerprint, makes every alert a new one


def identities(references: Sequence[Reference]) -> list[Key]:
    """Return for each image the parts that identify it across runs.

    Version and digest are left out because they change with every push: a code host would close each alert and open
    a new one for the same finding. They are included only if one run checks several versions of an image.

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
    """Return the label of a group of rows, without the version if the reference names one."""
    if group is None or reference.image_version is None:
        return group
    return group.removesuffix(f":{reference.image_version}")


def fingerprints(keyed: Iterable[tuple[Key, str]]) -> list[str]:
    """Return a unique fingerprint for each key; the order of the keys does not matter.

    Args:
        keyed: pairs of a key that is the same in the next run, and a text that orders equal keys. Equal keys are
            numbered in that order.
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
    """Return a SHA-256 of the parts, which may contain any characters."""
    return hashlib.sha256(json.dumps([_SCHEME, *parts]).encode()).hexdigest()
