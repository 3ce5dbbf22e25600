"""Files, versions and locks of the index folder. A reader never sees half an index, a writer never takes one away."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from healthqa.encoder import Encoder
from healthqa.errors import IndexFolderError
from healthqa.types import Passage, Table

__all__ = [
    "FORMAT",
    "PASSAGES_FILE",
    "REBUILD",
    "VECTORS_FILE",
    "Manifest",
    "ReadLock",
    "build_lock",
    "check_encoder",
    "current_version",
    "lock_current",
    "passages_from_jsonl",
    "passages_to_jsonl",
    "put_in_place",
    "read_files",
    "read_manifest",
    "remove_old_versions",
]

FORMAT = 1
POINTER = "current"
VERSIONS = "versions"
LOCK_FILE = "in-use.lock"
MANIFEST_FILE = "manifest.json"
VECTORS_FILE = "vectors.faiss"
PASSAGES_FILE = "passages.jsonl"
_VERSION = re.compile(r"[0-9A-Za-z]+(-[0-9A-Za-z]+)*")
REBUILD = "Run `make index`."


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says.

    :param kind: `flat` (exact search) or `hnsw`.
    :param articles: SHA-256 of each article file, by file name.
    :param content: hash of everything the version was made of; equal hashes need no new version.
    :param built: time of the build, UTC.
    :param files: SHA-256 of each file beside the manifest.
    """

    format: int
    encoder_name: str
    encoder_fingerprint: str
    dimension: int
    passages: int
    vectors: int
    kind: str
    articles: Mapping[str, str]
    content: str
    built: str
    files: Mapping[str, str]


class ReadLock:
    """Keeps a version's folder on disk while somebody has it loaded; given up with the object or by `release`."""

    def __init__(self, version: str, folder: Path, stream: IO[bytes]) -> None:
        self.version = version
        self.folder = folder
        self._stream = stream

    def release(self) -> None:
        """Let a later build remove the folder."""
        self._stream.close()

    def __del__(self) -> None:
        self._stream.close()


def current_version(index_dir: Path) -> str:
    """Return the version in use, or "" where there is none. One small read: cheap enough for every turn."""
    try:
        version = (Path(index_dir) / POINTER).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    # It becomes part of a path: a damaged pointer must not lead elsewhere.
    return version if _VERSION.fullmatch(version) else ""


def lock_current(index_dir: Path) -> ReadLock:
    """Lock the version in use against removal.

    :raises IndexFolderError: if there is none.
    """
    for _ in range(20):
        version = current_version(index_dir)
        if not version:
            break
        folder = Path(index_dir) / VERSIONS / version
        try:
            stream = (folder / LOCK_FILE).open("rb")
        except OSError:
            if current_version(index_dir) == version:
                break
            continue  # replaced and removed between the two reads
        fcntl.flock(stream, fcntl.LOCK_SH)
        # A build may have removed the folder before the lock was ours; then the pointer has moved on.
        if (folder / MANIFEST_FILE).exists() or current_version(index_dir) == version:
            return ReadLock(version, folder, stream)
        stream.close()
    raise IndexFolderError(f"There is no index in {index_dir}. {REBUILD}")


def read_manifest(folder: Path) -> Manifest:
    """Read a version's manifest.

    :raises IndexFolderError: if it is missing, damaged, or of another format.
    """
    path = folder / MANIFEST_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("format") != FORMAT:
            found = values.get("format")
            raise IndexFolderError(f"{path} has format {found}, this version of healthqa reads {FORMAT}. {REBUILD}")
        return Manifest(**values)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexFolderError(f"{path} cannot be read ({error}). {REBUILD}") from error


def check_encoder(manifest: Manifest, encoder: Encoder, folder: Path) -> None:
    """Refuse vectors of another encoder: their cosines would mean nothing.

    :raises IndexFolderError: if the fingerprints or dimensions differ.
    """
    if (manifest.encoder_fingerprint, manifest.dimension) != (encoder.fingerprint, encoder.dimension):
        raise IndexFolderError(
            f"The index in {folder} was built with the encoder {manifest.encoder_name} "
            f"({manifest.encoder_fingerprint[:12]}), in use is {encoder.name} ({encoder.fingerprint[:12]}). {REBUILD}"
        )


