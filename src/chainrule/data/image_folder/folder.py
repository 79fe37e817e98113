"""Images of a folder, in one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import bad_argument, checked_choice, checked_count, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.file_argument import checked_name
from chainrule.data.image_folder.decoding import ENDINGS, Color, require_pillow
from chainrule.data.image_folder.images import Images
from chainrule.errors import ArgumentError, DataError, counted, warn

__all__ = ["images"]

_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}
"""Names of folders that are parts of a data set, rather than classes."""


@answers_foreign_names(DATA_ALIASES)
def images(
    folder: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = (64, 64),
    color: Color = "rgb",
    crop: bool = False,
    classes: str | Sequence[str] | None = "folders",
) -> Images:
    """Return the images of a folder that has a folder of images for each class.

    Images are decoded when they are indexed: `Images.arrays` reads all, ``images[i]`` one. The EXIF
    orientation of photographs is applied, transparent pixels are drawn on white, and images of 16
    bits are scaled to 8.

    Parameters
    ----------
    folder : str or path
        The folder; its folders are the classes, with images in them or in folders below.
    size : int, (height, width) or None
        The size to which each image is resized, bilinearly. None keeps the sizes.
    color : {"rgb", "grey"}
        Three channels or one.
    crop : bool
        Keep the aspect, and cut off what is beyond the size around the centre. Images are stretched
        otherwise.
    classes : "folders", sequence of str or None
        The names of folders to use as classes, in this order; all in alphabetical order by default.
        None reads images without classes, such as those to predict.

    Returns
    -------
    Images
        With ``class_names``, ``labels``, ``paths``, ``arrays()`` and ``split()``.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    DataError
        If there are no images, no folders of classes, or a class has no image.
    OSError
        If the folder cannot be read.

    Warns
    -----
    ChainruleWarning
        If images beside the folders of the classes are left out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, colour in [("cats/1.png", "red"), ("cats/2.png", "brown"), ("dogs/1.png", "tan")]:
    ...     (folder / name).parent.mkdir(exist_ok=True)
    ...     Image.new("RGB", (40, 30), colour).save(folder / name)
    >>> pets = images(folder, size=(24, 32))
    >>> pets.class_names, len(pets)
    (['cats', 'dogs'], 3)
    >>> X, y = pets.arrays()
    >>> X.shape, y
    ((3, 24, 32, 3), array([0, 0, 1]))
    >>> X[0, 0, 0]
    array([255,   0,   0], dtype=uint8)
    """
    require_pillow()
    root = _checked_folder(folder)
    options: Any = (
        _checked_size(size),
        checked_choice("data.images", "color", color, ("rgb", "grey")),
        checked_flag("data.images", "crop", crop),
    )
    if classes is None:
        paths = _images_below(root)
        if not paths:
            raise DataError(f"data.images: {root} has no images (of {_endings()})")
        return Images(paths, None, [], *options)
    names = _class_names(root, classes)
    files = [_images_below(root / name) for name in names]
    for name, paths in zip(names, files, strict=True):
        if not paths:
            raise DataError(
                f"data.images: the folder {name} of {root} has no images (of {_endings()}); remove "
                "it, or name the others by classes=[...]"
            )
    labels = np.repeat(np.arange(len(names)), [len(paths) for paths in files])
    return Images([path for paths in files for path in paths], labels, names, *options)


def _checked_folder(folder: Any) -> Path:
    root = Path(checked_name("data.images", folder))
    if root.is_dir():
        return root
    if root.is_file():
        raise NotADirectoryError(f"data.images: {root} is a file; give the folder of the classes")
    there = next(each for each in (*root.parents, Path()) if each.is_dir())
    inside = ", ".join(sorted(each.name for each in there.iterdir() if each.is_dir())[:5])
    raise FileNotFoundError(
        f"data.images: there is no folder {root}; {there.resolve()} has the folders "
        f"{inside or 'none'}"
    )


def _checked_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int | np.integer) else size
    if not isinstance(sides, tuple | list) or len(sides) != 2:
        raise bad_argument("data.images", "size", size, "(height, width) in pixels, or None")
    height, width = (
        checked_count("data.images", "size", side, note=": (height, width)", most=65535)
        for side in sides
    )
    return height, width


def _class_names(root: Path, classes: Any) -> list[str]:
    """Return the folders of the classes."""
    folders = sorted(each.name for each in root.iterdir() if each.is_dir() and not _is_hidden(each))
    beside = [each for each in root.iterdir() if _is_image(each)]
    if isinstance(classes, str) and classes == "folders":
        return _inferred_classes(root, folders, beside)
    if isinstance(classes, str) or not isinstance(classes, list | tuple) or not classes:
        rule = '"folders", a list of names of folders, or None for images without classes'
        raise bad_argument("data.images", "classes", classes, rule)
    for name in classes:
        if name not in folders:
            raise ArgumentError(
                f"data.images: classes has {name!r:.60}, but the folders are "
                f"{', '.join(folders) or 'none':.200}"
            )
    if len(set(classes)) < len(classes):
        raise ArgumentError(f"data.images: classes has a name twice: {', '.join(classes):.200}")
    return list(classes)


def _inferred_classes(root: Path, folders: list[str], beside: list[Path]) -> list[str]:
    if not folders:
        there = counted(len(beside), "image") if beside else "neither images nor folders"
        raise DataError(
            f"data.images: {root} has {there}, and no folder for each class; move the images of a "
            "class into a folder, or pass classes=None for images without classes"
        )
    if _PARTS.issuperset(name.lower() for name in folders):
        raise DataError(
            f"data.images: the folders of {root} are {', '.join(folders)}, parts of a data set "
            f"rather than classes; read each, as {str(root / folders[0])!r}"
        )
    below = sorted(each.name for each in (root / folders[0]).iterdir() if each.is_dir())
    if len(folders) == 1 and below and not any(map(_is_image, (root / folders[0]).iterdir())):
        raise DataError(
            f"data.images: {root} has one folder, {folders[0]}, which has the folders "
            f"{', '.join(below):.200}; read {str(root / folders[0])!r}, if these are the classes"
        )
    if beside:
        warn(
            f"data.images: {len(beside)} images of {root} itself are in no folder of a class, and "
            f"left out, first {beside[0].name}"
        )
    return folders


def _images_below(folder: Path) -> list[Path]:
    """Return the images in a folder and those below it, in alphabetical order."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(Path(name))]
        found += [Path(parent) / name for name in names]
    return sorted(filter(_is_image, found))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not _is_hidden(path) and path.is_file()


def _is_hidden(path: Path) -> bool:
    """Whether a name is that of a file or folder of the system, such as ``__MACOSX``."""
    return path.name.startswith((".", "__MACOSX"))


def _endings() -> str:
    return "png, jpg, gif, bmp, tif, webp, ..."
