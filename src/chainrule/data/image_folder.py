"""Images of a folder, one folder for each class, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, final, overload

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES, IMAGE_ATTRIBUTES
from chainrule.arguments.checks import bad_argument, checked_choice, checked_count, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.file_argument import checked_name
from chainrule.data.image_file import ENDINGS, Color, read_image, require_pillow
from chainrule.data.split import split
from chainrule.errors import ArgumentError, DataError, counted, warn

__all__ = ["Images", "images"]

_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}
"""Names of folders that are parts of a data set, rather than classes."""


@answers_foreign_names(DATA_ALIASES, "images", IMAGE_ATTRIBUTES)
@final
class Images:
    """Labelled images in files, each read when it is asked for; `images` makes it from a folder.

    ``len(images)`` is their number. ``images[i]`` is an image, uint8 (height, width, channels), and
    its label; a slice, an array of indices or a mask gives some of the images. Iteration yields the
    pairs, as `Pipeline` takes them.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    labels : array, int, (n,), or None
        The class of each image, as an index into `class_names`.
    class_names : sequence of str
        The classes.
    size : (height, width) or None
        The size to which each image is resized.
    color : {"rgb", "grey"}
        Three channels or one.
    crop : bool
        Whether an image of another aspect is cropped, rather than stretched.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        labels: NDArray[np.int64] | None,
        class_names: Sequence[str],
        size: tuple[int, int] | None,
        color: Color,
        crop: bool,
    ) -> None:
        self.paths = tuple(paths)
        self.labels = labels
        self.class_names = list(class_names)
        self._options = (size, color, crop)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Images: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int | np.integer):
            pixels = self._read(int(index))
            return pixels if self.labels is None else (pixels, int(self.labels[index]))
        try:
            chosen: NDArray[Any] = np.arange(len(self))[index]
        except (IndexError, TypeError) as error:
            raise bad_argument(
                "data.images", "index", index, f"an index, a slice or an array of them ({error})"
            ) from None
        labels = None if self.labels is None else self.labels[chosen]
        paths = [self.paths[i] for i in chosen]
        return Images(paths, labels, self.class_names, *self._options)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self._pixels(None), dtype)

    def __repr__(self) -> str:
        size, color, _ = self._options
        shape = "of their own sizes" if size is None else f"of {size[0]} x {size[1]} pixels"
        classes = f" of {len(self.class_names)} classes" if self.labels is not None else ""
        return f"<{len(self)} images{classes}, {color}, {shape}>"

    def arrays(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Read all images.

        Parameters
        ----------
        path : str or path, optional
            A file, ``images.npy``, into which they are decoded, for more images than the memory
            holds: the array is then a memory map, which `fit` reads batch by batch.

        Returns
        -------
        X : array, uint8, (n, height, width, channels)
            The images, from 0 to 255; ``nn.Rescale(1 / 255)`` scales them in the network.
        y : array, int64, (n,)
            Their classes. Only ``X`` is returned for images without classes.

        Raises
        ------
        FormatError
            If a file is no image, or damaged: the file is named.
        DataError
            If the images differ in size, and none was given.
        """
        name = None if path is None else checked_name("arrays", path)
        pixels = self._pixels(name)
        return pixels if self.labels is None else (pixels, self.labels.copy())

    def split(
        self,
        *,
        test_size: float = 0.2,
        validation_size: float | None = None,
        seed: int = 0,
        stratify: bool = True,
    ) -> tuple[Images, ...]:
        """Split the images into a training and a test part, none of which is read.

        Parameters
        ----------
        test_size : float in (0, 1), or int in [1, n)
            The test part, as a fraction or a number.
        validation_size : float in (0, 1), int >= 1 or None
            A third part, between the others.
        seed : int in [0, 2**64)
            The seed of the shuffle.
        stratify : bool
            Preserve the proportions of the classes.

        Returns
        -------
        train, test : Images
            With a validation part ``train, validation, test``.

        Raises
        ------
        ArgumentError
            If the sizes leave a part without an image.
        """
        stratify = checked_flag("split", "stratify", stratify) and self.labels is not None
        rows = np.arange(len(self))
        labels = rows if self.labels is None else self.labels
        options: Any = {"validation_size": validation_size, "seed": seed, "stratify": stratify}
        parts: Any = split(rows, labels, test_size=test_size, **options)
        return tuple(self[chosen] for chosen, _ in parts)

    def _read(self, index: int) -> NDArray[np.uint8]:
        size, color, crop = self._options
        return read_image(self.paths[index], size, color, crop)

    def _pixels(self, name: str | None) -> NDArray[np.uint8]:
        """Return all images in one array, decoded by several threads."""
        if not self.paths:
            raise DataError("data.images: there is no image")
        first = self._read(0)
        shape = (len(self), *first.shape)
        pixels: NDArray[np.uint8] = (
            np.empty(shape, np.uint8)
            if name is None
            else np.lib.format.open_memmap(name, "w+", np.uint8, shape)
        )

        def store(index: int) -> None:
            image = self._read(index)
            if image.shape != first.shape:
                raise DataError(
                    f"data.images: {self.paths[index]} has {image.shape[0]} x {image.shape[1]} "
                    f"pixels and {self.paths[0]} {first.shape[0]} x {first.shape[1]}; give "
                    "size=(height, width), to which all are resized"
                )
            pixels[index] = image

        with ThreadPoolExecutor() as pool:
            for _ in pool.map(store, range(len(self))):
                pass
        return pixels


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