def read_files(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """Read a version's files.

    :raises IndexFolderError: if one is missing or is not the one that was built.
    """
    data: dict[str, bytes] = {}
    for name in (VECTORS_FILE, PASSAGES_FILE):
        try:
            data[name] = (folder / name).read_bytes()
        except OSError as error:
            raise IndexFolderError(f"{folder / name} cannot be read ({error.strerror}). {REBUILD}") from error
        if hashlib.sha256(data[name]).hexdigest() != manifest.files.get(name):
            raise IndexFolderError(f"{folder / name} is not the file that was built (damaged?). {REBUILD}")
    return data


def passages_to_jsonl(passages: Sequence[Passage]) -> bytes:
    """Return one JSON line per passage."""
    lines = (json.dumps(asdict(passage), ensure_ascii=False, sort_keys=True) for passage in passages)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def passages_from_jsonl(data: bytes, folder: Path) -> tuple[Passage, ...]:
    """Read what `passages_to_jsonl` wrote.

    :raises IndexFolderError: if a line is no passage.
    """
    try:
        # Not splitlines(): a text may hold U+2028, which is a line end to Python but not to JSON.
        return tuple(_passage(json.loads(line)) for line in data.decode("utf-8").split("\n") if line)
    except (ValueError, TypeError, KeyError) as error:
        raise IndexFolderError(f"{folder / PASSAGES_FILE} cannot be read ({error}). {REBUILD}") from error


def _passage(values: dict[str, Any]) -> Passage:
    table = values["table"]
    if table is not None:
        rows = tuple(tuple(row) for row in table["rows"])
        values["table"] = Table(tuple(table["columns"]), rows, table["caption"])
    for name in ("sentences", "encode_texts"):
        values[name] = tuple(values[name])
    return Passage(**values)


@contextlib.contextmanager
def build_lock(index_dir: Path) -> Iterator[None]:
    """Let one build write at a time.

    :raises IndexFolderError: if another one is running, or the folder cannot be written.
    """
    index_dir = Path(index_dir)
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        stream = (index_dir / "build.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise IndexFolderError(f"{index_dir} cannot be written ({error.strerror}). Check its permissions.") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            process = stream.read().strip() or "unknown"
            raise IndexFolderError(
                f"Another build of {index_dir} is running (process {process}). Wait for it, then try again."
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        with contextlib.suppress(OSError):  # the process id is a courtesy; a full disk is told by the build itself
            stream.flush()
        yield


def put_in_place(index_dir: Path, manifest: Manifest, files: Mapping[str, bytes]) -> str:
    """Write a new version completely, then let the pointer name it, then remove versions nobody uses.

    Call it under `build_lock`.

    :returns: the new version.
    :raises IndexFolderError: if it cannot be written; the version in use is untouched then.
    """
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
    version = f"{stamp}-{manifest.content[:12]}"
    versions = index_dir / VERSIONS
    building: Path | None = None
    try:
        versions.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=versions, prefix=".building-"))
        building.chmod(0o755)
        text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
        for name, data in {**files, MANIFEST_FILE: text.encode(), LOCK_FILE: b""}.items():
            _write(building / name, data)
        _sync(building)
        os.replace(building, versions / version)
        _sync(versions)
        pointer = index_dir / f".{POINTER}.new"
        _write(pointer, f"{version}\n".encode())
        os.replace(pointer, index_dir / POINTER)
        _sync(index_dir)
    except OSError as error:
        for leftover in (building, versions / version):
            if leftover is not None and current_version(index_dir) != version:
                shutil.rmtree(leftover, ignore_errors=True)
        raise IndexFolderError(
            f"The index could not be written to {index_dir} ({error.strerror or error}). "
            f"The index in use is unchanged. Free the disk or the folder's permissions. {REBUILD}"
        ) from error
    remove_old_versions(index_dir)
    return version


def remove_old_versions(index_dir: Path) -> None:
    """Remove versions that nobody has loaded, and what an interrupted build left. Call it under `build_lock`."""
    keep = current_version(index_dir)
    for folder in (index_dir / VERSIONS).iterdir():
        if folder.name == keep or not folder.is_dir():
            continue
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as stack:
            if (folder / LOCK_FILE).exists():
                stream = stack.enter_context((folder / LOCK_FILE).open("rb"))
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # loaded by a running assistant; a later build removes it
            shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
