import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from remint.config.source import ImageFolderFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")


def png(value: int, size: tuple[int, int] = (3, 2), mode: str = "L", form: str = "PNG") -> bytes:
    """A picture of one colour; `size` is width, height."""
    buffer = io.BytesIO()
    Image.new(mode, size, value if mode in ("L", "I;16") else (value, 0, 0, 128)[: len(mode)]).save(buffer, form)
    return buffer.getvalue()


def as_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def as_tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def read_archive(content: bytes) -> RawData:
    Path("stored").write_bytes(content)
    return read({"a.zip": Path("stored")}, ImageFolderFormat(kind="image-folder"))


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as error:
        read_archive(content)
    return str(error.value)


PETS = {"pets/dog/2.png": png(20), "pets/cat/9.PNG": png(9), "pets/cat/10.png": png(10), "pets/dog/1.png": png(1)}


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_rows_and_images_are_sorted_by_path(pack: Callable[[dict[str, bytes]], bytes]) -> None:
    raw = read_archive(pack(PETS))
    assert raw.images is not None
    assert raw.rows["file"].tolist() == ["pets/cat/10.png", "pets/cat/9.PNG", "pets/dog/1.png", "pets/dog/2.png"]
    assert raw.rows["label"].tolist() == ["cat", "cat", "dog", "dog"]
    assert raw.rows["readable"].tolist() == [True] * 4
    assert raw.rows[["height", "width", "channels"]].drop_duplicates().to_numpy().tolist() == [[2, 3, 1]]
    assert (raw.images.shape, raw.images.dtype) == ((4, 2, 3, 1), np.uint8)
    assert raw.images[:, 0, 0, 0].tolist() == [10, 9, 1, 20]


def test_the_order_inside_the_archive_does_not_count() -> None:
    first, second = read_archive(as_tar(PETS)), read_archive(as_zip(dict(reversed(PETS.items()))))
    assert first.rows.equals(second.rows)
    assert np.array_equal(first.images, second.images)


def test_a_file_that_does_not_decode_is_marked_and_black() -> None:
    damaged = png(200)[:-30]
    raw = read_archive(as_zip({"cat/1.png": b"no image", "cat/2.png": png(7), "dog/3.png": damaged, "dog/4.png": b""}))
    assert raw.images is not None
    assert raw.rows["readable"].tolist() == [False, True, False, False]
    assert raw.rows["label"].tolist() == ["cat", "cat", "dog", "dog"]
    assert raw.rows["width"].tolist() == [0, 3, 0, 0]
    assert raw.images.reshape(4, -1).max(axis=1).tolist() == [0, 7, 0, 0]


def test_grey_images_become_coloured_beside_coloured_ones_and_channels_tell() -> None:
    files = {"a/1.png": png(9), "a/2.png": png(8, mode="RGB"), "a/3.png": b"broken", "a/4.png": png(7, mode="RGBA")}
    raw = read_archive(as_zip(files))
    assert raw.images is not None
    assert raw.rows["channels"].tolist() == [1, 3, 0, 4]
    assert raw.images[:, 0, 0].tolist() == [[9, 9, 9, 255], [8, 0, 0, 255], [0, 0, 0, 0], [7, 0, 0, 128]]


def test_another_size_names_the_first_odd_file() -> None:
    files = {"a/1.png": png(1), "a/2.png": b"broken", "b/3.png": png(3, (4, 2)), "b/4.png": png(4, (5, 5))}
    assert refusal(as_zip(files)) == (
        "a.zip: b/3.png is 2×4, but a/1.png is 2×3 (height × width); all images must be of one size"
    )


def test_other_formats_are_read_and_other_files_passed_over() -> None:
    files = {"README": b"x", "cat/notes.txt": b"x", "__MACOSX/cat/1.png": b"x", "cat/.1.png": b"x", ".git/1.png": b"x"}
    pictures = {"cat/1.bmp": png(5, form="BMP"), "cat/2.gif": png(6, form="GIF"), "cat/3.tif": png(7, form="TIFF")}
    raw = read_archive(as_zip({**files, **pictures}))
    assert raw.rows["file"].tolist() == ["cat/1.bmp", "cat/2.gif", "cat/3.tif"]
    assert raw.rows["readable"].all()


def test_a_picture_in_no_folder_is_refused() -> None:
    assert refusal(as_zip({"1.png": png(1)})) == "a.zip: 1.png stands in no folder; allowed: …/CLASS/1.png"


def test_sixteen_bits_are_refused_not_cut() -> None:
    assert refusal(as_zip({"a/1.png": png(1000, mode="I;16")})).startswith('a.zip: a/1.png has pixels of mode "I;16"')


def test_archives_without_any_picture_are_refused() -> None:
    assert refusal(as_zip({"README": b"x"})).startswith("a.zip holds no image file; allowed: ")
    assert refusal(as_zip({"a/1.png": b"x", "a/2.png": b""})) == "a.zip: none of its 2 image files decodes"


@pytest.mark.parametrize("content", [b"neither", as_tar(PETS)[:200], as_zip(PETS)[:-40]])
def test_what_is_no_whole_archive_is_refused(content: bytes) -> None:
    assert refusal(content).startswith("a.zip is no zip or tar archive, or a damaged one: ")


def test_a_damaged_member_of_a_zip_is_no_unreadable_image() -> None:
    content = bytearray(as_zip({"a/1.png": png(1)}))
    content[60] ^= 0xFF
    assert "damaged" in refusal(bytes(content))


def test_archives_of_different_sizes_are_refused() -> None:
    Path("one").write_bytes(as_zip({"a/1.png": png(1)}))
    Path("two").write_bytes(as_zip({"a/1.png": png(1, (5, 5))}))
    with pytest.raises(DataError, match=r"two\.zip holds images of \(5, 5, 1\), but one\.zip of \(2, 3, 1\)"):
        read({"one.zip": Path("one"), "two.zip": Path("two")}, ImageFolderFormat(kind="image-folder"))
