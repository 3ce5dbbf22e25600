"""Safe YAML by libyaml: large content files are read in a tenth of the time that the loader in Python takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from healthqa.errors import ContentError

__all__ = ["QUICK_LOADER", "quick_load", "read_content"]

# PyYAML can be installed without libyaml.
QUICK_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def quick_load(text: str) -> Any:  # noqa: ANN401
    """Return what `yaml.safe_load` returns.

    :raises yaml.YAMLError: when it is not YAML.
    """
    return yaml.load(text, Loader=QUICK_LOADER)  # noqa: S506  the loader is a safe one


def read_content(path: Path, loader: type[Any] = QUICK_LOADER) -> Any:  # noqa: ANN401
    """Return what a file of an editor's holds.

    :param loader: a safe loader.
    :raises ContentError: when it cannot be read or is not YAML; it names the line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  the loader is a safe one
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, f"The file cannot be read ({error}).", "Save it as UTF-8 text.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        where = f"line {mark.line + 1}" if mark else ""
        raise ContentError(path, f"It is not valid YAML: {problem}.", "Mend that line.", where) from error
