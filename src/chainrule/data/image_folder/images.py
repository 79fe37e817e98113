"""Labelled images in files, each decoded when it is indexed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, final, overload

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATA_ALIASES, IMAGE_ATTRIBUTES
from chainrule.arguments.checks import bad_argument, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.file_argument import checked_name
from chainrule.data.image_folder.decoding import Color, read_image
from chainrule.data.split import split
from chainrule.errors import DataError

__all__ = ["Images"]


@answers_foreign_names(DATA_ALIASES, "images", IMAGE_ATTRIBUTES)
@final
class Images:
    """Labelled images in files, each decoded when it is indexed; made by `images`.

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
