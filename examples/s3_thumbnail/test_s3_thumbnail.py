from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent


def test_a_real_jpeg_becomes_a_real_thumbnail(invoke: Any, event: Any, tmp_path: Path) -> None:
    shutil.copytree(HERE / "buckets" / "photos", tmp_path / "photos")
    result = invoke(event, PHOTO_STORE=str(tmp_path))
    assert result.function_error is None, result.payload
    [made] = json.loads(result.payload)["thumbnails"]
    assert made["written"] == str(tmp_path / "photos-thumbnails" / "summer" / "at the lake.jpg")
    picture: Image.Image = Image.open(made["written"])
    picture.load()
    assert (picture.format, picture.size) == ("JPEG", (made["width"], made["height"])) == ("JPEG", (256, 171))


def test_a_missing_photo_is_an_error_that_names_it(invoke: Any, event: Any, tmp_path: Path) -> None:
    result = invoke(event, PHOTO_STORE=str(tmp_path))
    error = json.loads(result.payload)
    assert (result.function_error, error["errorType"]) == ("Unhandled", "FileNotFoundError")
    assert "at the lake.jpg" in error["errorMessage"]


def test_a_key_cannot_lead_out_of_its_bucket(invoke: Any, event: Any, tmp_path: Path) -> None:
    event["Records"][0]["s3"]["object"]["key"] = "../../secret"
    error = json.loads(invoke(event, PHOTO_STORE=str(tmp_path)).payload)
    assert error["errorMessage"] == "key '../../secret' leads out of its bucket"
