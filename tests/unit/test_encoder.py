"""The encoder: as good as the model it was exported from, and clear about what is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from healthqa import encoder_export
from healthqa.encoder import OnnxEncoder
from healthqa.encoder_export import export_encoder, export_is_current, load_original
from healthqa.errors import EncoderError
from healthqa.settings import Settings

SUBJECTS = (
    "low B12",
    "a lack of vitamin B12",
    "stress",
    "too much coffee",
    "low magnesium",
    "hard exercise",
    "dehydration",
)
PLACES = ("my eyelid", "both calves", "the left foot", "one thumb", "the muscles of the thigh")
FRAMES = (
    "Can {0} cause twitching in {1}?",
    "{1} twitching {0}",
    "{0} is one of several things that can make {1} cramp. However, it is not the only one, and a blood test helps.",
    "hi, since 3 weeks {1} keeps jumping at night and my friend sais it is {0} ?? what shoud i do, is it dangerous",
    "How is {0} diagnosed when {1} hurts? " * 3,
    "\u00bfPuede {0} afectar {1}? \u7ef4\u751f\u7d20 \U0001f600",
)


def sentences() -> list[str]:
    """200 texts and more: short and long, careful and careless, some longer than the model reads."""
    texts = [frame.format(*parts) for frame, parts in product(FRAMES, product(SUBJECTS, PLACES))]
    texts += ["", " ", "?", "B12", "word " * 400, "x" * 300, "- a list\n- of two\n- items"]
    assert len(texts) >= 200
    return texts


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("encoder") / "encoder"
    return Settings.from_env({}, encoder_dir=folder)


@pytest.fixture(scope="session")
def exported(settings: Settings) -> Path:
    return export_encoder(settings)


@pytest.mark.slow
def test_export_gives_the_vectors_of_the_original(settings: Settings, exported: Path) -> None:
    texts = sentences()
    original = load_original(settings).encode(texts, normalize_embeddings=True)
    vectors = OnnxEncoder.load(exported).encode(texts)
    assert vectors.shape == (len(texts), 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert float((original * vectors).sum(axis=1).min()) >= 0.9999


@pytest.mark.slow
def test_vector_does_not_depend_on_what_is_encoded_beside_it(exported: Path) -> None:
    encoder = OnnxEncoder.load(exported)
    texts = sentences()[::10]
    together = encoder.encode(texts)
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert float((together * alone).sum(axis=1).min()) >= 0.99999


@pytest.mark.slow
def test_vector_that_is_kept_is_not_shared(exported: Path) -> None:
    encoder = OnnxEncoder.load(exported)
    first = encoder.encode(["a cramp"])
    wanted = first.copy()
    first[:] = 0.0
    assert np.array_equal(encoder.encode(["a cramp"]), wanted)


@pytest.mark.slow
def test_encoder_takes_any_text(exported: Path) -> None:
    encoder = OnnxEncoder.load(exported)
    vectors = encoder.encode(["\ud83d broken", "\x00\u202e", "a " * 2_000_000, ""])
    assert np.isfinite(vectors).all()
    assert encoder.encode([]).shape == (0, 384)


@pytest.mark.slow
def test_encoder_serves_several_threads(exported: Path) -> None:
    encoder = OnnxEncoder.load(exported)
    texts = sentences()[:20]
    expected = encoder.encode(texts)
    results: list[bool] = []

    def work() -> None:
        results.extend(bool(np.allclose(encoder.encode(texts), expected, atol=1e-5)) for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 12


@pytest.mark.slow
def test_serving_needs_neither_torch_nor_tensorflow(exported: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from healthqa.encoder import OnnxEncoder;"
        "OnnxEncoder.load(Path(sys.argv[1])).encode(['b12']);"
        "heavy = {'torch', 'tensorflow', 'transformers', 'sentence_transformers'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(exported)], check=True, cwd=root)


@pytest.mark.slow
def test_export_imports_no_tensorflow_and_is_done_once(settings: Settings, exported: Path) -> None:
    before = (exported / "model.onnx").stat().st_mtime_ns
    code = (
        "import sys; from pathlib import Path; from healthqa.settings import Settings;"
        "from healthqa.encoder_export import export_encoder, load_original;"
        "settings = Settings.from_env({}, encoder_dir=Path(sys.argv[1])); export_encoder(settings);"
        "assert 'torch' not in sys.modules; load_original(settings); assert 'tensorflow' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(exported)], check=True, cwd=root)
    assert (exported / "model.onnx").stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_damaged_export_is_refused(exported: Path, settings: Settings, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(exported, folder)
    assert export_is_current(replace(settings, encoder_dir=folder))
    (folder / name).write_bytes((folder / name).read_bytes()[:-100])
    with pytest.raises(EncoderError, match=rf"{name}.*run `make index`"):
        OnnxEncoder.load(folder)
    assert not export_is_current(replace(settings, encoder_dir=folder))
    (folder / name).unlink()
    with pytest.raises(EncoderError, match="make index"):
        OnnxEncoder.load(folder)


@pytest.mark.slow
def test_export_that_is_not_exact_is_not_put_in_place(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "encoder"
    monkeypatch.setattr(encoder_export, "MIN_COSINE", 1.1)
    with pytest.raises(EncoderError, match="not exact"):
        export_encoder(replace(settings, encoder_dir=folder))
    assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".encoder.lock"]


def test_other_weights_are_refused_before_they_are_loaded(settings: Settings, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderError, match="expected 53aa5117"):
        load_original(replace(settings, encoder_model=str(model)))


def test_model_that_is_not_there_is_named(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(EncoderError, match="cannot be loaded.*HEALTHQA_ENCODER"):
        load_original(replace(settings, encoder_model=str(empty), encoder_sha256=""))


def test_missing_export_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no exported encoder in .*nowhere\. Run `make index`"):
        OnnxEncoder.load(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"format": 99})])
def test_unreadable_card_says_what_to_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "encoder.json").write_text(text)
    with pytest.raises(EncoderError, match="make index"):
        OnnxEncoder.load(tmp_path)


def test_settings_name_another_model(tmp_path: Path) -> None:
    assert Settings.from_env({"HEALTHQA_ENCODER": "some/model"}).encoder_sha256 == ""
    assert not export_is_current(Settings.from_env({"HEALTHQA_ENCODER": "some/model"}, encoder_dir=tmp_path))
