"""Build time only: a sentence-transformers model -> ONNX files that `OnnxEncoder` serves without torch."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from healthqa.encoder import (
    CARD_FILE,
    FORMAT,
    MODEL_FILE,
    TOKENIZER_FILE,
    EncoderCard,
    OnnxEncoder,
    file_sha256,
    read_card,
)
from healthqa.errors import EncoderError
from healthqa.folders import made_anew
from healthqa.settings import Settings

__all__ = ["OPSET", "export_encoder", "export_is_current", "load_original", "weights_sha256"]

logger = logging.getLogger(__name__)

MIN_COSINE = 0.9999
OPSET = 14
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
SAMPLE_TEXTS = (
    "Can low vitamin B12 cause muscle twitching?",
    "night cramps",
    "A blood test measures the level of the vitamin. If the result is unclear, a second test may follow.",
    "My calf has been jumping for three weeks, mostly in the evening, and I do not know whether it is stress, too much "
    "coffee, the long runs I do at the weekend or something in my diet, for I have eaten no meat for about ten years. "
    "Should I see somebody about it, and what would they look for first?",
)


def export_encoder(settings: Settings) -> Path:
    """Export `settings.encoder_model` into `settings.encoder_dir`; nothing is done when it is there already.

    The new files are compared with the original model before they take the place of the old ones.

    :returns: the folder.
    :raises EncoderError: if the model is missing, has other weights than expected, or the export is not exact.
    """
    target = settings.encoder_dir
    if export_is_current(settings):
        return target
    try:
        with made_anew(target) as fresh:
            if export_is_current(settings):  # another process exported while this one waited for the lock
                return target
            _write_export(settings, fresh)
        logger.info("The encoder was exported to %s.", target)
    except OSError as error:
        raise EncoderError(
            f"The encoder could not be written to {target} ({error.strerror or error}). "
            "What was there is unchanged. Free the disk or the folder's permissions, then run `make index`."
        ) from error
    return target


def export_is_current(settings: Settings) -> bool:
    """Say whether the exported files are there, undamaged, and made from the model that the settings name."""
    try:
        card = read_card(settings.encoder_dir)
        if card.name != _display_name(settings.encoder_model):
            return False
        if settings.encoder_sha256 and card.sha256 != settings.encoder_sha256:
            return False
        return all(file_sha256(settings.encoder_dir / name) == value for name, value in card.files.items())
    except (EncoderError, OSError):
        return False


def load_original(settings: Settings) -> Any:  # noqa: ANN401 - sentence-transformers is imported here only
    """Load the sentence-transformers model that the settings name, on the CPU, after its weights were checked.

    :raises EncoderError: if it cannot be had or has other weights than `settings.encoder_sha256`.
    """
    folder = _model_folder(settings.encoder_model)
    if folder is not None:
        _check_weights(_weights_sha256(folder), settings)
    # TensorFlow comes with Rasa; transformers would import it for ten seconds and then not use it.
    os.environ["USE_TF"] = "0"
    try:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder) if folder else settings.encoder_model, device="cpu")
    except Exception as error:  # the hub client, transformers and torch have no common base of errors
        raise EncoderError(
            f"The encoder model {settings.encoder_model!r} cannot be loaded ({type(error).__name__}: {error}). "
            "Install its package (`make run` does that for the default one), or name a folder that holds a "
            "sentence-transformers model in HEALTHQA_ENCODER."
        ) from error


def _write_export(settings: Settings, folder: Path) -> None:
    model = load_original(settings)
    weights = _weights_sha256(_model_folder(settings.encoder_model)) or _state_sha256(model)
    _check_weights(weights, settings)
    model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
    _export_graph(model, folder / MODEL_FILE)
    files = {name: file_sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
    length = int(model.max_seq_length or 256)
    identity = f"{FORMAT}|{weights}|{files[TOKENIZER_FILE]}|{length}"
    card = EncoderCard(
        name=_display_name(settings.encoder_model),
        dimension=int(model.get_sentence_embedding_dimension()),
        max_length=length,
        pooling=_pooling(model),
        normalize=True,
        sha256=weights,
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        files=files,
    )
    (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    worst = _worst_cosine(model, OnnxEncoder.load(folder), SAMPLE_TEXTS)
    if worst < MIN_COSINE:
        raise EncoderError(
            f"The export of {card.name} is not exact: cosine {worst:.5f} with the original, at least {MIN_COSINE} "
            "is needed. Nothing was changed. Name another model in HEALTHQA_ENCODER."
        )


def _export_graph(model: Any, path: Path) -> None:  # noqa: ANN401
    """Write the whole model, pooling included, as one graph with free batch and length axes."""
    import torch

    features = model.tokenize(["a short text", "a second text that is a little longer than the first"])
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in features]

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            output = self.model(dict(zip(names, tensors, strict=True)))
            return cast("torch.Tensor", output["sentence_embedding"])

    axes = {name: {0: "texts", 1: "tokens"} for name in names} | {"embedding": {0: "texts"}}
    model.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of shape checks that do not depend on the input
        torch.onnx.export(
            Graph(),
            tuple(features[name] for name in names),
            str(path),
            input_names=names,
            output_names=["embedding"],
            dynamic_axes=axes,
            opset_version=OPSET,
        )


def _worst_cosine(model: Any, exported: OnnxEncoder, texts: Sequence[str]) -> float:  # noqa: ANN401
    """Return the smallest cosine between the original's and the export's vectors of the texts."""
    original = cast("NDArray[np.float32]", model.encode(list(texts), normalize_embeddings=True))
    return float((original * exported.encode(texts)).sum(axis=1).min())


def _model_folder(name: str) -> Path | None:
    """Return the folder of a local model: a folder as such, or the `model` folder of an installed package."""
    if Path(name).is_dir():
        return Path(name)
    module = name.replace("-", "_")
    if not module.isidentifier():
        return None
    spec = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        if (Path(place) / "model" / "config.json").is_file():
            return Path(place) / "model"
    return None


def weights_sha256(name: str) -> str:
    """Return the hash of a local model's weight file; empty when it has none on this disk."""
    return _weights_sha256(_model_folder(name))


def _weights_sha256(folder: Path | None) -> str:
    for name in WEIGHT_FILES if folder else ():
        path = cast("Path", folder) / name
        if path.is_file():
            return file_sha256(path)
    return ""


def _state_sha256(model: Any) -> str:  # noqa: ANN401
    """Hash the loaded weights of a model that has no weight file of ours to hash (a hub download)."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _check_weights(found: str, settings: Settings) -> None:
    if settings.encoder_sha256 and found and found != settings.encoder_sha256:
        raise EncoderError(
            f"The weights of {settings.encoder_model} have SHA-256 {found}, expected {settings.encoder_sha256}. "
            "They are not the weights this was tested with: install the package again, or set "
            "HEALTHQA_ENCODER_SHA256 if you changed the model on purpose."
        )


def _display_name(model: str) -> str:
    return Path(model).resolve().name if Path(model).is_dir() else model


def _pooling(model: Any) -> str:  # noqa: ANN401
    modes = (module.get_pooling_mode_str() for module in model if hasattr(module, "get_pooling_mode_str"))
    return str(next(modes, "none"))
