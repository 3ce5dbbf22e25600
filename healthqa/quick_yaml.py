"""Safe YAML by libyaml: large content files are read in a tenth of the time that the loader in Python takes."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["QUICK_LOADER", "quick_load"]

# PyYAML can be installed without libyaml.
QUICK_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def quick_load(text: str) -> Any:  # noqa: ANN401
    """Return what `yaml.safe_load` returns.

    :raises yaml.YAMLError: when it is not YAML.
    """
    return yaml.load(text, Loader=QUICK_LOADER)  # noqa: S506  the loader is a safe one
